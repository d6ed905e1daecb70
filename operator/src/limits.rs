//! Every limit of the operator in one place: how long, how large, how many. Nothing here has behaviour.

use std::time::Duration;

/// How long connecting to a member may take, TLS included. Members are on the same network; who takes longer is ill.
pub const CONNECT_TIME: Duration = Duration::from_secs(2);

/// How long one request to a member may take. A membership change waits for a majority.
pub const REQUEST_TIME: Duration = Duration::from_secs(8);

/// The longest answer of a member that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;
