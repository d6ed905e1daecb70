//! Tables of what is refused and what becomes of what is not. A roster is written as one word a member: its id, then
//! `v`oter, `l`earner or `j`oining, then `-` when it does not answer, `?` when it never ran, `<` when it lags.

use super::*;
use holdfast_core::ids::LogIndex;

const STRICT: MembershipRules = MembershipRules { is_strict: true, learners_max: 1 };
const LAX: MembershipRules = MembershipRules { is_strict: false, learners_max: 1 };

fn roster(words: &str) -> Roster {
    let member = |word: &str| {
        let id: u64 = word[..1].parse().unwrap();
        let is_up = !word.contains(['-', '?']);
        let lags = word.contains(['<', '?']);
        let peer_urls = vec![url(id)];
        let member = RosterMember {
            node: MemberNode { name: String::new(), peer_urls, is_joining: word.contains('j') },
            votes: word.contains('v'),
            has_started: !word.contains('?'),
            is_active: is_up,
            sync_percent: if lags { 89 } else { 90 },
            is_caught_up: !lags,
        };
        (id, member)
    };
    let removed = [8].into();
    Roster {
        configuration: LogIndex(7),
        members: words.split_whitespace().map(member).collect(),
        removed: std::sync::Arc::new(removed),
    }
}

fn url(id: u64) -> String {
    format!("http://{id}:2380")
}

fn new(id: u64, is_learner: bool) -> NewMember {
    NewMember { id: MemberId(id), peer_urls: vec![url(id)], is_learner }
}

fn voter(id: u64) -> MemberChange {
    MemberChange::Add(new(id, false))
}

fn learner(id: u64) -> MemberChange {
    MemberChange::Add(new(id, true))
}

fn promote(id: u64) -> MemberChange {
    MemberChange::Promote(MemberId(id))
}

fn remove(id: u64) -> MemberChange {
    MemberChange::Remove(MemberId(id))
}

fn refusal(words: &str, rules: MembershipRules, change: &MemberChange) -> Option<MemberRefusal> {
    decide(&roster(words), rules, change).err()
}

fn set(ids: &[u64]) -> BTreeSet<u64> {
    ids.iter().copied().collect()
}

#[test]
fn strict_rules_keep_the_quorum_safe() {
    use MemberRefusal::{NoVoters, NotEnoughStarted, Unhealthy};
    for (words, change, expected) in [
        // One alone may get a second, which need not run; then the second has to run first.
        ("1v", voter(2), None),
        ("1v 2j?", voter(3), Some(NotEnoughStarted)),
        ("1v 2v", voter(3), None),
        ("1v 2v 3j?", voter(4), Some(NotEnoughStarted)),
        ("1v 2v 3v 4j?", voter(5), None),
        ("1v 2v 3v 4j? 5j?", voter(6), Some(NotEnoughStarted)),
        // The new member counts as one that does not answer.
        ("1v 2v-", voter(3), Some(Unhealthy)),
        ("1v 2v 3v-", voter(4), Some(Unhealthy)),
        ("1v 2v 3v", voter(4), None),
        ("1v 2v 3v 4v- 5v-", voter(6), Some(Unhealthy)),
        ("1v 2v-", learner(3), Some(Unhealthy)),
        // What is left must have run and must answer.
        ("1v", remove(1), Some(NotEnoughStarted)),
        ("1v 2j?", remove(1), Some(NotEnoughStarted)),
        ("1v 2j?", remove(2), None),
        ("1v 2v 3v", remove(3), None),
        ("1v 2v 3v-", remove(2), Some(Unhealthy)),
        ("1v 2v 3v-", remove(3), None),
        ("1v 2v-", remove(2), None),
        ("1v 2v-", remove(1), Some(Unhealthy)),
        ("1v 2v- 3l", remove(3), None),
        // A learner that is promoted counts as started.
        ("1v 2j? 3l", promote(3), None),
        ("1v 2j? 4j? 3l", promote(3), Some(NotEnoughStarted)),
    ] {
        assert_eq!(refusal(words, STRICT, &change), expected, "{words}: {change:?}");
    }
    for (words, change, expected) in [
        ("1v 2j?", voter(3), None),
        ("1v 2v 3v-", voter(4), None),
        ("1v 2v 3v-", remove(2), None),
        ("1v", remove(1), Some(NoVoters)),
    ] {
        assert_eq!(refusal(words, LAX, &change), expected, "{words}: {change:?}");
    }
}

#[test]
fn mistakes_are_named() {
    use MemberRefusal::{
        Exists, LearnerNotReady, NotALearner, NotFound, PeerUrlExists, Removed, TooManyLearners,
    };
    let at = |id, urls: &[u64]| NewMember {
        id: MemberId(id),
        peer_urls: urls.iter().copied().map(url).collect(),
        is_learner: true,
    };
    let update = |member: u64, at: u64| MemberChange::Update {
        member: MemberId(member),
        peer_urls: vec![url(at), url(6)],
    };
    for (words, change, expected) in [
        ("1v", voter(1), Exists(MemberId(1))),
        ("1v", voter(8), Removed(MemberId(8))),
        ("1v", MemberChange::Add(at(2, &[3, 1])), PeerUrlExists),
        ("1v 2l", learner(3), TooManyLearners),
        ("1v", promote(2), NotFound(MemberId(2))),
        ("1v", promote(8), Removed(MemberId(8))),
        ("1v 2v", promote(2), NotALearner(MemberId(2))),
        ("1v 2v-", promote(2), NotALearner(MemberId(2))),
        ("1v 2j?", promote(2), NotALearner(MemberId(2))),
        ("1v 2l<", promote(2), LearnerNotReady(MemberId(2))),
        ("1v 2l-", promote(2), LearnerNotReady(MemberId(2))),
        ("1v 2l?", promote(2), LearnerNotReady(MemberId(2))),
        ("1v 2v 3v", remove(4), NotFound(MemberId(4))),
        ("1v", remove(4), NotFound(MemberId(4))),
        ("1v 2v 3v", remove(8), Removed(MemberId(8))),
        ("1v", update(2, 2), NotFound(MemberId(2))),
        ("1v 2v", update(2, 1), PeerUrlExists),
    ] {
        assert_eq!(refusal(words, STRICT, &change), Some(expected), "{words}: {change:?}");
    }
    assert_eq!(refusal("1v 2v", STRICT, &update(2, 2)), None);
    assert_eq!(refusal("1v 2j?", LAX, &learner(3)), None, "one that is to vote is no learner");
}

#[test]
fn steps_say_what_is_written() {
    let step = |words: &str, change: &MemberChange| decide(&roster(words), STRICT, change).unwrap();
    let added = step("1v", &voter(2));
    assert_eq!((added.voters, added.set[&2].is_joining), (None, true));
    assert!(!step("1v", &learner(2)).set[&2].is_joining);
    assert_eq!(step("1v 2l", &promote(2)).voters, Some(set(&[1, 2])));
    let removed = step("1v 2v 3v", &remove(2));
    assert_eq!((removed.voters, removed.remove), (Some(set(&[1, 3])), set(&[2])));
    let removed = step("1v 2l", &remove(2));
    assert_eq!((removed.voters, removed.remove), (None, set(&[2])));
}

#[test]
fn those_who_joined_vote_once_they_have_caught_up() {
    let due = |words: &str| promote_joining(&roster(words)).map(|step| step.voters.unwrap());
    assert_eq!(due("1v 2l"), None);
    assert_eq!(due("1v 2j?"), None);
    assert_eq!(due("1v 2j<"), None);
    assert_eq!(due("1v 2j-"), None);
    assert_eq!(due("1v 2j"), Some(set(&[1, 2])));
    assert_eq!(due("1v 2j 3j 4j?"), Some(set(&[1, 2, 3])));
    assert_eq!(due("1v 2v- 3v- 4j"), None, "two of four are no majority");
    let step = promote_joining(&roster("1v 2j")).unwrap();
    assert!(!step.set[&2].is_joining);
}

#[test]
fn many_members_change_in_one_step() {
    let change = |voters: &[u64], remove: &[u64], expected| Replacement {
        expected: LogIndex(expected),
        add: Vec::new(),
        voters: voters.iter().copied().map(MemberId).collect(),
        remove: remove.iter().copied().map(MemberId).collect(),
    };
    let decided = |words: &str, change: Replacement| {
        let step = decide(&roster(words), STRICT, &MemberChange::Replace(change))?;
        Ok((step.voters, step.remove))
    };
    use MemberRefusal::{LearnerNotReady, NoVoters, NotFound, OtherConfiguration, Unclear, Unhealthy};
    // From one to three, a swap, back to one: no even number of voters in between.
    assert_eq!(decided("1v 2l 3l", change(&[1, 2, 3], &[], 7)), Ok((Some(set(&[1, 2, 3])), set(&[]))));
    assert_eq!(decided("1v 2v 3v- 4l", change(&[1, 2, 4], &[3], 7)), Ok((Some(set(&[1, 2, 4])), set(&[3]))));
    assert_eq!(decided("1v 2v 3v", change(&[1], &[2, 3], 7)), Ok((Some(set(&[1])), set(&[2, 3]))));
    assert_eq!(decided("1v 2v 3v 4l", change(&[], &[3, 4], 7)), Ok((Some(set(&[1, 2])), set(&[3, 4]))));
    assert_eq!(decided("1v 2l", change(&[], &[2], 7)), Ok((None, set(&[2]))));
    for (words, change, expected) in [
        ("1v 2l", change(&[1, 2], &[], 6), OtherConfiguration { present: LogIndex(7) }),
        ("1v 2l<", change(&[1, 2], &[], 7), LearnerNotReady(MemberId(2))),
        ("1v 2l?", change(&[1, 2], &[], 7), LearnerNotReady(MemberId(2))),
        ("1v", change(&[1, 2], &[], 7), NotFound(MemberId(2))),
        ("1v", change(&[], &[2], 7), NotFound(MemberId(2))),
        ("1v 2v", change(&[1], &[], 7), Unclear(MemberId(2))),
        ("1v 2v", change(&[1, 2], &[2], 7), Unclear(MemberId(2))),
        ("1v 2l", change(&[], &[1], 7), NoVoters),
        ("1v 2v 3v- 4v- 5v", change(&[1, 3, 4], &[2, 5], 7), Unhealthy),
    ] {
        assert_eq!(decided(words, change.clone()), Err(expected), "{words}: {change:?}");
    }
    let add = vec![new(2, true), NewMember { peer_urls: vec![url(2)], ..new(3, true) }];
    let twice = Replacement { add, ..change(&[], &[], 7) };
    assert_eq!(decided("1v", twice), Err(MemberRefusal::PeerUrlExists));
    let three = Replacement { add: vec![new(2, true), new(3, false)], ..change(&[], &[], 7) };
    let step = decide(&roster("1v"), STRICT, &MemberChange::Replace(three)).unwrap();
    assert_eq!(step.set.keys().copied().collect::<Vec<_>>(), [2, 3]);
    assert!(!step.set[&2].is_joining && step.set[&3].is_joining);
}
