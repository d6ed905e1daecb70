//! A toy cluster for the tests: Secrets, members and clients that take them up late, and an operator that may stop after
//! any write. Small enough to be obviously right; knows nothing of real certificates.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Anchor, Authority, AuthorityFound, AuthoritySettings, AuthorityStep, Fingerprint, Leaf, LeafFound,
    LeafStep, LeafWanted, MemberSeen, Phase, decide_authority, decide_leaf,
};

/// The leaf that members show.
const MEMBERS: &str = "members";
/// The leaf that clients show.
const CLIENTS: &str = "clients";

const LEAF_LIFE_SECONDS: u64 = 10_000;
const AUTHORITY_LIFE_SECONDS: u64 = 200_000;

/// How long clients take at most to follow their Secret.
pub(super) const OVERLAP_SECONDS: u64 = 600;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event {
    /// Time passes.
    Advance(u64),
    /// The operator looks and writes, but stops for good after so many writes, and has no answer from members whose bit is
    /// set in `deaf`.
    Round { writes_max: usize, deaf: u8 },
    /// A member takes up its Secret.
    Reload(usize),
    /// A member's process ends.
    Stop(usize),
    /// It begins again, with what its Secret has then.
    Start(usize),
    /// A person asks for a rotation.
    Rotate,
    /// A person deletes the authority's Secret.
    LoseAuthority,
    /// A person deletes (or damages) a leaf's Secret.
    LoseLeaf { is_of_members: bool, is_damaged: bool },
}

#[derive(Clone, Debug)]
struct Signing {
    certificates: BTreeSet<Fingerprint>,
    has_key: bool,
    ends: u64,
}

#[derive(Clone, Debug)]
struct Stored {
    current: Signing,
    next: Option<Signing>,
    previous: Option<Signing>,
    rotated: Option<String>,
    settled_at: Option<u64>,
}

/// What a Secret with a leaf holds, and so what its holder shows and trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    leaf: Fingerprint,
    signer: Fingerprint,
    ends: u64,
    trusts: BTreeSet<Fingerprint>,
}

#[derive(Clone, Debug)]
enum Kept {
    Absent,
    Damaged,
    Good(Held),
}

#[derive(Clone, Debug)]
pub(super) struct World {
    now: u64,
    made: u64,
    authority: Option<Stored>,
    secrets: BTreeMap<&'static str, Kept>,
    /// What the clients' Secret held, and until when.
    past: Vec<(u64, Held)>,
    present: Option<Held>,
    members: Vec<Option<Held>>,
    rotate: Option<String>,
    status_rotated: Option<String>,
    rotations_asked: u32,
}

impl World {
    /// A cluster that has just been made, with its members running.
    pub(super) fn new() -> Self {
        let mut world = Self {
            now: 1_000_000,
            made: 0,
            authority: None,
            secrets: BTreeMap::from([(MEMBERS, Kept::Absent), (CLIENTS, Kept::Absent)]),
            past: Vec::new(),
            present: None,
            members: vec![None; 3],
            rotate: None,
            status_rotated: None,
            rotations_asked: 0,
        };
        world.round(usize::MAX, 0);
        for member in 0..3 {
            world.start(member);
        }
        assert!(
            world.members.iter().all(Option::is_some),
            "a new cluster's Secrets are there after one round"
        );
        world
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Advance(seconds) => self.now += seconds,
            Event::Round { writes_max, deaf } => self.round(writes_max, deaf),
            Event::Reload(member) if self.members[member].is_some() => self.start(member),
            Event::Reload(_) => {}
            Event::Stop(member) => self.members[member] = None,
            Event::Start(member) => self.start(member),
            Event::Rotate => {
                self.rotations_asked += 1;
                self.rotate = Some(self.rotations_asked.to_string());
            }
            // Both at once leave nothing that could bring new authorities to who has the lost leaf: not promised.
            Event::LoseAuthority if self.has_all_leaves() => self.authority = None,
            Event::LoseLeaf { is_of_members, is_damaged } if self.can_sign() => {
                let name = if is_of_members { MEMBERS } else { CLIENTS };
                self.secrets.insert(name, if is_damaged { Kept::Damaged } else { Kept::Absent });
            }
            Event::LoseAuthority | Event::LoseLeaf { .. } => {}
        }
    }

    fn has_all_leaves(&self) -> bool {
        self.secrets.values().all(|kept| matches!(kept, Kept::Good(_)))
    }

    fn can_sign(&self) -> bool {
        self.authority.as_ref().is_some_and(|authority| authority.current.has_key)
    }

    /// A process begins with what its Secret holds; without one, its pod does not begin.
    fn start(&mut self, member: usize) {
        if let Kept::Good(held) = &self.secrets[MEMBERS] {
            self.members[member] = Some(held.clone());
        }
    }

    /// Everything that is promised, at every moment.
    pub(super) fn check(&self) {
        let members: Vec<&Held> = self.members.iter().flatten().collect();
        for one in &members {
            for other in &members {
                assert!(
                    one.trusts.contains(&other.signer),
                    "a member does not trust what another shows: {self:#?}"
                );
            }
        }
        // Any client may still have what its Secret held less than the overlap ago.
        let past = self.past.iter().filter(|(until, _)| self.now - until < OVERLAP_SECONDS);
        for client in past.map(|(_, held)| held).chain(&self.present) {
            for member in &members {
                assert!(
                    client.trusts.contains(&member.signer),
                    "a client does not trust a member: {self:#?}"
                );
                assert!(
                    member.trusts.contains(&client.signer),
                    "a member does not trust a client: {self:#?}"
                );
            }
        }
    }

    /// Whether the newest rotation that was asked for is done, everywhere.
    pub(super) fn is_done(&self) -> bool {
        let Some(authority) = &self.authority else { return false };
        let is_steady = authority.next.is_none() && authority.previous.is_none();
        let follows = |held: &Held| {
            held.trusts == authority.current.certificates
                && authority.current.certificates.contains(&held.signer)
        };
        let secrets = self.secrets.values().all(|kept| matches!(kept, Kept::Good(held) if follows(held)));
        let members = self.members.iter().all(|member| member.as_ref().is_some_and(follows));
        is_steady && authority.current.has_key && secrets && members && authority.rotated == self.rotate
    }

    /// The certificate that signs now.
    pub(super) fn signer(&self) -> Option<Fingerprint> {
        self.authority.as_ref()?.current.certificates.first().cloned()
    }

    fn settings(&self) -> AuthoritySettings {
        AuthoritySettings {
            rotate: self.rotate.clone(),
            renew_before_seconds: AUTHORITY_LIFE_SECONDS / 10,
            overlap_seconds: OVERLAP_SECONDS,
        }
    }

    fn round(&mut self, writes_max: usize, deaf: u8) {
        let mut writes_left = writes_max;
        for _ in 0..4 {
            let found = self.found();
            let steps = self.look(&found, deaf);
            let before = writes_left;
            self.write(&found, steps, &mut writes_left);
            if writes_left == before || writes_left == 0 {
                break;
            }
        }
        if let Some(authority) = self.authority.as_ref().filter(|_| self.is_done()) {
            self.status_rotated = authority.rotated.clone();
        }
    }

    fn found(&self) -> AuthorityFound {
        let anchor = |signing: &Signing| Anchor {
            certificates: signing.certificates.clone(),
            has_key: signing.has_key,
            seconds_left: signing.ends.saturating_sub(self.now),
        };
        match &self.authority {
            None => AuthorityFound::Absent,
            Some(stored) => AuthorityFound::Present(Authority {
                current: anchor(&stored.current),
                next: stored.next.as_ref().map(anchor),
                previous: stored.previous.as_ref().map(anchor),
                rotated: stored.rotated.clone(),
                settled_for_seconds: stored.settled_at.map(|at| self.now - at),
            }),
        }
    }

    fn found_leaf(&self, name: &str) -> LeafFound {
        match &self.secrets[name] {
            Kept::Absent => LeafFound::Absent,
            Kept::Damaged => LeafFound::Unusable("damaged".to_owned()),
            Kept::Good(held) => LeafFound::Present(Leaf {
                fingerprint: held.leaf.clone(),
                common_name: name.to_owned(),
                names: BTreeSet::new(),
                seconds_left: held.ends.saturating_sub(self.now),
                signed_by: Some(held.signer.clone()),
                trusts: held.trusts.clone(),
            }),
        }
    }

    fn look(&self, found: &AuthorityFound, deaf: u8) -> (AuthorityStep, Vec<(&'static str, LeafStep)>) {
        let leaves = [(MEMBERS, self.found_leaf(MEMBERS)), (CLIENTS, self.found_leaf(CLIENTS))];
        let next = self.authority.as_ref().and_then(|stored| stored.next.as_ref());
        let running =
            self.members.iter().enumerate().filter_map(|(index, held)| Some((index, held.as_ref()?)));
        let members: Vec<MemberSeen> = running
            .map(|(index, held)| {
                let is_seen = deaf & (1 << index) == 0;
                let trusts_next = next.map(|next| next.certificates.is_subset(&held.trusts));
                MemberSeen {
                    name: index.to_string(),
                    trusts_next: trusts_next.filter(|_| is_seen),
                    shows: is_seen.then(|| held.leaf.clone()),
                }
            })
            .collect();
        let named: Vec<(&str, &LeafFound)> = leaves.iter().map(|(name, leaf)| (*name, leaf)).collect();
        let rotated = self.status_rotated.as_deref();
        let decision = decide_authority(&self.settings(), found, &named, &leaves[0].1, &members, rotated);
        let AuthorityFound::Present(authority) = found else { return (decision.step, Vec::new()) };
        let steps = leaves.iter().map(|(name, leaf)| {
            let wanted = LeafWanted {
                common_name: (*name).to_owned(),
                names: BTreeSet::new(),
                renew_before_seconds: LEAF_LIFE_SECONDS / 3,
            };
            (*name, decide_leaf(&wanted, leaf, &authority.signers()))
        });
        (decision.step, steps.collect())
    }

    fn write(
        &mut self,
        found: &AuthorityFound,
        (step, leaves): (AuthorityStep, Vec<(&'static str, LeafStep)>),
        writes_left: &mut usize,
    ) {
        if *writes_left == 0 {
            return;
        }
        if step != AuthorityStep::None {
            self.write_authority(step);
            *writes_left -= 1;
            return;
        }
        let AuthorityFound::Present(authority) = found else { return };
        let trusted = authority.signers().trusted;
        for (name, step) in leaves {
            if *writes_left == 0 {
                return;
            }
            let held = match (step, &self.secrets[name]) {
                (LeafStep::Rebundle, Kept::Good(held)) => Held { trusts: trusted.clone(), ..held.clone() },
                (LeafStep::Issue(_), _) => {
                    let signer = self.signer().expect("an authority that was found");
                    let (leaf, ends) = (self.make("leaf"), self.now + LEAF_LIFE_SECONDS);
                    Held { leaf, signer, ends, trusts: trusted.clone() }
                }
                _ => continue,
            };
            *writes_left -= 1;
            if name == CLIENTS
                && let Some(before) = self.present.replace(held.clone())
            {
                self.past.push((self.now, before));
            }
            self.secrets.insert(name, Kept::Good(held));
        }
    }

    fn write_authority(&mut self, step: AuthorityStep) {
        let made = Signing {
            certificates: BTreeSet::from([self.make("authority")]),
            has_key: true,
            ends: self.now + AUTHORITY_LIFE_SECONDS,
        };
        let rotated = self.rotate.clone();
        let lost = || {
            let held = self.secrets.values().filter_map(|kept| match kept {
                Kept::Good(held) => Some(held.trusts.clone()),
                Kept::Absent | Kept::Damaged => None,
            });
            Signing { certificates: held.flatten().collect(), has_key: false, ends: self.now }
        };
        let stored = match (step, self.authority.take()) {
            (AuthorityStep::Create, None) => {
                Stored { current: made, next: None, previous: None, rotated, settled_at: None }
            }
            (AuthorityStep::Restart, None) => {
                Stored { current: lost(), next: Some(made), previous: None, rotated, settled_at: None }
            }
            (AuthorityStep::Widen, Some(stored)) => {
                Stored { next: Some(made), rotated, settled_at: None, ..stored }
            }
            (AuthorityStep::Settle, Some(stored)) => Stored { settled_at: Some(self.now), ..stored },
            (AuthorityStep::Swap, Some(stored)) => Stored {
                current: stored.next.expect("a swap needs a next authority"),
                next: None,
                previous: Some(stored.current),
                rotated: stored.rotated,
                settled_at: None,
            },
            (AuthorityStep::Narrow, Some(stored)) => Stored { previous: None, settled_at: None, ..stored },
            (step, authority) => panic!("{step:?} with {authority:?}"),
        };
        self.authority = Some(stored);
    }

    fn make(&mut self, what: &str) -> Fingerprint {
        self.made += 1;
        Fingerprint(format!("{what} {:05}", self.made))
    }

    pub(super) fn phase(&self) -> Option<Phase> {
        match self.found() {
            AuthorityFound::Present(authority) => Some(authority.phase()),
            AuthorityFound::Absent | AuthorityFound::Unusable(_) => None,
        }
    }
}
