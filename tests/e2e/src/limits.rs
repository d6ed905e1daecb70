//! Every deadline and pace of the scenarios in one place. Nothing here has behaviour.

use std::time::Duration;

/// How often a state that is waited for is looked at.
pub const POLL: Duration = Duration::from_millis(300);

/// From nothing to `Available` on a warm machine, as the issue promises it for three members.
pub const CREATE_PROMISED: Duration = Duration::from_secs(60);

/// From nothing to `Available` where the machine is busy with other things.
pub const CREATE: Duration = Duration::from_secs(150);

/// One step of a change: a member added, restarted, replaced or removed.
pub const STEP: Duration = Duration::from_secs(120);

/// A change of several steps, such as one to five members, or a rolling restart.
pub const CHANGE: Duration = Duration::from_secs(300);

/// How soon a condition says what is wrong.
pub const CONDITION: Duration = Duration::from_secs(60);

/// How soon a hand-made change of a child is undone.
pub const DRIFT: Duration = Duration::from_secs(45);

/// How long something is watched that must not happen.
pub const STILLNESS: Duration = Duration::from_secs(20);

/// How soon Kubernetes tells that a node is gone, its grace and the pods' toleration included.
pub const NODE_LOSS: Duration = Duration::from_secs(120);

/// How long a namespace and all in it may take to go.
pub const NAMESPACE_GONE: Duration = Duration::from_secs(150);

/// How long a command of helm may take, its waiting included.
pub const HELM: Duration = Duration::from_secs(240);

/// How long any other command may take.
pub const COMMAND: Duration = Duration::from_secs(180);

/// How long 50 clusters of one member may take to be ready.
pub const FLEET: Duration = Duration::from_secs(900);

/// How long a scenario may take as a whole; a hang must not take the others with it.
pub const SCENARIO: Duration = Duration::from_secs(1200);

/// How long connecting to a member may take, TLS included.
pub const CONNECT: Duration = Duration::from_secs(2);

/// How soon a member breaks off a connection whose certificate it refuses.
pub const REFUSAL: Duration = Duration::from_secs(1);

/// How long one request of the load may take until it is tried elsewhere.
pub const REQUEST: Duration = Duration::from_secs(3);

/// How long one write is retried until the writer gives it up.
pub const WRITE_GIVEN_UP: Duration = Duration::from_secs(90);

/// Pause between two tries of the same request.
pub const RETRY_PAUSE: Duration = Duration::from_millis(25);

/// Pause of a client between two writes: a load that leaves the machine room for the cluster itself.
pub const WRITE_PAUSE: Duration = Duration::from_millis(15);

/// How often the addresses of the members and the client's certificate are read anew, as a mounted Secret would be.
pub const REFRESH: Duration = Duration::from_millis(500);

/// A client opens a new connection after this many requests, so that handshakes are part of every load.
pub const REQUESTS_PER_CONNECTION: u32 = 100;

/// How long members may take to have the same data, for the comparison of their hashes.
pub const CONVERGENCE: Duration = Duration::from_secs(30);

/// Keys that are read back with one request.
pub const AUDIT_PAGE: usize = 1000;

/// Twice the default election timeout: how long writes may stand still when a leader is killed.
pub const TWO_ELECTIONS: Duration = Duration::from_secs(2);

/// How long writes may stand still where the leader hands over before it stops.
pub const HANDOVER: Duration = Duration::from_millis(200);

/// What the machine itself may add to a measured pause while it also runs a Kubernetes.
pub const PAUSE_ALLOWANCE: Duration = Duration::from_millis(1300);

/// Lines of a log that are kept of a failed scenario.
pub const LOG_LINES_KEPT: i64 = 5000;
