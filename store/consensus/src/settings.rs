//! openraft's settings, from ours.

use std::sync::Arc;

use holdfast_core::ids::ClusterId;
use openraft::{Config, SnapshotPolicy};

use crate::handle::{ConsensusConfig, StartError};
use crate::limits::{APPEND_ENTRIES_MAX, APPLY_GAP_ENTRIES_MAX, PROPOSALS_IN_FLIGHT_MAX, PURGE_STEP_ENTRIES};

/// Makes openraft's configuration. With etcd's defaults (100 ms, 1000 ms) a dead leader is replaced 1.4 to 1.8 s after
/// its last heartbeat: its lease (the longest election timeout) must end first, then a candidate waits a random part
/// of the election timeout. The lease is also how long a follower's disk may stall before the leader refuses writes.
pub fn raft_config(config: &ConsensusConfig, cluster: ClusterId) -> Result<Arc<Config>, StartError> {
    let heartbeat = millis(config.heartbeat_interval);
    let timeout = millis(config.election_timeout);
    let shortest = (timeout / 2).max(heartbeat * 2 + 1);
    let longest = (timeout * 9 / 10).max(shortest + heartbeat);
    let raft = Config {
        cluster_name: format!("{:x}", cluster.0),
        heartbeat_interval: heartbeat,
        heartbeat_min_interval: Some(0),
        election_timeout_min: shortest,
        election_timeout_max: longest,
        enable_pre_vote: Some(true),
        // What is committed is written down after it is acknowledged. A leader that took up its old term again would
        // answer reads without the entries in between; an election puts an entry of its own behind them.
        enable_leader_restore: Some(false),
        max_payload_entries: APPEND_ENTRIES_MAX,
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: config.catch_up_entries,
        purge_batch_size: PURGE_STEP_ENTRIES.min(config.catch_up_entries.max(1)),
        quorum_loss_probe_interval: Some((2 * longest).max(2000)),
        // Raft's core waits when this is full. Admission keeps apply from falling further behind than this many
        // entries, so that a stalled apply never stops heartbeats.
        state_machine_channel_size: Some(APPLY_GAP_ENTRIES_MAX + PROPOSALS_IN_FLIGHT_MAX),
        // Not enforced by openraft; the transfer watches its own progress.
        install_snapshot_timeout: 600_000,
        backoff: "20ms,50ms,100ms,200ms..500ms".to_owned(),
        ..Config::default()
    };
    let raft = raft.validate().map_err(|error| StartError::Raft(error.to_string()))?;
    Ok(Arc::new(raft))
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
