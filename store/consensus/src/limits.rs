//! Every limit and default of consensus in one place. Must hold constants only.

use std::time::Duration;

/// Newest format of the data folder that this version reads and the one it writes.
pub const DATA_FORMAT: u32 = 1;

/// Entries that may be committed and not yet applied before proposals are refused (etcd's
/// `maxGapBetweenApplyAndCommitIndex`).
pub const APPLY_GAP_ENTRIES_MAX: u64 = 5000;

/// Proposals that may wait for their outcome at once; each holds its command in memory.
pub const PROPOSALS_IN_FLIGHT_MAX: u64 = 20_000;

/// What a proposal or a linearizable read may take on top of two election timeouts (etcd's `ReqTimeout`).
pub const REQUEST_TIMEOUT_BASE: Duration = Duration::from_secs(5);

/// How long a request that finds no leader waits before it looks again, when no change of leader wakes it.
pub const LEADER_RETRY_PAUSE: Duration = Duration::from_millis(50);

/// How long a leader that asks just enough voters to confirm it waits for them before it asks all.
pub const CONFIRM_FEW_TIMEOUT: Duration = Duration::from_millis(20);

/// Bytes of recent entries kept in memory for followers and for apply.
pub const TAIL_BYTES_MAX: usize = 24 << 20;

/// What an entry costs in memory beside its payload.
pub const ENTRY_OVERHEAD_BYTES: usize = 160;

/// Bytes of entries in one append to a follower; a single larger entry still goes.
pub const APPEND_BYTES_MAX: usize = 1 << 20;

/// Entries in one append to a follower.
pub const APPEND_ENTRIES_MAX: u64 = 4096;

/// Entries and bytes of one apply batch.
pub const APPLY_ENTRIES_MAX: usize = 4096;
/// Bytes of commands in one apply batch.
pub const APPLY_BYTES_MAX: usize = 8 << 20;

/// Bytes of one synced batch of the log thread; whatever waits longer shares the next fsync.
pub const LOG_BATCH_BYTES_MAX: usize = 16 << 20;

/// Bytes of commands applied since the last flush after which the state is flushed.
pub const FLUSH_BYTES: u64 = 64 << 20;

/// How long applied entries may stay unflushed.
pub const FLUSH_AGE_MAX: Duration = Duration::from_secs(60);

/// Pause between attempts when the state machine's engine reports a full disk.
pub const OUT_OF_SPACE_PAUSE: Duration = Duration::from_millis(500);

/// Ballast that is given up when the disk is full, so that flushes and compactions can end.
pub const RESERVE_BYTES: u64 = 64 << 20;

/// The ballast is only laid down when this many times its size is free.
pub const RESERVE_FREE_FACTOR: u64 = 8;

/// Purged entries gather to this many before the log drops them.
pub const PURGE_STEP_ENTRIES: u64 = 1000;

/// Largest message that one member takes from another: the largest client request with room to spare.
pub const PEER_MESSAGE_BYTES_MAX: usize = 64 << 20;

/// How long connecting to a peer may take.
pub const PEER_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long the TLS handshake with a peer may take on top.
pub const PEER_SECURE_TIMEOUT: Duration = Duration::from_secs(4);

/// How long an append may take, the follower's fsync included. Not derived from the heartbeat interval: a slow disk
/// must not make the leader send everything twice.
pub const PEER_APPEND_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a snapshot stream may make no progress.
pub const SNAPSHOT_IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of file data in one snapshot frame.
pub const SNAPSHOT_CHUNK_BYTES: usize = 256 << 10;

/// Files that a snapshot may consist of.
pub const SNAPSHOT_FILES_MAX: usize = 200_000;

/// Length of a file's name in a snapshot.
pub const SNAPSHOT_NAME_BYTES_MAX: usize = 255;

/// Forwarded commands in one call to the leader.
pub const FORWARD_COMMANDS_MAX: usize = 512;
/// Bytes of forwarded commands in one call to the leader, a single larger one excepted.
pub const FORWARD_BYTES_MAX: usize = 4 << 20;
/// Calls with forwarded commands that may be under way at once.
pub const FORWARD_CALLS_MAX: usize = 8;

/// How long a stopping member tries to hand over its leadership.
pub const TRANSFER_TIMEOUT: Duration = Duration::from_millis(800);
/// How long a stopping member waits for Raft to end.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the files of a replaced state stay for readers that still look at it.
pub const RETIRED_STATE_GRACE: Duration = Duration::from_secs(30);

/// Shortest time between two flushes that only the number of entries calls for; many small files cost more than they
/// save.
pub const FLUSH_PAUSE_MIN: Duration = Duration::from_secs(2);

/// How long a stopping member waits for its last flush.
pub const STOP_FLUSH_TIMEOUT: Duration = Duration::from_millis(600);

/// Proposals under way from which the log thread may pause before a sync, to let more of them share it.
pub const GATHER_PROPOSALS_MIN: u64 = 16;
/// How long that pause is; the system's timers add some 60 microseconds.
pub const GATHER_PAUSE: Duration = Duration::from_micros(100);

/// A member that cannot be reached is mentioned once in this time.
pub const UNREACHABLE_REPEAT_PAUSE: Duration = Duration::from_secs(30);

/// Election timeouts after which a leader that is not heard, or that hears no quorum, counts as lost; longer than it
/// takes to elect another.
pub const LEADER_SILENCE_ELECTIONS: u32 = 2;

/// In each election timeout it is looked this many times whether the leader is still heard.
pub const LEADER_LOOKS_PER_ELECTION: u32 = 4;

/// Bytes of a lone entry that Raft's own thread may write or apply instead of handing it to another.
pub const LONE_ENTRY_BYTES_MAX: usize = 64 << 10;

/// After a sync that took longer than this, Raft's thread leaves the log to the log thread until one is quick again.
pub const QUICK_SYNC_MAX: Duration = Duration::from_millis(5);

/// After a batch that took the engine longer than this, Raft's thread leaves applying to the apply thread.
pub const QUICK_APPLY_MAX: Duration = Duration::from_millis(2);

/// How far a learner's log must agree with the leader's before it may vote, in percent (etcd's threshold).
pub const SYNC_PERCENT_MIN: u64 = 90;
/// How many entries a member may lack that becomes a voter by itself: as many as are on their way under load.
pub const CATCH_UP_GAP_ENTRIES: u64 = 500;

/// Pause before a change of the membership is decided again.
pub const MEMBERSHIP_RETRY_PAUSE: Duration = Duration::from_millis(20);
/// In each election timeout the leader looks this many times after the membership.
pub const MEMBERSHIP_LOOKS_PER_ELECTION: u32 = 10;
/// Shortest pause between two such looks.
pub const MEMBERSHIP_LOOK_PAUSE_MIN: Duration = Duration::from_millis(20);

/// How often a removed member is told so before it is left to ask.
pub const FAREWELL_ATTEMPTS: usize = 10;
/// Pause between two attempts.
pub const FAREWELL_PAUSE: Duration = Duration::from_millis(300);
/// How long one member waits for another's word on who belongs to the cluster.
pub const STANDING_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a member looks whether it has applied its own removal.
pub const STANDING_LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How often a leader tells announced members that have not begun to run who they are.
pub const ADOPT_PAUSE: Duration = Duration::from_millis(500);

/// How long a joining member looks for somebody who knows it.
pub const INTRODUCE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it waits for one answer.
pub const INTRODUCE_CALL_TIMEOUT: Duration = Duration::from_secs(3);
/// Pause before it asks everybody again.
pub const INTRODUCE_RETRY_PAUSE: Duration = Duration::from_millis(200);
