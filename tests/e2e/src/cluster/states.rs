//! The states of a cluster that scenarios wait for, each named by what it waits for, with what was seen in the failure.

use std::time::Duration;

use holdfast_operator::crd::HoldfastCluster;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::Cluster;
use crate::failure::Outcome;
use crate::limits;
use crate::waiting::{Look, wait_until};

impl Cluster {
    /// Waits until the cluster is as its resource says: available, with so many voters and nobody else, all ready and
    /// made from the newest template.
    ///
    /// # Errors
    /// When it does not become so in time.
    pub async fn settles(&self, members: usize, limit: Duration) -> Outcome {
        wait_until(&format!("{} with {members} members at rest", self.name), limit, async || {
            let cluster = self.get().await?;
            let workload = self.workload().await?;
            let replicas = workload.spec.and_then(|spec| spec.replicas).unwrap_or_default();
            let is_sized = replicas == members as i32;
            Ok(Look::when(is_settled(&cluster, members) && is_sized, describe(&cluster)))
        })
        .await
    }

    /// Waits until the status says that linearizable reads are answered.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn becomes_available(&self, limit: Duration) -> Outcome {
        self.shows("Available", "True", limit).await.map(drop)
    }

    /// Waits until a condition has a status, and returns it.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn shows(&self, kind: &str, status: &str, limit: Duration) -> Outcome<Condition> {
        wait_until(&format!("condition {kind}={status}"), limit, async || {
            let cluster = self.get().await?;
            Ok(match condition(&cluster, kind) {
                Some(found) if found.status == status => Look::There(found.clone()),
                _ => Look::NotYet(describe(&cluster)),
            })
        })
        .await
    }

    /// Waits until a condition has a reason, whatever its status.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn gives_reason(&self, kind: &str, reasons: &[&str], limit: Duration) -> Outcome<Condition> {
        wait_until(&format!("condition {kind} for {}", reasons.join(" or ")), limit, async || {
            let cluster = self.get().await?;
            Ok(match condition(&cluster, kind) {
                Some(found) if reasons.contains(&found.reason.as_str()) => Look::There(found.clone()),
                _ => Look::NotYet(describe(&cluster)),
            })
        })
        .await
    }

    /// Waits until the operator has looked at the newest spec.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn is_looked_at(&self, limit: Duration) -> Outcome {
        wait_until("the operator to look at the newest spec", limit, async || {
            let cluster = self.get().await?;
            let seen = cluster.status.as_ref().map(|status| status.observed_generation);
            Ok(Look::when(seen == cluster.metadata.generation, describe(&cluster)))
        })
        .await
    }

    /// Waits until there is a leader, and returns its ordinal.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn leader(&self) -> Outcome<usize> {
        wait_until("a leader in the status", limits::CONDITION, async || {
            let cluster = self.get().await?;
            let leader = cluster.status.as_ref().and_then(|status| status.leader.clone());
            let ordinal =
                leader.as_deref().and_then(|pod| pod.rsplit('-').next()).and_then(|text| text.parse().ok());
            Ok(ordinal.map_or_else(|| Look::NotYet(describe(&cluster)), Look::There))
        })
        .await
    }

    /// Waits until the resource is gone.
    ///
    /// # Errors
    /// When it stays.
    pub async fn goes(&self, limit: Duration) -> Outcome {
        wait_until(&format!("the end of {}", self.name), limit, async || {
            let left = self.api().get_opt(&self.name).await?;
            let finalizers = left.as_ref().and_then(|left| left.metadata.finalizers.clone());
            Ok(Look::when(left.is_none(), format!("it is there, with finalizers {finalizers:?}")))
        })
        .await
    }

    /// Waits until it has no pods.
    ///
    /// # Errors
    /// When some stay.
    pub async fn has_no_pods(&self, limit: Duration) -> Outcome {
        wait_until(&format!("the end of the pods of {}", self.name), limit, async || {
            let left = self.pods().await?.len();
            Ok(Look::when(left == 0, format!("{left} pods")))
        })
        .await
    }

    /// Waits until a member has another claim than the one with this UID.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn has_new_claim(
        &self,
        ordinal: usize,
        old: Option<&PersistentVolumeClaim>,
        limit: Duration,
    ) -> Outcome {
        let old = old.and_then(|claim| claim.metadata.uid.clone());
        wait_until(&format!("a new {}", self.claim_name(ordinal)), limit, async || {
            let claim = self.claim(ordinal).await?;
            let uid = claim.and_then(|claim| claim.metadata.uid);
            Ok(Look::when(uid.is_some() && uid != old, format!("{uid:?}, before {old:?}")))
        })
        .await
    }

    /// Waits until a member has another id than it had.
    ///
    /// # Errors
    /// When it has not in time.
    pub async fn has_new_member(&self, ordinal: usize, old: Option<&str>, limit: Duration) -> Outcome {
        wait_until(&format!("a new member {}", self.pod_name(ordinal)), limit, async || {
            let now = self.member_id(ordinal).await?;
            Ok(Look::when(now.is_some() && now.as_deref() != old, format!("{now:?}, before {old:?}")))
        })
        .await
    }

    /// The id of a member, as the status has it.
    ///
    /// # Errors
    /// When the resource is not there.
    pub async fn member_id(&self, ordinal: usize) -> Outcome<Option<String>> {
        let members = self.status().await?.members;
        Ok(members
            .into_iter()
            .find(|member| member.ordinal == ordinal as i32)
            .and_then(|member| member.member_id))
    }
}

fn is_settled(cluster: &HoldfastCluster, members: usize) -> bool {
    let Some(status) = &cluster.status else { return false };
    let members = members as i32;
    let voters = status.quorum.as_ref().map(|quorum| (quorum.voters, quorum.learners, quorum.healthy));
    Some(status.observed_generation) == cluster.metadata.generation
        && condition(cluster, "Available").is_some_and(|found| found.status == "True")
        && (status.replicas, status.ready_replicas, status.updated_replicas) == (members, members, members)
        && voters == Some((members, 0, members))
}

fn condition<'a>(cluster: &'a HoldfastCluster, kind: &str) -> Option<&'a Condition> {
    cluster.status.as_ref()?.conditions.iter().find(|condition| condition.type_ == kind)
}

fn describe(cluster: &HoldfastCluster) -> String {
    let Some(status) = &cluster.status else { return "no status".to_owned() };
    let conditions: Vec<_> = status
        .conditions
        .iter()
        .map(|condition| {
            let Condition { type_, status, reason, message, .. } = condition;
            format!("{type_}={status} ({reason}: {message})")
        })
        .collect();
    let quorum = status.quorum.as_ref().map(|quorum| (quorum.voters, quorum.learners, quorum.healthy));
    let generations = (status.observed_generation, cluster.metadata.generation);
    format!(
        "generation {generations:?}, pods {}/{}/{} (all, ready, updated), voters/learners/healthy {quorum:?}, plan {:?}, {}",
        status.replicas,
        status.ready_replicas,
        status.updated_replicas,
        status.plan,
        conditions.join(", ")
    )
}
