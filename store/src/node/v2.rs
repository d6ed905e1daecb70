//! What changes through the v2 API need from the node before they are proposed: lease ids and the time of day, which
//! the state machine must not read itself.

use std::time::{SystemTime, UNIX_EPOCH};

use holdfast_core::v2::V2TimeToLive;

use super::Node;

impl Node {
    /// A time to live that begins now; none when it would end behind the end of time.
    pub fn time_to_live(&self, ttl_seconds: u64) -> Option<V2TimeToLive> {
        let ttl_seconds = i64::try_from(ttl_seconds).ok()?;
        let expiration_unix_nanos = unix_nanos().checked_add(ttl_seconds.checked_mul(1_000_000_000)?)?;
        Some(V2TimeToLive { lease: self.lease_ids.choose(), ttl_seconds, expiration_unix_nanos })
    }
}

/// Nanoseconds since 1970 by this machine's clock.
pub fn unix_nanos() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
