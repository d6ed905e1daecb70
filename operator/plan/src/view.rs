//! What follows from one observation: the seats, whether the membership may be relied on, who is healthy, what is
//! foreign. Every step decides on this. Decides nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::seat::Seat;
use crate::trouble::{Trouble, trouble};
use crate::version::{VersionRefusal, lowest, refusal};
use crate::{
    Bootstrap, ClusterId, Desired, MemberId, Membership, Memory, Observed, ObservedMember, Ordinal, Process,
    Role,
};

/// One look at a cluster, with what follows from it.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub desired: &'a Desired,
    pub memory: &'a Memory,
    pub observed: &'a Observed,
    /// Every ordinal that is wanted, exists, or is in the membership.
    pub seats: BTreeMap<Ordinal, Seat<'a>>,
    /// Members that no ordinal belongs to.
    pub strangers: BTreeSet<MemberId>,
}

impl<'a> View<'a> {
    pub fn new(desired: &'a Desired, memory: &'a Memory, observed: &'a Observed) -> Self {
        let (members, strangers) = place_members(observed);
        let wanted = (0..desired.replicas).map(Ordinal);
        let ordinals: BTreeSet<Ordinal> =
            wanted.chain(observed.slots.keys().copied()).chain(members.keys().copied()).collect();
        let seat = |ordinal: Ordinal| Seat {
            ordinal,
            is_wanted: ordinal.0 < desired.replicas,
            slot: observed.slots.get(&ordinal),
            member: members.get(&ordinal).copied(),
        };
        let seats = ordinals.into_iter().map(|ordinal| (ordinal, seat(ordinal))).collect();
        Self { desired, memory, observed, seats, strangers }
    }

    /// The cluster's id: what was latched, and before that what is going to be.
    pub fn cluster_id(&self) -> ClusterId {
        self.memory.cluster_id.unwrap_or(self.desired.cluster_id)
    }

    /// The membership, if what it says of its members may be relied on: somebody leads, and a linearizable read was
    /// answered in this round, so it is no leader that was deposed without knowing.
    pub fn membership(&self) -> Option<&'a Membership> {
        let membership = self.observed.membership.as_ref()?;
        (membership.leader.is_some() && self.observed.is_serving).then_some(membership)
    }

    pub fn is_bootstrapped(&self) -> bool {
        self.memory.bootstrap == Bootstrap::Done
    }

    pub fn wanted(&self) -> impl Iterator<Item = &Seat<'a>> {
        self.seats.values().filter(|seat| seat.is_wanted)
    }

    pub fn with_members(&self) -> impl Iterator<Item = &Seat<'a>> {
        self.seats.values().filter(|seat| seat.member.is_some())
    }

    pub fn trouble(&self, seat: &Seat<'a>) -> Option<Trouble> {
        trouble(self, seat)
    }

    pub fn is_healthy(&self, seat: &Seat<'a>) -> bool {
        seat.member.is_some() && self.trouble(seat).is_none()
    }

    pub fn leader(&self) -> Option<MemberId> {
        self.observed.membership.as_ref().and_then(|membership| membership.leader)
    }

    pub fn seat_of(&self, id: MemberId) -> Option<&Seat<'a>> {
        self.seats.values().find(|seat| seat.id() == Some(id))
    }

    /// Those that vote, as far as anybody told.
    pub fn voters(&self) -> BTreeSet<MemberId> {
        self.ids(|member| member.role == Role::Voter)
    }

    pub fn learners(&self) -> BTreeSet<MemberId> {
        self.ids(|member| member.role == Role::Learner)
    }

    fn ids(&self, is_meant: impl Fn(&ObservedMember) -> bool) -> BTreeSet<MemberId> {
        let members = self.observed.membership.iter().flat_map(|membership| &membership.members);
        members.filter(|(_, member)| is_meant(member)).map(|(id, _)| *id).collect()
    }

    /// Whether somebody runs in a seat with the data of a member that is in the membership no more.
    pub fn runs_removed_member(&self, seat: &Seat<'a>) -> bool {
        let is_member =
            |id: &MemberId| self.membership().is_some_and(|membership| membership.members.contains_key(id));
        seat.running().is_some_and(|running| !is_member(&running.member_id))
    }

    /// Members that are healthy in every respect. Nobody, when the membership cannot be relied on.
    pub fn healthy_members(&self) -> BTreeSet<MemberId> {
        let Some(membership) = self.membership() else { return BTreeSet::new() };
        let is_healthy = |id: &MemberId, member: &ObservedMember| match self.seat_of(*id) {
            Some(seat) => self.is_healthy(seat),
            None => member.is_active && member.is_in_sync,
        };
        let members = membership.members.iter();
        members.filter(|(id, member)| is_healthy(id, member)).map(|(id, _)| *id).collect()
    }

    /// Members that the leader says it hears.
    pub fn active_members(&self) -> BTreeSet<MemberId> {
        self.ids(|member| member.is_active)
    }

    /// Seats that the resource wants or that have a pod, and whose volume or process is another cluster's.
    pub fn foreign(&self) -> Vec<Ordinal> {
        let is_meant = |seat: &&Seat| seat.is_wanted || seat.pod().is_some();
        let foreign = |seat: &&Seat| seat.is_foreign(self.cluster_id());
        self.seats.values().filter(is_meant).filter(foreign).map(|seat| seat.ordinal).collect()
    }

    /// The latched id is not the one that is wanted by now.
    pub fn has_other_id(&self) -> bool {
        self.memory.cluster_id.is_some_and(|latched| latched != self.desired.cluster_id)
    }

    /// The version that an upgrade is counted from.
    pub fn version_from(&self) -> Option<&str> {
        lowest(self.memory.version.as_deref().into_iter()).or_else(|| lowest(self.versions()))
    }

    /// The versions that members run.
    pub fn versions(&self) -> impl Iterator<Item = &'a str> {
        self.seats.values().filter_map(|seat| seat.running()).map(|running| running.version.as_str())
    }

    pub fn version_refusal(&self) -> Option<VersionRefusal> {
        refusal(self.version_from(), &self.desired.version, self.desired.is_downgrade_allowed)
    }

    /// Every member is where it should be: all that are wanted vote, and nobody else is there.
    pub fn is_membership_settled(&self) -> bool {
        let Some(membership) = self.membership() else { return false };
        let is_settled = |seat: &Seat| if seat.is_wanted { seat.is_voter() } else { seat.member.is_none() };
        !membership.is_changing && self.seats.values().all(is_settled)
    }

    /// The template that a pod is made from when it is deleted now.
    pub fn applied_template(&self) -> Option<&'a str> {
        self.observed.workload.as_ref().map(|workload| workload.template_hash.as_str())
    }
}

type Placed<'a> = BTreeMap<Ordinal, (MemberId, &'a ObservedMember)>;

/// Which member belongs to which ordinal: the one that runs there, and else the one whose peer URL names it. A member that
/// neither holds for was added by somebody else.
fn place_members(observed: &Observed) -> (Placed<'_>, BTreeSet<MemberId>) {
    let Some(membership) = &observed.membership else { return Default::default() };
    let mut placed = Placed::new();
    let mut left: BTreeMap<MemberId, &ObservedMember> =
        membership.members.iter().map(|(id, member)| (*id, member)).collect();
    for (ordinal, slot) in &observed.slots {
        let Process::Running(running) = &slot.process else { continue };
        if let Some(member) = left.remove(&running.member_id) {
            placed.insert(*ordinal, (running.member_id, member));
        }
    }
    let mut strangers = BTreeSet::new();
    for (id, member) in left {
        match member.ordinal {
            Some(ordinal) if !placed.contains_key(&ordinal) => {
                placed.insert(ordinal, (id, member));
            }
            Some(_) | None => {
                strangers.insert(id);
            }
        }
    }
    (placed, strangers)
}
