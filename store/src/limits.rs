//! Every limit of the server in one place. Must hold constants only.

use std::time::Duration;

/// Free space below which writes that add data are refused: room for full write buffers of both engines.
pub const DISK_FREE_BYTES_MIN: u64 = 192 << 20;

/// Free space at which writes are accepted again.
pub const DISK_FREE_BYTES_RECOVERED: u64 = 224 << 20;

/// How often the free space is looked at.
pub const DISK_LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// Pause before an expiry that found no leader is proposed again.
pub const LEASE_EXPIRE_RETRY: Duration = Duration::from_millis(100);

/// Pause before this member tries again to make its name known.
pub const PUBLISH_RETRY: Duration = Duration::from_millis(500);

/// Longest wait for the answer to a forwarded lease call (etcd's one second).
pub const LEASE_FORWARD_TIMEOUT: Duration = Duration::from_secs(1);
