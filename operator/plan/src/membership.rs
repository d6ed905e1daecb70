//! Who votes: takes blank members in as learners, makes them voters in one joint step when all have caught up, and lets
//! members go that are not wanted. The membership is the store's; this only says how it differs from what is wanted.

use std::collections::BTreeSet;

use crate::draft::Draft;
use crate::reason::Reason;
use crate::replacement;
use crate::safety::{may_change_voters, successor};
use crate::seat::Seat;
use crate::trouble::lag;
use crate::view::View;
use crate::workload::unhealthy_voters;
use crate::{Action, ConditionKind, ConfigurationNumber, LearnerToAdd, MemberId, Ordinal, words};

/// Brings the membership one step nearer to what is wanted.
pub(crate) fn plan(view: &View<'_>, draft: &mut Draft) {
    let Some(membership) = view.membership() else {
        return draft.wait("Waiting for a leader; until then no member is added or removed.");
    };
    if membership.is_changing {
        draft.on_the_way(Reason::MembershipChanging, "the store is changing its membership");
        return draft.wait("Waiting for a change of membership that is under way.");
    }
    let configuration = membership.configuration;
    replacement::clear_leftovers(view, draft, configuration);
    replacement::remove_lost(view, draft, configuration);
    if draft.disturbs() {
        return;
    }
    add_learners(view, draft, configuration);
    if !draft.changes_membership() {
        reach(view, draft, configuration);
    }
}

/// Takes in everybody who is wanted and waits blank.
fn add_learners(view: &View<'_>, draft: &mut Draft, configuration: ConfigurationNumber) {
    let learners: Vec<LearnerToAdd> = view.wanted().filter_map(|seat| to_add(view, seat)).collect();
    if learners.is_empty() {
        return;
    }
    let members = words::members(learners.iter().map(|learner| learner.ordinal));
    draft.on_the_way(Reason::ScalingUp, format!("joining: {members}"));
    draft.act(
        Action::AddLearners { configuration, learners },
        format!("Take in as learners, until they have caught up: {members}."),
    );
}

fn to_add(view: &View<'_>, seat: &Seat<'_>) -> Option<LearnerToAdd> {
    let is_new = seat.member.is_none() && seat.is_blank() && !seat.is_foreign(view.cluster_id());
    let stays = seat.pod()?.deleting_for_seconds.is_none() && seat.node_lost_for_seconds().is_none();
    let claim = seat.claim().filter(|claim| !claim.is_deleting)?;
    (is_new && stays).then(|| LearnerToAdd { ordinal: seat.ordinal, claim_uid: claim.uid.clone() })
}

/// What is still between the membership and the one that is wanted.
struct Distance {
    /// Who votes in the end: wanted members, and voters that somebody else added.
    goal: BTreeSet<MemberId>,
    /// Members that are not wanted.
    leaving: BTreeSet<MemberId>,
    /// Wanted members that do not vote yet.
    joining: BTreeSet<MemberId>,
    /// Wanted ordinals without a member.
    missing: Vec<Ordinal>,
    /// Wanted members that could not vote now.
    unfit: Vec<Ordinal>,
}

fn distance(view: &View<'_>) -> Distance {
    let learners = view.learners();
    let healthy = view.healthy_members();
    let wanted: BTreeSet<MemberId> = view.wanted().filter_map(Seat::id).collect();
    let strangers = view.voters().intersection(&view.strangers).copied().collect::<BTreeSet<_>>();
    let unfit = view.wanted().filter(|seat| seat.id().is_some_and(|id| !healthy.contains(&id)));
    Distance {
        leaving: view.with_members().filter(|seat| !seat.is_wanted).filter_map(Seat::id).collect(),
        joining: wanted.intersection(&learners).copied().collect(),
        missing: view.wanted().filter(|seat| seat.member.is_none()).map(|seat| seat.ordinal).collect(),
        unfit: unfit.map(|seat| seat.ordinal).collect(),
        goal: wanted.union(&strangers).copied().collect(),
    }
}

fn reach(view: &View<'_>, draft: &mut Draft, configuration: ConfigurationNumber) {
    let distance = distance(view);
    let Distance { goal, leaving, joining, missing, unfit } = &distance;
    if leaving.is_empty() && joining.is_empty() && missing.is_empty() {
        return;
    }
    say_where_to(view, draft, &distance);
    let voters = view.voters();
    if !leaving.is_empty() && leaving.is_disjoint(&voters) {
        // A growth that was called off: learners can go at any time.
        return change(view, draft, configuration, &voters, leaving);
    }
    if missing.is_empty() && unfit.is_empty() {
        if is_leaderless_without(view, leaving) {
            // All who could lead are to go: those who stay get their vote first, so that somebody can take over.
            let all = voters.union(goal).copied().collect();
            return change(view, draft, configuration, &all, &BTreeSet::new());
        }
        return change(view, draft, configuration, goal, leaving);
    }
    if let Some(subset) = odd_subset(view, joining) {
        return change(view, draft, configuration, &subset, &BTreeSet::new());
    }
    explain(view, draft, &distance);
}

/// Whether the leader is to go and no voter that stays can follow it.
fn is_leaderless_without(view: &View<'_>, leaving: &BTreeSet<MemberId>) -> bool {
    view.leader().is_some_and(|leader| leaving.contains(&leader)) && successor(view, leaving).is_none()
}

/// When the number of voters is even, because one is being replaced, those who have caught up need not wait for all: an
/// odd number tolerates more.
fn odd_subset(view: &View<'_>, joining: &BTreeSet<MemberId>) -> Option<BTreeSet<MemberId>> {
    let (voters, healthy) = (view.voters(), view.healthy_members());
    let ready: Vec<MemberId> = joining.intersection(&healthy).copied().collect();
    let taken = ready.len() - (ready.len() + 1) % 2 * usize::from(!ready.is_empty());
    (voters.len() % 2 == 0 && taken > 0)
        .then(|| voters.into_iter().chain(ready.into_iter().take(taken)).collect())
}

fn change(
    view: &View<'_>,
    draft: &mut Draft,
    configuration: ConfigurationNumber,
    goal: &BTreeSet<MemberId>,
    leaving: &BTreeSet<MemberId>,
) {
    if view.leader().is_some_and(|leader| leaving.contains(&leader)) {
        return hand_over(view, draft, ConditionKind::ScalingBlocked, leaving, "the leader is not to stay");
    }
    if !may_change_voters(view, goal, leaving) {
        let message = "too few voters are healthy for a change of membership";
        return draft.block(ConditionKind::ScalingBlocked, Reason::VoterUnhealthy, message);
    }
    let voters = view.voters();
    let ordinals = |ids: &mut dyn Iterator<Item = &MemberId>| {
        words::members(ids.filter_map(|id| view.seat_of(*id)).map(|seat| seat.ordinal))
    };
    let mut parts = Vec::new();
    if goal.difference(&voters).next().is_some() {
        parts.push(format!("give a vote to {}", ordinals(&mut goal.difference(&voters))));
    }
    if !leaving.is_empty() {
        parts.push(format!("remove {}", ordinals(&mut leaving.iter())));
    }
    let line = format!("In one step: {}.", parts.join(" and "));
    draft.act(
        Action::ChangeVoters {
            configuration,
            voters: goal.iter().copied().collect(),
            remove: leaving.iter().copied().collect(),
        },
        line,
    );
}

/// Moves leadership to a member that stays, before the leader is stopped or removed.
pub(crate) fn hand_over(
    view: &View<'_>,
    draft: &mut Draft,
    kind: ConditionKind,
    leaving: &BTreeSet<MemberId>,
    why: &str,
) {
    let Some(from) = view.leader() else { return };
    let Some((seat, to)) = successor(view, leaving).and_then(|seat| Some((seat, seat.id()?))) else {
        let message = format!("{why}, and no other healthy voter can lead");
        return draft.block(kind, Reason::NoSuccessor, message);
    };
    let line = format!("Move leadership to member {}: {why}.", seat.ordinal);
    draft.act(Action::MoveLeader { from, to }, line);
}

fn say_where_to(view: &View<'_>, draft: &mut Draft, distance: &Distance) {
    let ordinals = |ids: &BTreeSet<MemberId>| {
        words::members(ids.iter().filter_map(|id| view.seat_of(*id)).map(|seat| seat.ordinal))
    };
    if !distance.missing.is_empty() {
        let members = words::members(distance.missing.iter().copied());
        draft.on_the_way(Reason::ScalingUp, format!("to join: {members}"));
    }
    if !distance.joining.is_empty() {
        draft.on_the_way(Reason::CatchingUp, format!("receiving the data: {}", ordinals(&distance.joining)));
    }
    if !distance.leaving.is_empty() {
        draft.on_the_way(Reason::ScalingDown, format!("leaving: {}", ordinals(&distance.leaving)));
    }
}

/// Says who the change waits for, and reports it as blocked when it will not go on by itself.
fn explain(view: &View<'_>, draft: &mut Draft, distance: &Distance) {
    if let Some(message) = unhealthy_voters(view) {
        let message = format!("the number of voters changes when all of them are healthy; {message}");
        return draft.block(ConditionKind::ScalingBlocked, Reason::VoterUnhealthy, message);
    }
    let is_late = view.observed.seconds_since_progress >= view.desired.progress_deadline_seconds;
    for ordinal in distance.missing.iter().chain(&distance.unfit) {
        let Some(seat) = view.seats.get(ordinal) else { continue };
        let (reason, message) = waited_for(view, seat);
        if is_late {
            draft.block(ConditionKind::ScalingBlocked, reason, message);
        } else {
            draft.wait(format!("Waiting: {message}."));
        }
    }
}

fn waited_for(view: &View<'_>, seat: &Seat<'_>) -> (Reason, String) {
    let ordinal = seat.ordinal;
    let why =
        view.trouble(seat).map_or_else(|| "is not in the membership".to_owned(), |trouble| trouble.words());
    let behind = lag(view, seat).map(|entries| format!(", it is behind by {entries} entries"));
    let message = format!("member {ordinal} {why}{}", behind.unwrap_or_default());
    let reason = if seat.member.is_some() && !seat.is_blank() {
        Reason::LearnerLagging
    } else {
        Reason::NewMemberNotRunning
    };
    (reason, message)
}
