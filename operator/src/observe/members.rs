//! What the members say, all asked at the same time. A member that does not answer is unknown; nothing is concluded from
//! that here.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::future::join_all;
use holdfast_plan::{
    ClusterId, ConfigurationNumber, MemberId, Membership, ObservedMember, Ordinal, Process, Role, Running,
};
use k8s_openapi::api::core::v1::Pod;

use crate::resources::Names;
use crate::resources::names::{CLIENT_PORT, PEER_PORT};
use crate::store::{Credentials, MemberAddress, MemberClient, MemberRole, MembershipAnswer, StoreError};
use crate::trust::RunningMember;

/// How members are asked.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// How to speak TLS, if they do.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// Name and password, where no certificate says who the operator is.
    pub credentials: Option<Credentials>,
}

/// What the members of one cluster said in one round.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// What answers, by ordinal.
    pub processes: BTreeMap<Ordinal, Process>,
    /// Whom to ask, by ordinal: every pod with an address.
    pub clients: BTreeMap<Ordinal, MemberClient>,
    /// SHA-256 of the certificate that each one showed.
    pub fingerprints: BTreeMap<Ordinal, String>,
    /// Why somebody could not be asked.
    pub problems: BTreeMap<Ordinal, String>,
    /// The membership.
    pub membership: Option<Membership>,
    /// A linearizable read was answered.
    pub is_serving: bool,
}

/// Who can be asked: the pods of the cluster that have an address.
#[must_use]
pub fn clients(pods: &[Pod], names: &Names, access: &Access) -> BTreeMap<Ordinal, MemberClient> {
    let addressed = pods.iter().filter_map(|pod| {
        let ordinal = names.ordinal_of_pod(pod.metadata.name.as_deref()?)?;
        let status = pod.status.as_ref()?;
        let address: IpAddr = status.pod_ip.as_deref()?.parse().ok()?;
        // A pod that has ended may still show an address, which another one has by now.
        let is_over = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        let address = MemberAddress {
            name: names.pod(ordinal),
            socket: SocketAddr::new(address, CLIENT_PORT),
            server_name: names.member_host(ordinal),
        };
        let client = MemberClient::new(address, access.tls.clone(), access.credentials.clone());
        (!is_over).then_some((ordinal, client))
    });
    addressed.collect()
}

/// Who runs, and where: the pods of the cluster that have an address.
#[must_use]
pub fn running(pods: &[Pod], names: &Names) -> Vec<RunningMember> {
    let all = clients(pods, names, &Access::default());
    let listed = all.into_values().map(|client| {
        let address = client.address();
        RunningMember {
            name: address.name.clone(),
            address: address.socket.ip(),
            client_port: CLIENT_PORT,
            peer_port: PEER_PORT,
            server_name: address.server_name.clone(),
        }
    });
    listed.collect()
}

/// Asks everybody. `cluster_id` is the cluster whose membership counts.
pub async fn ask(clients: BTreeMap<Ordinal, MemberClient>, names: &Names, cluster_id: ClusterId) -> Members {
    let all: Vec<(Ordinal, MemberClient)> =
        clients.iter().map(|(ordinal, client)| (*ordinal, client.clone())).collect();
    let told =
        join_all(all.into_iter().map(|(ordinal, client)| async move { (ordinal, ask_one(&client).await) }))
            .await;
    let mut members = Members { clients, ..Members::default() };
    let mut answers = Vec::new();
    for (ordinal, told) in told {
        match told {
            Err(error) => {
                members.problems.insert(ordinal, error.to_string());
            }
            Ok(told) => {
                if let Some(fingerprint) = told.fingerprint {
                    members.fingerprints.insert(ordinal, fingerprint);
                }
                if is_of(&told.process, cluster_id) {
                    answers.extend(told.membership);
                    members.is_serving |= told.is_serving;
                }
                members.processes.insert(ordinal, told.process);
            }
        }
    }
    members.membership = best(&answers, names);
    members
}

struct Told {
    process: Process,
    fingerprint: Option<String>,
    membership: Option<MembershipAnswer>,
    is_serving: bool,
}

async fn ask_one(client: &MemberClient) -> Result<Told, StoreError> {
    let (state, shown) = client.state().await?;
    let cluster_id = ClusterId(state.cluster_id);
    if state.is_blank {
        let process = Process::Blank { cluster_id };
        return Ok(Told { process, fingerprint: shown.fingerprint, membership: None, is_serving: false });
    }
    let (status, versions, membership, read) =
        tokio::join!(client.status(), client.versions(), client.membership(), client.linearizable_read());
    let errors =
        [status.as_ref().err(), versions.as_ref().err(), membership.as_ref().err(), read.as_ref().err()];
    for error in errors.into_iter().flatten() {
        tracing::debug!(error = %error, "a member that runs could not tell everything");
    }
    // Who it is, is known; how it fares, it may not be able to tell.
    let status = status.unwrap_or_default();
    let running = Running {
        cluster_id,
        member_id: MemberId(state.member_id),
        version: versions.unwrap_or_default().holdfast,
        data_size_bytes: status.data_size_bytes,
        applied_index: status.applied_index,
        alarms: status.errors.iter().filter_map(|error| alarm(error)).collect(),
    };
    // Without a leader, how many are missing can only be told from what the member last heard.
    let membership = match membership {
        Ok(membership) => Some(membership),
        Err(_) => client.known_membership().await.ok(),
    };
    Ok(Told {
        process: Process::Running(running),
        fingerprint: shown.fingerprint,
        membership,
        is_serving: read.is_ok(),
    })
}

/// The alarm that an error of a member's status is about.
fn alarm(error: &str) -> Option<String> {
    let known = ["NOSPACE", "CORRUPT"];
    known.iter().find(|name| error.contains(*name)).map(|name| (*name).to_owned())
}

fn is_of(process: &Process, cluster_id: ClusterId) -> bool {
    matches!(process, Process::Running(running) if running.cluster_id == cluster_id)
}

/// The leader's answer, of several that take themselves for it the one of the highest term; else that of the newest
/// configuration, without a leader: only the leader knows who answers it.
fn best(answers: &[MembershipAnswer], names: &Names) -> Option<Membership> {
    let leads = |answer: &&MembershipAnswer| answer.leader != 0 && answer.leader == answer.header.member_id;
    let leader = answers.iter().filter(leads).max_by_key(|answer| answer.header.raft_term);
    let newest = || answers.iter().max_by_key(|answer| (answer.configuration, answer.header.raft_term));
    let answer = leader.or_else(newest)?;
    let members = answer.members.iter().map(|member| {
        let ordinal = member.peer_urls.iter().find_map(|url| names.ordinal_of_peer_url(url));
        let role = match member.role {
            MemberRole::Voter => Role::Voter,
            MemberRole::Learner | MemberRole::Joining => Role::Learner,
        };
        let seen = ObservedMember {
            ordinal,
            role,
            has_started: member.has_started,
            is_active: leader.is_some() && member.is_active,
            is_in_sync: leader.is_some() && member.is_in_sync,
        };
        (MemberId(member.id), seen)
    });
    Some(Membership {
        configuration: ConfigurationNumber(answer.configuration),
        leader: leader.map(|answer| MemberId(answer.leader)),
        is_changing: answer.is_changing,
        members: members.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ConfigurationMember, Header};

    fn answer(by: u64, leader: u64, configuration: u64, term: u64) -> MembershipAnswer {
        let member = |id: u64| ConfigurationMember {
            id,
            peer_urls: vec![format!("https://kv-{}.kv-peers.shop.svc:2380", id - 1)],
            is_active: true,
            is_in_sync: true,
            ..ConfigurationMember::default()
        };
        MembershipAnswer {
            header: Header { member_id: by, raft_term: term, ..Header::default() },
            leader,
            configuration,
            is_changing: false,
            members: (1..=configuration).map(member).collect(),
        }
    }

    #[test]
    fn the_leader_of_the_newest_term_is_believed() {
        let names = Names::new("kv", "shop", "cluster.local");
        let found = best(&[answer(1, 1, 3, 4), answer(2, 2, 2, 5), answer(3, 2, 2, 5)], &names).unwrap();
        assert_eq!(found.leader, Some(MemberId(2)));
        assert_eq!(found.configuration, ConfigurationNumber(2));
        assert_eq!(found.members[&MemberId(2)].ordinal, Some(Ordinal(1)));
    }

    #[test]
    fn without_the_leader_nobody_is_said_to_be_active() {
        let names = Names::new("kv", "shop", "cluster.local");
        let found = best(&[answer(1, 3, 2, 5), answer(2, 3, 3, 5)], &names).unwrap();
        assert_eq!((found.leader, found.configuration), (None, ConfigurationNumber(3)));
        assert!(found.members.values().all(|member| !member.is_active && !member.is_in_sync));
        assert_eq!(best(&[], &names), None);
    }
}
