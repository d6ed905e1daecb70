//! Statuses from observations: what is shown, and what is no change.

use std::collections::BTreeMap;

use holdfast_plan::{
    Bootstrap, ClusterId, Condition, ConditionKind, ConditionStatus, ConfigurationNumber, MemberId,
    Membership, Memory, Observed, ObservedMember, Ordinal, Plan, Pod, PodPhase, Process, Role, Running, Slot,
};
use k8s_openapi::jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::crd::HoldfastCluster;
use crate::observe::{Members, Objects};
use crate::validate::{Validated, validate};

const CLUSTER: ClusterId = ClusterId(9);

fn at(minute: u32) -> Timestamp {
    format!("2026-01-01T00:{minute:02}:00Z").parse().unwrap()
}

fn validated() -> Validated {
    let cluster: HoldfastCluster = serde_json::from_value(json!({
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "HoldfastCluster",
        "metadata": { "name": "kv", "namespace": "shop", "uid": "u" },
        "spec": { "version": "1.2.0" },
    }))
    .unwrap();
    validate(&cluster, "holdfast").unwrap()
}

fn slot(number: u64, is_ready: bool, hash: &str) -> Slot {
    let pod = Pod {
        uid: format!("p{number}"),
        template_hash: hash.to_owned(),
        is_resizable: false,
        phase: PodPhase::Running,
        is_ready,
        deleting_for_seconds: None,
        unready_for_seconds: 0,
        restarts: 0,
        was_out_of_memory: false,
        last_exit_code: None,
        waiting_reason: None,
        node_lost_for_seconds: None,
    };
    let running = Running {
        cluster_id: CLUSTER,
        member_id: MemberId(number),
        version: if number == 1 { "1.1.9" } else { "1.2.0" }.to_owned(),
        data_size_bytes: number << 20,
        applied_index: 7,
        alarms: Default::default(),
    };
    Slot { pod: Some(pod), claim: None, process: Process::Running(running) }
}

/// Three voters, led by the second; the third is not ready.
fn observed(hash: &str) -> Observed {
    let member = |number: u32, is_active| ObservedMember {
        ordinal: Some(Ordinal(number - 1)),
        role: Role::Voter,
        has_started: true,
        is_active,
        is_in_sync: is_active,
    };
    let members = BTreeMap::from([
        (MemberId(1), member(1, true)),
        (MemberId(2), member(2, true)),
        (MemberId(3), member(3, false)),
    ]);
    Observed {
        slots: BTreeMap::from([
            (Ordinal(0), slot(1, true, hash)),
            (Ordinal(1), slot(2, true, hash)),
            (Ordinal(2), slot(3, false, "old")),
        ]),
        membership: Some(Membership {
            configuration: ConfigurationNumber(5),
            leader: Some(MemberId(2)),
            is_changing: false,
            members,
        }),
        is_serving: true,
        ..Observed::default()
    }
}

fn facts_of(
    prior: &HoldfastClusterStatus,
    observed: &Observed,
    validated: &Validated,
) -> HoldfastClusterStatus {
    let memory = Memory { cluster_id: Some(CLUSTER), bootstrap: Bootstrap::Done, ..Memory::default() };
    let sources = Sources { generation: 4, validated, observed };
    facts(
        prior,
        sources,
        Facts { objects: &Objects::default(), members: &Members::default(), memory: &memory },
    )
}

fn plan(kind: ConditionKind, status: ConditionStatus, message: &str) -> Plan {
    let condition = Condition { kind, status, reason: "Because".to_owned(), message: message.to_owned() };
    Plan {
        actions: Vec::new(),
        lines: vec!["wait".to_owned()],
        conditions: vec![condition],
        look_again_seconds: 9,
    }
}

#[test]
fn members_quorum_and_versions_are_shown() {
    let validated = validated();
    let status = facts_of(&Default::default(), &observed(&validated.template.hash), &validated);
    assert_eq!((status.ready.as_str(), status.updated_replicas), ("2/3", 2));
    assert_eq!(status.leader.as_deref(), Some("kv-1"));
    let quorum = status.quorum.unwrap();
    assert_eq!((quorum.text.as_str(), quorum.voters, quorum.margin), ("2/2", 3, 0));
    assert_eq!(status.current_version.as_deref(), Some("1.1.9"));
    assert_eq!(status.target_version.as_deref(), Some("1.2.0"));
    let roles: Vec<&str> = status.members.iter().map(|member| member.role.as_str()).collect();
    assert_eq!(roles, ["Voter", "Leader", "Voter"]);
    assert_eq!(status.data_size.as_deref(), Some("3 MiB"));
    assert_eq!(status.endpoints[0], "https://kv-client.shop.svc:2379");
    assert_eq!(status.cluster_id.as_deref(), Some("0000000000000009"));
}

#[test]
fn without_an_answer_nobody_is_healthy_and_the_version_is_remembered() {
    let validated = validated();
    let before = facts_of(&Default::default(), &observed(&validated.template.hash), &validated);
    let after = facts_of(&before, &Observed::default(), &validated);
    let quorum = after.quorum.unwrap();
    assert_eq!((quorum.healthy, quorum.needed, quorum.margin), (0, 2, -2));
    assert_eq!(after.leader, None);
    assert_eq!(after.current_version.as_deref(), Some("1.1.9"));
}

#[test]
fn times_of_conditions_change_only_with_their_status() {
    let validated = validated();
    let conclude = |prior: &HoldfastClusterStatus, plan: &Plan, minute| {
        let facts = facts_of(prior, &observed(&validated.template.hash), &validated);
        super::conclude(prior, facts, plan, Addition::default(), at(minute))
    };
    let up = plan(ConditionKind::Available, ConditionStatus::True, "");
    let first = conclude(&Default::default(), &up, 1);
    let second = conclude(&first, &plan(ConditionKind::Available, ConditionStatus::True, "other words"), 2);
    let third = conclude(&second, &plan(ConditionKind::Available, ConditionStatus::False, ""), 3);
    let time = |status: &HoldfastClusterStatus| status.conditions[0].last_transition_time.0;
    assert_eq!((time(&first), time(&second), time(&third)), (at(1), at(1), at(3)));
    assert!(differs(&first, &second) && !differs(&second, &second.clone()));
    let flipped: Vec<&str> =
        flips(&second.conditions, &third.conditions).iter().map(|it| it.type_.as_str()).collect();
    assert_eq!(flipped, ["Available"]);
    assert_eq!((third.phase.as_str(), first.phase.as_str()), ("Unavailable", "Ready"));
}

#[test]
fn a_writing_client_is_no_change_and_a_role_is() {
    let validated = validated();
    let one = facts_of(&Default::default(), &observed(&validated.template.hash), &validated);
    let mut busy = one.clone();
    busy.members[0].applied_index = Some(1000);
    busy.members[0].data_size_bytes = Some(1 << 30);
    busy.data_size = Some("1 GiB".to_owned());
    assert!(!differs(&one, &busy));
    busy.members[0].role = "Learner".to_owned();
    assert!(differs(&one, &busy));
}

#[test]
fn progress_is_what_came_closer_since_the_last_status() {
    let validated = validated();
    let hash = &validated.template.hash;
    let idle = plan(ConditionKind::Progressing, ConditionStatus::False, "");
    let facts = facts_of(&Default::default(), &observed(hash), &validated);
    let prior = conclude(&Default::default(), facts, &idle, Addition::default(), at(0));
    let same = facts_of(&prior, &observed(hash), &validated);
    assert_eq!(seconds_since_progress(&prior, &same, at(10)), 600);
    let mut healed = observed(hash);
    healed.slots.insert(Ordinal(2), slot(3, true, hash));
    let better = facts_of(&prior, &healed, &validated);
    assert_eq!(seconds_since_progress(&prior, &better, at(10)), 0);
    let later = conclude(&prior, better, &idle, Addition::default(), at(10));
    assert_eq!(later.last_progress_at.as_deref(), Some("2026-01-01T00:10:00Z"));
}

#[test]
fn a_refused_resource_keeps_what_is_known_and_says_what_is_wrong() {
    let validated = validated();
    let idle = plan(ConditionKind::Available, ConditionStatus::True, "");
    let facts = facts_of(&Default::default(), &observed(&validated.template.hash), &validated);
    let prior = conclude(&Default::default(), facts, &idle, Addition::default(), at(0));
    let errors = [SpecError::new("spec.replicas", "must be odd")];
    let refused = refuse(&prior, 5, &errors, at(1));
    assert_eq!((refused.phase.as_str(), refused.observed_generation), ("Invalid", 5));
    assert_eq!(refused.bootstrap, prior.bootstrap);
    let condition = refused.conditions.iter().find(|it| it.type_ == "SpecValid").unwrap();
    assert!(condition.message.contains("spec.replicas: must be odd"), "{}", condition.message);
    assert!(refused.conditions.iter().any(|it| it.type_ == "Available" && it.status == "True"));
}
