//! Every limit and pause of planning. What a person may set is in `Desired`.

/// How many entries a voter's applied index may be behind the leader's until it does not count as keeping up. The two
/// are not read at the same moment, so this is far above what is in flight.
pub(crate) const LAG_ENTRIES_MAX: u64 = 5_000;

/// When something is being waited for that the operator is not told of: a learner that catches up, an election.
pub(crate) const LOOK_AGAIN_SOON_SECONDS: u64 = 2;

/// When a person or another part has to do something first.
pub(crate) const LOOK_AGAIN_BLOCKED_SECONDS: u64 = 10;

/// When nothing is to be done.
pub(crate) const LOOK_AGAIN_SETTLED_SECONDS: u64 = 60;

/// Lines of `status.plan`; the resource's schema allows no more.
pub(crate) const LINES_MAX: usize = 64;

/// Exit code of a member that was removed from its cluster (docs/membership.md).
pub(crate) const EXIT_CODE_REMOVED: i32 = 3;

/// Exit codes of a process that somebody else ended: SIGKILL and SIGTERM. They say nothing of its data.
pub(crate) const EXIT_CODES_KILLED: [i32; 2] = [137, 143];

/// How long the kubelet waits before it restarts a container for the second time; doubled each time.
pub(crate) const KUBELET_PAUSE_SECONDS: u64 = 10;

/// Up to which it is doubled.
pub(crate) const KUBELET_PAUSE_SECONDS_MAX: u64 = 300;
