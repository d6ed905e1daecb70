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

/// The shortest wait after a reconcile that failed.
pub const FAILURE_WAIT_MIN: Duration = Duration::from_secs(1);

/// The longest wait after reconciles that failed in a row.
pub const FAILURE_WAIT_MAX: Duration = Duration::from_mins(2);

/// The longest time between two whole looks at a cluster, whatever the plan says and nothing has changed.
pub const LOOK_AGAIN_MAX: Duration = Duration::from_mins(30);

/// The shortest time between two looks that are not asked for by a change.
pub const LOOK_AGAIN_MIN: Duration = Duration::from_secs(1);

/// How long a burst of changes of one cluster is gathered before it is looked at.
pub const DEBOUNCE: Duration = Duration::from_millis(200);

/// How long a deletion may wait for pods to end before the finalizer lets go all the same.
pub const DELETION_TIME_MAX: Duration = Duration::from_mins(5);

/// How often a deletion is looked at while it waits.
pub const DELETION_LOOK: Duration = Duration::from_secs(2);

/// How long a Lease is good for after it was renewed.
pub const LEASE_TIME: Duration = Duration::from_secs(15);

/// How often the Lease is renewed, or looked at by those who wait for it.
pub const LEASE_RENEWAL: Duration = Duration::from_secs(3);

/// How long after the last renewal the process gives up: before anybody else may take over, with time left for a request
/// that is under way.
pub const LEASE_GIVE_UP: Duration = Duration::from_secs(10);

/// How long one request about the Lease may take.
pub const LEASE_REQUEST_TIME: Duration = Duration::from_secs(4);

/// Lines of `status.plan`, as the resource's schema has them.
pub const PLAN_LINES_MAX: usize = 64;

/// Length of a condition's message, in bytes; the API server takes 32768.
pub const CONDITION_MESSAGE_BYTES_MAX: usize = 2048;

/// Length of an event's note, in bytes; the API server takes 1024.
pub const EVENT_NOTE_BYTES_MAX: usize = 1000;

/// How long what is under way may take when the process is told to stop.
pub const STOP_TIME_MAX: Duration = Duration::from_secs(20);

/// How old the sizes and positions in a status may get while nothing else changes.
pub const STATUS_REFRESH: Duration = Duration::from_mins(1);

/// How long a node may take to find room for resources that a running pod was given, before the pod is restarted with them.
pub const RESIZE_PATIENCE_SECONDS: u64 = 60;
