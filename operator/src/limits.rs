//! Every limit of the operator in one place: how long, how large, how many. Nothing here has behaviour.

use std::time::Duration;

/// How long connecting to a member may take, TLS included. Members are on the same network; who takes longer is ill.
pub const CONNECT_TIME: Duration = Duration::from_secs(2);

/// How long one request to a member may take. A membership change waits for a majority.
pub const REQUEST_TIME: Duration = Duration::from_secs(8);

/// The longest answer of a member that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 4 << 20;

/// How far clocks may be apart: certificates are good from so long before they are made.
pub const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// The shortest life of a certificate; a shorter one could end before everybody has it.
pub const CERTIFICATE_LIFE_MIN: Duration = Duration::from_secs(60);

/// The longest life of a certificate: a hundred years, which dates in certificates still hold.
pub const CERTIFICATE_LIFE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How soon certificates are looked at again while something is under way.
pub const TRUST_LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How long a certificate is good for that is made for one look at the members.
pub const VISITOR_LIFE: Duration = Duration::from_secs(5 * 60);

/// How often certificates are looked at when nothing is due: a Secret that was damaged by hand is found by then.
pub const CERTIFICATES_LOOK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// Certificates that the status lists.
pub const CERTIFICATE_STATUS_MAX: usize = 32;

/// Random bytes in a password that the operator makes.
pub const PASSWORD_BYTES: usize = 24;

/// How often a Secret is looked at that somebody else keeps and that nothing tells of.
pub const ROOT_SECRET_LOOK_AGAIN: Duration = Duration::from_secs(60);

/// How soon a user or role is looked at again that could not be applied.
pub const ACCESS_RETRY: Duration = Duration::from_secs(10);

/// How often a user or role is looked at that is as it should be: what somebody changed by hand is found by then.
pub const ACCESS_LOOK_AGAIN: Duration = Duration::from_secs(10 * 60);

/// How long the deletion of a user or role waits for a cluster that does not answer. Then the resource goes alone, so that
/// a namespace can be deleted.
pub const ACCESS_CLEANUP_TIME: Duration = Duration::from_secs(2 * 60);

/// Users and roles that are looked after at the same time.
pub const ACCESS_CONCURRENCY: u16 = 4;
