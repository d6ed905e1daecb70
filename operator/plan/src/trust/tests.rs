//! Single decisions, and whole lives of an authority in the toy world.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::world::{Event, OVERLAP_SECONDS, World};
use super::{
    Anchor, Authority, AuthorityFound, AuthoritySettings, AuthorityStep, Fingerprint, IssueReason, Leaf,
    LeafFound, LeafSigners, LeafStep, LeafWanted, MemberSeen, Phase, decide_authority, decide_leaf,
    renew_before,
};

fn certificate(name: &str) -> Fingerprint {
    Fingerprint(name.to_owned())
}

fn set(names: &[&str]) -> BTreeSet<Fingerprint> {
    names.iter().map(|name| certificate(name)).collect()
}

fn leaf() -> Leaf {
    Leaf {
        fingerprint: certificate("leaf"),
        common_name: "app".to_owned(),
        names: BTreeSet::from(["localhost".to_owned()]),
        seconds_left: 1000,
        signed_by: Some(certificate("a")),
        trusts: set(&["a"]),
    }
}

fn step_for(found: &LeafFound, can_sign: bool) -> LeafStep {
    let wanted = LeafWanted {
        common_name: "app".to_owned(),
        names: BTreeSet::from(["localhost".to_owned()]),
        renew_before_seconds: 100,
    };
    decide_leaf(&wanted, found, &LeafSigners { current: set(&["a"]), can_sign, trusted: set(&["a"]) })
}

#[test]
fn a_leaf_is_issued_for_a_reason_and_otherwise_kept() {
    let cases = [
        (LeafFound::Absent, LeafStep::Issue(IssueReason::Missing)),
        (LeafFound::Unusable("x".to_owned()), LeafStep::Issue(IssueReason::Unusable("x".to_owned()))),
        (LeafFound::Present(leaf()), LeafStep::Keep),
        (LeafFound::Present(Leaf { seconds_left: 0, ..leaf() }), LeafStep::Issue(IssueReason::Expired)),
        (LeafFound::Present(Leaf { seconds_left: 100, ..leaf() }), LeafStep::Issue(IssueReason::Expiring)),
        (LeafFound::Present(Leaf { seconds_left: 101, ..leaf() }), LeafStep::Keep),
        (
            LeafFound::Present(Leaf { names: BTreeSet::new(), ..leaf() }),
            LeafStep::Issue(IssueReason::WrongNames),
        ),
        (
            LeafFound::Present(Leaf { common_name: "root".to_owned(), ..leaf() }),
            LeafStep::Issue(IssueReason::WrongNames),
        ),
        (
            LeafFound::Present(Leaf { signed_by: None, ..leaf() }),
            LeafStep::Issue(IssueReason::OtherAuthority),
        ),
        (LeafFound::Present(Leaf { trusts: set(&["a", "b"]), ..leaf() }), LeafStep::Rebundle),
    ];
    for (found, step) in cases {
        assert_eq!(step_for(&found, true), step, "{found:?}");
    }
}

#[test]
fn without_a_key_a_good_leaf_is_left_and_others_are_told() {
    assert_eq!(step_for(&LeafFound::Present(leaf()), false), LeafStep::Keep);
    assert_eq!(step_for(&LeafFound::Absent, false), LeafStep::Stuck(IssueReason::Missing));
    let ending = Leaf { seconds_left: 5, ..leaf() };
    assert_eq!(step_for(&LeafFound::Present(ending.clone()), false), LeafStep::Stuck(IssueReason::Expiring));
    let narrow = Leaf { trusts: BTreeSet::new(), ..ending };
    assert_eq!(step_for(&LeafFound::Present(narrow), false), LeafStep::Rebundle);
}

#[test]
fn nothing_is_renewed_for_ever() {
    assert_eq!(renew_before(100, 30), 30);
    assert_eq!(renew_before(100, 100), 50);
    assert_eq!(renew_before(100, 5000), 50);
}

fn settings(rotate: Option<&str>) -> AuthoritySettings {
    AuthoritySettings {
        rotate: rotate.map(str::to_owned),
        renew_before_seconds: 100,
        overlap_seconds: OVERLAP_SECONDS,
    }
}

fn authority() -> Authority {
    Authority {
        current: Anchor { certificates: set(&["a"]), has_key: true, seconds_left: 1000 },
        next: None,
        previous: None,
        rotated: None,
        settled_for_seconds: None,
    }
}

fn member() -> MemberSeen {
    MemberSeen { name: "hf-0".to_owned(), trusts_next: None, shows: None }
}

#[test]
fn a_lost_authority_is_told_of_and_made_anew_only_when_asked() {
    let present = LeafFound::Present(leaf());
    let decide = |rotate: Option<&str>, rotated: Option<&str>, leaf: &LeafFound, members: &[MemberSeen]| {
        decide_authority(&settings(rotate), &AuthorityFound::Absent, &[("s", leaf)], leaf, members, rotated)
    };
    assert_eq!(decide(None, None, &LeafFound::Absent, &[]).step, AuthorityStep::Create);
    for (leaf, members) in [(&present, vec![]), (&LeafFound::Absent, vec![member()])] {
        let decision = decide(Some("1"), Some("1"), leaf, &members);
        assert_eq!(decision.step, AuthorityStep::None);
        assert!(decision.lost.is_some_and(|text| text.contains("spec.tls.rotate")));
        assert_eq!(decide(Some("2"), Some("1"), leaf, &members).step, AuthorityStep::Restart);
    }
    let damaged = AuthorityFound::Unusable("tls.key is missing".to_owned());
    let decision = decide_authority(&settings(None), &damaged, &[("s", &present)], &present, &[], None);
    assert!(decision.lost.is_some_and(|text| text.contains("tls.key is missing")));
}

#[test]
fn an_authority_is_replaced_when_asked_or_due() {
    let leaf = LeafFound::Present(leaf());
    let decide = |rotate: Option<&str>, authority: Authority| {
        let found = AuthorityFound::Present(authority);
        decide_authority(&settings(rotate), &found, &[("s", &leaf)], &leaf, &[member()], None)
    };
    let rest = decide(None, authority());
    assert_eq!((rest.step, rest.look_again_seconds), (AuthorityStep::None, Some(900)));
    assert_eq!(decide(Some("1"), authority()).step, AuthorityStep::Widen);
    let asked_before = Authority { rotated: Some("1".to_owned()), ..authority() };
    assert_eq!(decide(Some("1"), asked_before.clone()).step, AuthorityStep::None);
    assert_eq!(decide(None, asked_before).step, AuthorityStep::None, "taking the word away asks for nothing");
    let mut old = authority();
    old.current.seconds_left = 100;
    assert_eq!(decide(None, old).step, AuthorityStep::Widen);
}

#[test]
fn a_phase_ends_after_secrets_then_members_and_time() {
    let next = Anchor { certificates: set(&["b"]), has_key: true, seconds_left: 1000 };
    let widening = |settled: Option<u64>| {
        AuthorityFound::Present(Authority {
            next: Some(next.clone()),
            settled_for_seconds: settled,
            ..authority()
        })
    };
    let narrow = LeafFound::Present(leaf());
    let wide = LeafFound::Present(Leaf { trusts: set(&["a", "b"]), ..leaf() });
    let decide = |found: &AuthorityFound, leaf: &LeafFound, trusts_next: Option<bool>| {
        let member = MemberSeen { trusts_next, ..member() };
        decide_authority(&settings(None), found, &[("s", leaf)], leaf, &[member], None)
    };
    assert_eq!(decide(&widening(None), &narrow, Some(true)).waits_for, ["the Secret s to be written anew"]);
    assert_eq!(decide(&widening(None), &wide, None).step, AuthorityStep::Settle);
    let early = decide(&widening(Some(OVERLAP_SECONDS - 10)), &wide, Some(false));
    assert_eq!(
        early.waits_for,
        ["hf-0 to trust the next authority", "10 s, for clients to take up what was published"]
    );
    assert_eq!(early.look_again_seconds, Some(10));
    assert_eq!(decide(&widening(Some(OVERLAP_SECONDS)), &wide, None).step, AuthorityStep::None);
    assert_eq!(decide(&widening(Some(OVERLAP_SECONDS)), &wide, Some(true)).step, AuthorityStep::Swap);
    let late = decide(&widening(Some(OVERLAP_SECONDS)), &narrow, Some(true));
    assert_eq!(late.step, AuthorityStep::None, "a Secret that was damaged since is waited for");
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..400_u64).prop_map(Event::Advance),
        1 => (400..4000_u64).prop_map(Event::Advance),
        6 => (0..6_usize, 0..8_u8).prop_map(|(writes_max, deaf)| Event::Round { writes_max, deaf }),
        6 => Just(Event::Round { writes_max: usize::MAX, deaf: 0 }),
        8 => (0..3_usize).prop_map(Event::Reload),
        1 => (0..3_usize).prop_map(Event::Stop),
        2 => (0..3_usize).prop_map(Event::Start),
        1 => Just(Event::Rotate),
        1 => any::<(bool, bool)>().prop_map(|(is_of_members, is_damaged)| Event::LoseLeaf { is_of_members, is_damaged }),
    ]
}

/// Everything works and everybody follows, for as long as a rotation takes.
fn calm(world: &mut World) {
    for _ in 0..100 {
        for member in 0..3 {
            world.happen(Event::Start(member));
        }
        world.check();
        world.happen(Event::Round { writes_max: usize::MAX, deaf: 0 });
        world.check();
        world.happen(Event::Advance(100));
        world.check();
    }
    for member in 0..3 {
        world.happen(Event::Start(member));
    }
}

#[test]
fn a_rotation_goes_through_its_phases() {
    let mut world = World::new();
    let before = world.signer();
    world.happen(Event::Rotate);
    let mut phases = Vec::new();
    for _ in 0..40 {
        world.happen(Event::Round { writes_max: 1, deaf: 0 });
        for member in 0..3 {
            world.happen(Event::Reload(member));
        }
        world.check();
        world.happen(Event::Advance(100));
        phases.push(world.phase());
    }
    phases.dedup();
    assert_eq!(phases, [Some(Phase::Widening), Some(Phase::Swapping), Some(Phase::Steady)]);
    assert!(world.is_done());
    assert_ne!(world.signer(), before);
}

#[test]
fn a_member_that_does_not_follow_holds_the_rotation_up_and_nothing_breaks() {
    let mut world = World::new();
    world.happen(Event::Rotate);
    for _ in 0..100 {
        world.happen(Event::Round { writes_max: usize::MAX, deaf: 0 });
        world.happen(Event::Reload(0));
        world.happen(Event::Reload(1));
        world.check();
        world.happen(Event::Advance(100));
    }
    assert_eq!(world.phase(), Some(Phase::Widening));
    calm(&mut world);
    assert!(world.is_done());
}

#[test]
fn a_lost_authority_changes_nothing_until_a_rotation_is_asked_for() {
    let mut world = World::new();
    world.happen(Event::LoseAuthority);
    calm(&mut world);
    assert_eq!(world.phase(), None);
    world.happen(Event::Rotate);
    calm(&mut world);
    assert!(world.is_done());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nobody_ever_meets_what_it_does_not_trust(
        before in proptest::collection::vec(event(), 0..120),
        is_lost in any::<bool>(),
        after in proptest::collection::vec(event(), 0..120),
    ) {
        let mut world = World::new();
        for event in before {
            world.happen(event);
            world.check();
        }
        if is_lost {
            world.happen(Event::LoseAuthority);
        }
        for event in after {
            world.happen(event);
            world.check();
        }
        // A life that goes on: what was lost is asked for, and everything comes to rest.
        world.happen(Event::Rotate);
        calm(&mut world);
        prop_assert!(world.is_done(), "{world:#?}");
    }
}
