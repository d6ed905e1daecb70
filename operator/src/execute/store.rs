//! Actions on the store's members.

use holdfast_plan::{Bootstrap, ClusterId, ConfigurationNumber, LearnerToAdd, MemberId, Ordinal, Process};
use kube::api::Api;

use super::kubernetes::{check_pod, live_claim, moved, namespaced};
use super::{ExecuteError, Subject};
use crate::crd::HoldfastCluster;
use crate::memory;
use crate::store::{AddedMember, ChangeMembership, MemberClient};

/// The one step that must never happen twice: everything that it rests on is read again, from the API server and from
/// the member, right before.
pub(super) async fn initialize(
    subject: Subject<'_>,
    ordinal: Ordinal,
    pod_uid: &str,
    claim_uid: &str,
    cluster_id: ClusterId,
) -> Result<(), ExecuteError> {
    let clusters: Api<HoldfastCluster> = namespaced(subject);
    let live = clusters
        .get(subject.validated.names.cluster())
        .await
        .map_err(ExecuteError::kubernetes("read the cluster's resource"))?;
    let memory = memory::read(live.status.as_ref(), &[]).map_err(|error| moved(&error.to_string()))?;
    let begun = Bootstrap::Begun { ordinal, claim_uid: claim_uid.to_owned() };
    let is_same =
        live.metadata.uid == subject.cluster.metadata.uid && live.metadata.deletion_timestamp.is_none();
    if !is_same || memory.bootstrap != begun || memory.cluster_id != Some(cluster_id) {
        return Err(moved("what is remembered of the cluster"));
    }
    check_pod(subject, ordinal, pod_uid).await?;
    live_claim(subject, ordinal, claim_uid).await?;
    let member = client_at(subject, ordinal, "initialise it")?;
    check_blank(member, cluster_id).await?;
    let made = member.initialize(cluster_id.0).await;
    made.map(|_| ()).map_err(ExecuteError::store("let itself be initialised"))
}

pub(super) async fn add_learners(
    subject: Subject<'_>,
    configuration: ConfigurationNumber,
    learners: &[LearnerToAdd],
) -> Result<(), ExecuteError> {
    let validated = subject.validated;
    for learner in learners {
        live_claim(subject, learner.ordinal, &learner.claim_uid).await?;
        check_blank(client_at(subject, learner.ordinal, "take it in")?, validated.desired.cluster_id).await?;
    }
    let url = |learner: &LearnerToAdd| validated.names.peer_url(learner.ordinal, validated.is_peer_encrypted);
    let change = ChangeMembership {
        expected_configuration: configuration.0,
        add: learners.iter().map(|learner| AddedMember { peer_urls: vec![url(learner)] }).collect(),
        ..ChangeMembership::default()
    };
    change_membership(subject, &change, "take learners in").await
}

pub(super) async fn change_voters(
    subject: Subject<'_>,
    configuration: ConfigurationNumber,
    voters: &[MemberId],
    remove: &[MemberId],
) -> Result<(), ExecuteError> {
    let change = ChangeMembership {
        expected_configuration: configuration.0,
        voters: voters.iter().map(|id| id.0).collect(),
        remove: remove.iter().map(|id| id.0).collect(),
        ..ChangeMembership::default()
    };
    change_membership(subject, &change, "change who votes").await
}

pub(super) async fn move_leader(
    subject: Subject<'_>,
    from: MemberId,
    to: MemberId,
) -> Result<(), ExecuteError> {
    let leader = client_of(subject, from).ok_or(ExecuteError::NobodyToAsk { task: "hand leadership on" })?;
    leader.move_leader(to.0).await.map_err(ExecuteError::store("hand leadership on"))
}

/// Asks the leader, or whoever runs: any member takes the call.
async fn change_membership(
    subject: Subject<'_>,
    change: &ChangeMembership,
    task: &'static str,
) -> Result<(), ExecuteError> {
    let leader = subject.members.membership.as_ref().and_then(|membership| membership.leader);
    let anybody = || {
        subject.members.processes.iter().find_map(|(ordinal, process)| {
            matches!(process, Process::Running(_)).then(|| subject.members.clients.get(ordinal)).flatten()
        })
    };
    let member = leader.and_then(|leader| client_of(subject, leader)).or_else(anybody);
    let member = member.ok_or(ExecuteError::NobodyToAsk { task })?;
    match member.change_membership(change).await {
        Ok(_) => Ok(()),
        Err(cause) => Err(ExecuteError::Store { task, cause }),
    }
}

/// Whether the membership is still what the plan was made from, as the leader has it now.
pub(super) async fn check_configuration(
    subject: Subject<'_>,
    configuration: ConfigurationNumber,
) -> Result<(), ExecuteError> {
    let task = "say who its members are";
    let leader = subject.members.membership.as_ref().and_then(|membership| membership.leader);
    let leader = leader.and_then(|leader| client_of(subject, leader));
    let answer = leader.ok_or(ExecuteError::NobodyToAsk { task })?.membership().await;
    let answer = answer.map_err(ExecuteError::store(task))?;
    let is_same = answer.configuration == configuration.0 && answer.leader == answer.header.member_id;
    if is_same { Ok(()) } else { Err(moved("the membership")) }
}

async fn check_blank(member: &MemberClient, cluster_id: ClusterId) -> Result<(), ExecuteError> {
    let (state, _) = member.state().await.map_err(ExecuteError::store("say who it is"))?;
    if state.is_blank && state.cluster_id == cluster_id.0 {
        return Ok(());
    }
    Err(moved(&format!("{}, which was blank,", member.address().name)))
}

fn client_at<'a>(
    subject: Subject<'a>,
    ordinal: Ordinal,
    task: &'static str,
) -> Result<&'a MemberClient, ExecuteError> {
    subject.members.clients.get(&ordinal).ok_or(ExecuteError::NobodyToAsk { task })
}

fn client_of<'a>(subject: Subject<'a>, member: MemberId) -> Option<&'a MemberClient> {
    let is_it =
        |process: &Process| matches!(process, Process::Running(running) if running.member_id == member);
    let (ordinal, _) = subject.members.processes.iter().find(|(_, process)| is_it(process))?;
    subject.members.clients.get(ordinal)
}
