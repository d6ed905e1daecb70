//! Metrics of the member itself: leadership, proposals, storage, peers. Only what can be told truly is here; what of
//! etcd's has no counterpart is absent instead of zero.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use holdfast_consensus::PeerCounters;
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;

use super::exposition::Exposition;
use crate::node::{Node, NodeStatus};
use crate::version::ETCD_VERSION;

/// Adds them.
pub(super) fn add(exposition: &mut Exposition, node: &Node) {
    let status = node.status();
    add_raft(exposition, node, &status);
    add_versions(exposition, node, &status);
    add_storage(exposition, node, &status);
    add_history(exposition, node, &node.view());
    add_peers(exposition, node, &status);
    add_refusals(exposition, node);
}

fn add_raft(exposition: &mut Exposition, node: &Node, status: &NodeStatus) {
    let consensus = &status.consensus;
    let flag = |is_set| f64::from(u8::from(is_set));
    exposition.gauge(
        "etcd_server_has_leader",
        "Whether a leader is known.",
        flag(consensus.leader.is_some()),
    );
    exposition.gauge("etcd_server_is_leader", "Whether this member leads.", flag(consensus.is_leader));
    exposition.gauge("etcd_server_is_learner", "Whether this member is a learner.", flag(status.is_learner));
    exposition.counter(
        "etcd_server_leader_changes_seen_total",
        "Changes of leader since the start.",
        consensus.leader_changes,
    );
    exposition.gauge(
        "etcd_server_proposals_committed_total",
        "Index of the newest committed entry.",
        consensus.committed_index.0 as f64,
    );
    exposition.gauge(
        "etcd_server_proposals_applied_total",
        "Index of the newest applied entry.",
        consensus.applied_index.0 as f64,
    );
    exposition.gauge(
        "etcd_server_proposals_pending",
        "Proposals of this member under way.",
        node.consensus().proposals_in_flight() as f64,
    );
    exposition.counter(
        "etcd_server_proposals_failed_total",
        "Proposals of this member that ended without an outcome.",
        node.consensus().counters().failed_proposals.load(Ordering::Relaxed),
    );
}

fn add_versions(exposition: &mut Exposition, node: &Node, status: &NodeStatus) {
    let name = "etcd_server_version";
    exposition.gauges(name, "The version of etcd whose behaviour this server has.", |family| {
        family.gauge(&[("server_version", ETCD_VERSION)], 1.0);
    });
    let version = status.cluster_version.as_deref().map(major_and_minor);
    exposition.gauges("etcd_cluster_version", "The version that the cluster has agreed on.", |family| {
        if let Some(version) = version {
            family.gauge(&[("cluster_version", version)], 1.0);
        }
    });
    let id = hexadecimal(node.header().member_id.0);
    exposition.gauges("etcd_server_id", "The id of this member.", |family| {
        family.gauge(&[("server_id", &id)], 1.0);
    });
}

/// `3.7` of `3.7.0`.
fn major_and_minor(version: &str) -> &str {
    version.match_indices('.').nth(1).map_or(version, |(end, _)| &version[..end])
}

fn add_storage(exposition: &mut Exposition, node: &Node, status: &NodeStatus) {
    exposition.gauge("etcd_server_quota_backend_bytes", "The space quota.", status.quota_bytes as f64);
    exposition.gauge(
        "etcd_mvcc_db_total_size_in_bytes",
        "Bytes of the store, on disk and in buffers.",
        status.db_size_bytes as f64,
    );
    exposition.gauge(
        "etcd_mvcc_db_total_size_in_use_in_bytes",
        "Bytes of the store in use.",
        status.db_size_in_use_bytes as f64,
    );
    let counters = node.consensus().counters();
    exposition.histograms("etcd_disk_wal_fsync_duration_seconds", "Synced writes of the log.", |family| {
        family.histogram(&[], &counters.log_syncs.read());
    });
    exposition.histograms(
        "etcd_disk_backend_commit_duration_seconds",
        "Batches of applied entries written to the store.",
        |family| family.histogram(&[], &counters.state_writes.read()),
    );
}

fn add_history(exposition: &mut Exposition, node: &Node, view: &ReadView) {
    let head = view.head();
    exposition.gauge(
        "etcd_debugging_mvcc_current_revision",
        "The revision of the store.",
        head.revision.0 as f64,
    );
    exposition.gauge(
        "etcd_debugging_mvcc_compact_revision",
        "The newest compacted revision.",
        head.compacted.0 as f64,
    );
    if let Ok(keys) = view.count(&KeyRange::From("".into()), None) {
        exposition.gauge("etcd_debugging_mvcc_keys_total", "Keys.", keys as f64);
    }
    let watches = node.watches();
    exposition.gauge(
        "etcd_debugging_mvcc_watch_stream_total",
        "Open watch streams.",
        watches.stream_count() as f64,
    );
    exposition.gauge("etcd_debugging_mvcc_watcher_total", "Watchers.", watches.watcher_count() as f64);
}

fn add_peers(exposition: &mut Exposition, node: &Node, status: &NodeStatus) {
    let own = node.header().member_id;
    let members: Vec<String> = status.consensus.members.iter().map(|peer| hexadecimal(peer.id.0)).collect();
    let own_name = hexadecimal(own.0);
    exposition.gauges("etcd_network_known_peers", "Members of the cluster.", |family| {
        for member in &members {
            family.gauge(&[("Local", &own_name), ("Remote", member)], 1.0);
        }
    });
    let others = status.consensus.members.iter().filter(|peer| peer.id != own);
    let peers: Vec<(String, Arc<PeerCounters>)> =
        others.map(|peer| (hexadecimal(peer.id.0), node.consensus().counters().peer(peer.id.0))).collect();
    exposition.counters("etcd_network_peer_sent_bytes_total", "Bytes sent to other members.", |family| {
        for (peer, counters) in &peers {
            family.counter(&[("To", peer)], counters.sent_bytes.load(Ordering::Relaxed) as f64);
        }
    });
    exposition.counters("etcd_network_peer_received_bytes_total", "Bytes from other members.", |family| {
        for (peer, counters) in &peers {
            family.counter(&[("From", peer)], counters.received_bytes.load(Ordering::Relaxed) as f64);
        }
    });
    let name = "etcd_network_peer_sent_failures_total";
    exposition.counters(name, "Messages that other members did not take.", |family| {
        for (peer, counters) in &peers {
            family.counter(&[("To", peer)], counters.send_failures.load(Ordering::Relaxed) as f64);
        }
    });
    let name = "etcd_network_peer_round_trip_time_seconds";
    exposition.histograms(name, "Time from a heartbeat to its answer.", |family| {
        for (peer, counters) in &peers {
            family.histogram(&[("To", peer)], &counters.round_trips.read());
        }
    });
}

fn add_refusals(exposition: &mut Exposition, node: &Node) {
    let name = "holdfast_auth_refused_credentials_total";
    exposition.counters(name, "Passwords and tokens that were refused, by reason.", |family| {
        for (reason, count) in node.authenticator().refusals() {
            family.counter(&[("reason", reason)], count as f64);
        }
    });
}

/// A member's id as etcd writes it.
fn hexadecimal(id: u64) -> String {
    format!("{id:x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_version_has_two_parts() {
        assert_eq!(major_and_minor("3.7.0"), "3.7");
        assert_eq!(major_and_minor("3.7"), "3.7");
    }
}
