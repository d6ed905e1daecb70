//! Members that come and go, seen from within: changes that were left half done, and what a snapshot brings.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_core::command::Operation;
use holdfast_core::ids::MemberId;
use openraft::entry::RaftPayload as _;

use super::cluster::Cluster;
use super::engines::MemoryEngines;
use super::node::{TestNode, config, founding, free_address, wait_until};
use crate::handle::{ChangeError, MemberChange, MemberEnd, MemberRefusal, NewMember};
use crate::types::{Membership, Payload};

/// Writes the first of the two entries by which `gone` is removed, as a leader does that then goes away.
fn begin_removal(cluster: &Cluster, gone: u64) {
    let leader = &cluster.nodes[cluster.leader()];
    let member = leader.consensus().member();
    let before = leader.block_on(member.effective_membership()).unwrap();
    let nodes: BTreeMap<_, _> = before.stored.nodes().map(|(id, node)| (*id, node.clone())).collect();
    let voters: BTreeSet<u64> = before.stored.voter_ids().collect();
    let rest: BTreeSet<u64> = voters.iter().copied().filter(|voter| *voter != gone).collect();
    let joint = Membership::new(vec![voters, rest], nodes).unwrap();
    let written = member.raft.append_membership(joint, Payload::blank(), [before.precondition()]);
    leader.block_on(written).unwrap();
}

#[test]
fn a_change_that_was_left_half_done_is_finished() {
    let cluster = Cluster::in_memory();
    let follower = cluster.follower();
    let gone = follower as u64 + 1;
    begin_removal(&cluster, gone);
    for node in
        cluster.nodes.iter().filter(|node| node.config.data_dir != cluster.nodes[follower].config.data_dir)
    {
        wait_until("the member is removed", || {
            let configuration = node.block_on(node.consensus().configuration()).unwrap();
            !configuration.is_changing && configuration.members.iter().all(|member| member.peer.id.0 != gone)
        });
        assert!(node.consensus().member().removed.contains(gone));
    }
    let end = cluster.nodes[follower].block_on(cluster.nodes[follower].consensus().ended());
    assert_eq!(end, MemberEnd::Removed);
    let leader = &cluster.nodes[cluster.leader()];
    let again = MemberChange::Remove(MemberId(gone));
    let refusal = leader.block_on(leader.consensus().change_members(again));
    assert_eq!(refusal, Err(ChangeError::Refused(MemberRefusal::Removed(MemberId(gone)))));
}

#[test]
fn a_snapshot_brings_those_who_vote() {
    let mut cluster = Cluster::start(
        || std::sync::Arc::new(MemoryEngines::default()),
        |node| {
            node.config.snapshot_entries = 50;
            node.config.catch_up_entries = 10;
            // One of three being away, nobody would be taken in.
            node.config.membership.is_strict = false;
        },
    );
    let away = cluster.follower();
    cluster.nodes[away].kill();
    let leader = cluster.leader();
    let address = free_address();
    let folder = tempfile::tempdir().unwrap();
    let mut fourth = TestNode::new(
        config(4, Vec::new(), folder.path().join("m4")),
        std::sync::Arc::new(MemoryEngines::default()),
        address,
    );
    fourth.config.founding = Some(founding(4, Vec::new()));
    fourth.start();
    let new = NewMember { id: MemberId(4), peer_urls: vec![format!("http://{address}")], is_learner: true };
    let node = &cluster.nodes[leader];
    node.block_on(node.consensus().change_members(MemberChange::Add(new))).unwrap();
    let publish = Operation::MemberPublish { member: MemberId(4), attributes: "x".into() };
    node.block_on(node.consensus().propose(publish.into())).unwrap();
    wait_until("the fourth member votes", || {
        let promotion = MemberChange::Promote(MemberId(4));
        node.block_on(node.consensus().change_members(promotion)).is_ok()
    });
    wait_until("the log is cut", || {
        node.put("k", "v").unwrap();
        node.consensus().purged_index().0 > 20
    });
    cluster.nodes[away].start();
    let (node, back) = (&cluster.nodes[leader], &cluster.nodes[away]);
    let target = Some(MemberId(away as u64 + 1));
    wait_until("the member leads that was away", || {
        // It may have to catch up first.
        let _ = node.block_on(node.consensus().transfer_leadership(target));
        back.consensus().status().is_leader
    });
    back.put("k", "w").unwrap();
    assert!(back.recorder.replaced.load(std::sync::atomic::Ordering::SeqCst) > 0, "it came by snapshot");
    let voters = back.consensus().member().sole_voter.leading().expect("it leads").voters;
    assert_eq!(voters.as_ref(), [1, 2, 3, 4]);
}
