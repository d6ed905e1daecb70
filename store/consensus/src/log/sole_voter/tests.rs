//! When a member may answer a linearizable read by itself.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::types::MemberNode;

fn membership(configs: &[&[u64]], learners: &[u64]) -> Membership {
    let configs: Vec<BTreeSet<u64>> = configs.iter().map(|voters| voters.iter().copied().collect()).collect();
    let ids = configs.iter().flatten().copied().chain(learners.iter().copied());
    let nodes: BTreeMap<u64, MemberNode> = ids.map(|id| (id, MemberNode::default())).collect();
    Membership::new(configs, nodes).unwrap()
}

fn sole() -> SoleVoter {
    let voter = SoleVoter::new(1);
    voter.set_membership(&membership(&[&[1]], &[]));
    voter.set_vote(&Vote::new_committed(3, 1));
    assert!(!voter.is_sole(), "nothing of its own term is applied yet");
    voter.set_applied_term(3);
    assert!(voter.is_sole());
    voter
}

#[test]
fn learners_do_not_matter() {
    let voter = sole();
    voter.set_membership(&membership(&[&[1]], &[2, 3]));
    assert!(voter.is_sole());
}

#[test]
fn a_second_voter_ends_it_as_soon_as_it_is_in_the_log() {
    let voter = sole();
    voter.set_membership(&membership(&[&[1], &[1, 2]], &[]));
    assert!(!voter.is_sole());
    let voter = sole();
    voter.set_membership(&membership(&[&[2]], &[1]));
    assert!(!voter.is_sole());
}

#[test]
fn another_vote_ends_it() {
    for vote in [Vote::new(4, 2), Vote::new_committed(4, 2), Vote::new(4, 1)] {
        let voter = sole();
        voter.set_vote(&vote);
        assert!(!voter.is_sole(), "{vote}");
    }
    let voter = sole();
    voter.set_vote(&Vote::new_committed(4, 1));
    assert!(!voter.is_sole(), "a new term must apply an entry of its own first");
    voter.set_applied_term(4);
    assert!(voter.is_sole());
}

#[test]
fn an_unknown_membership_ends_it() {
    let voter = sole();
    voter.forget_membership();
    assert!(!voter.is_sole());
}

#[test]
fn who_must_confirm_is_known_while_one_set_of_voters_decides() {
    let voter = sole();
    voter.set_membership(&membership(&[&[1, 2], &[1, 2, 3]], &[]));
    assert_eq!(voter.leading(), None);
    voter.set_membership(&membership(&[&[1, 2, 3]], &[4]));
    assert_eq!(voter.leading(), Some(Leading { term: 3, voters: [1, 2, 3].into() }));
    voter.set_membership(&membership(&[&[2, 3]], &[1]));
    assert_eq!(voter.leading(), None, "it is no voter itself");
}
