//! What is so, whatever is planned: who is there, who votes, who leads. Pure.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_plan::{
    Bootstrap, MemberId, Membership, Memory, Observed, ObservedMember, Ordinal, Process, Role, Running, Slot,
};

use super::Sources;
use crate::crd::{HoldfastClusterStatus, MemberStatus, QuorumStatus};
use crate::memory;
use crate::observe::{Members, Objects};
use crate::resources::names::{CLIENT_PORT, scheme};
use crate::resources::{labels, quantity};

/// The parts of the observation that only the status shows.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The objects, for the names of nodes.
    pub objects: &'a Objects,
    /// What members said, for why they could not be asked.
    pub members: &'a Members,
    /// What is remembered.
    pub memory: &'a Memory,
}

/// The status as far as it follows from what was observed.
#[must_use]
pub fn facts(prior: &HoldfastClusterStatus, sources: Sources<'_>, facts: Facts<'_>) -> HoldfastClusterStatus {
    let Sources { generation, validated, observed } = sources;
    let desired = &validated.desired;
    let members = members(sources, facts);
    let with_pods = || observed.slots.values().filter_map(|slot| slot.pod.as_ref());
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let ready = count(with_pods().filter(|pod| pod.is_ready).count());
    let is_current = |hash: &str| hash == desired.template_hash;
    let wanted = if desired.is_hibernating { 0 } else { desired.replicas };
    let current_version = current_version(prior, observed);
    let selector: Vec<String> = labels::selecting(validated.names.cluster())
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let largest = members.iter().filter_map(|member| member.data_size_bytes).max();
    let mut status = HoldfastClusterStatus {
        observed_generation: generation,
        ready: format!("{ready}/{wanted}"),
        target_version: current_version
            .as_ref()
            .filter(|it| **it != desired.version)
            .map(|_| desired.version.clone()),
        current_version,
        replicas: count(with_pods().count()),
        ready_replicas: ready,
        updated_replicas: count(with_pods().filter(|pod| is_current(&pod.template_hash)).count()),
        selector: selector.join(","),
        leader: leader(observed.membership.as_ref()).map(|ordinal| validated.names.pod(ordinal)),
        quorum: quorum(observed).or_else(|| unknown_quorum(prior)),
        endpoints: endpoints(sources, facts.memory),
        data_size: largest.and_then(|bytes| u64::try_from(bytes).ok()).map(quantity::readable),
        members,
        ..HoldfastClusterStatus::default()
    };
    memory::write(facts.memory, &mut status);
    status
}

fn members(sources: Sources<'_>, facts: Facts<'_>) -> Vec<MemberStatus> {
    let Sources { validated, observed, .. } = sources;
    let in_membership =
        observed.membership.iter().flat_map(|it| it.members.values().filter_map(|it| it.ordinal));
    let with_pods = observed.slots.iter().filter(|(_, slot)| slot.pod.is_some()).map(|(ordinal, _)| *ordinal);
    let ordinals: BTreeSet<Ordinal> = in_membership.chain(with_pods).collect();
    let none = Slot::default();
    let listed = ordinals.into_iter().map(|ordinal| {
        let slot = observed.slots.get(&ordinal).unwrap_or(&none);
        let running = match &slot.process {
            Process::Running(running) => Some(running),
            Process::Blank { .. } | Process::Unknown => None,
        };
        let member = member_at(observed.membership.as_ref(), ordinal, running);
        let name = validated.names.pod(ordinal);
        let pod = slot.pod.as_ref();
        let signed = |value: u64| i64::try_from(value).ok();
        MemberStatus {
            ordinal: i32::try_from(ordinal.0).unwrap_or(i32::MAX),
            member_id: running.map(|running| running.member_id.to_string()).or(member.map(|(id, _)| id)),
            role: role(observed, slot, ordinal, member_at(observed.membership.as_ref(), ordinal, running)),
            version: running.map(|running| running.version.clone()).filter(|version| !version.is_empty()),
            ready: pod.is_some_and(|pod| pod.is_ready),
            updated: pod.is_some_and(|pod| pod.template_hash == validated.desired.template_hash),
            data_size_bytes: running.and_then(|running| signed(running.data_size_bytes)),
            applied_index: running.and_then(|running| signed(running.applied_index)),
            node: node(facts.objects, &name),
            volume_size: slot.claim.as_ref().map(|claim| quantity::readable(claim.capacity_bytes)),
            reason: reason(slot, facts.members.problems.get(&ordinal)),
            name,
        }
    });
    listed.collect()
}

/// The member of the membership that is at an ordinal: the one that answers there, if it is one.
fn member_at<'a>(
    membership: Option<&'a Membership>,
    ordinal: Ordinal,
    running: Option<&Running>,
) -> Option<(String, &'a ObservedMember)> {
    let members = &membership?.members;
    let answering = running.and_then(|running| members.get_key_value(&running.member_id));
    let found = answering.or_else(|| members.iter().find(|(_, member)| member.ordinal == Some(ordinal)))?;
    Some((found.0.to_string(), found.1))
}

fn role(
    observed: &Observed,
    slot: &Slot,
    ordinal: Ordinal,
    member: Option<(String, &ObservedMember)>,
) -> String {
    let role = match (&slot.process, member) {
        (Process::Blank { .. }, _) => "Blank",
        (_, Some(_)) if leader(observed.membership.as_ref()) == Some(ordinal) => "Leader",
        (_, Some((_, member))) if member.role == Role::Voter => "Voter",
        (_, Some(_)) => "Learner",
        (_, None) => "Unknown",
    };
    role.to_owned()
}

fn reason(slot: &Slot, problem: Option<&String>) -> Option<String> {
    let claim = slot.claim.as_ref();
    let Some(pod) = &slot.pod else { return Some("it has no pod".to_owned()) };
    if claim.is_some_and(|claim| claim.node_lost_for_seconds.is_some()) {
        return Some("its volume is on a node that is gone".to_owned());
    }
    if pod.node_lost_for_seconds.is_some() {
        return Some("its node does not answer".to_owned());
    }
    if pod.was_out_of_memory && !pod.is_ready {
        return Some("it ran out of memory; raise spec.resources.limits.memory".to_owned());
    }
    pod.waiting_reason.clone().or_else(|| problem.cloned())
}

fn node(objects: &Objects, pod: &str) -> Option<String> {
    let pod = objects.pods.iter().find(|it| it.metadata.name.as_deref() == Some(pod))?;
    pod.spec.as_ref()?.node_name.clone()
}

fn leader(membership: Option<&Membership>) -> Option<Ordinal> {
    let membership = membership?;
    membership.members.get(&membership.leader?)?.ordinal
}

fn quorum(observed: &Observed) -> Option<QuorumStatus> {
    let members = &observed.membership.as_ref()?.members;
    let voters = members.values().filter(|member| member.role == Role::Voter);
    let is_healthy = |member: &&ObservedMember| {
        let slot = member.ordinal.and_then(|ordinal| observed.slots.get(&ordinal));
        member.is_active && slot.and_then(|slot| slot.pod.as_ref()).is_some_and(|pod| pod.is_ready)
    };
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let healthy = count(voters.clone().filter(is_healthy).count());
    let voters = count(voters.count());
    let needed = voters / 2 + 1;
    Some(QuorumStatus {
        voters,
        learners: count(members.len()) - voters,
        healthy,
        needed,
        margin: healthy - needed,
        text: format!("{healthy}/{needed}"),
    })
}

/// When nobody tells the membership, nobody is healthy as far as is known.
fn unknown_quorum(prior: &HoldfastClusterStatus) -> Option<QuorumStatus> {
    let mut quorum = prior.quorum.clone()?;
    quorum.healthy = 0;
    quorum.margin = -quorum.needed;
    quorum.text = format!("0/{}", quorum.needed);
    Some(quorum)
}

/// The lowest version of a voter while all of them answer; else what it was: upgrades are counted from it, also while the
/// cluster sleeps.
fn current_version(prior: &HoldfastClusterStatus, observed: &Observed) -> Option<String> {
    let numbers = |version: &String| -> Vec<u64> {
        let (plain, _) = version.split_once('-').unwrap_or((version, ""));
        plain.split('.').map(|part| part.parse().unwrap_or(0)).collect()
    };
    let answering: BTreeMap<MemberId, &String> = observed
        .slots
        .values()
        .filter_map(|slot| match &slot.process {
            Process::Running(running) if !running.version.is_empty() => {
                Some((running.member_id, &running.version))
            }
            Process::Running(_) | Process::Blank { .. } | Process::Unknown => None,
        })
        .collect();
    let members = observed.membership.iter().flat_map(|membership| &membership.members);
    let voters = members.filter(|(_, member)| member.role == Role::Voter);
    let versions: Option<Vec<&String>> = voters.map(|(id, _)| answering.get(id).copied()).collect();
    let lowest = versions.and_then(|versions| versions.into_iter().min_by_key(|version| numbers(version)));
    lowest.cloned().or_else(|| prior.current_version.clone())
}

fn endpoints(sources: Sources<'_>, memory: &Memory) -> Vec<String> {
    if memory.bootstrap != Bootstrap::Done {
        return Vec::new();
    }
    let validated = sources.validated;
    let url = |host: String| format!("{}://{host}:{CLIENT_PORT}", scheme(validated.is_client_encrypted));
    let members =
        (0..validated.desired.replicas).map(|number| url(validated.names.member_host(Ordinal(number))));
    std::iter::once(url(validated.names.client_host())).chain(members).collect()
}
