//! The objects beside the StatefulSet, brought to what they should be. None of them disturbs a member, so that no plan is
//! needed for them.

use holdfast_plan::{Bootstrap, Memory, Role};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, DeleteParams};

use super::apply::apply;
use super::{ExecuteError, Subject};
use crate::resources::disruption_budget::disruption_budget;
use crate::resources::network_policy::network_policy;
use crate::resources::services;

/// Applies what is missing or was changed, and deletes what is not wanted any more.
///
/// # Errors
/// See [`ExecuteError`].
pub async fn ensure_children(subject: Subject<'_>, memory: &Memory) -> Result<(), ExecuteError> {
    let names = &subject.validated.names;
    let spec = &subject.cluster.spec;
    let peers = services::peers(names, subject.owner);
    apply(subject, service(subject, &names.peers_service()), peers).await?;
    // Before the cluster is made, there is nothing behind it that could answer.
    if memory.bootstrap == Bootstrap::Done {
        let client = services::client(names, subject.owner, &spec.services.client);
        apply(subject, service(subject, &names.client_service()), client).await?;
    }
    let policy = subject.objects.policy.as_ref();
    if spec.network_policy.enabled {
        let from = &spec.network_policy.allow_from;
        let wanted = network_policy(names, subject.owner, &subject.context.settings.namespace, from);
        apply(subject, policy, wanted).await?;
    } else if policy.is_some() {
        delete::<NetworkPolicy>(subject).await?;
    }
    let budget = subject.objects.budget.as_ref();
    if spec.disruption_budget.enabled && !spec.hibernate {
        let wanted = disruption_budget(names, subject.owner, voters(subject));
        apply(subject, budget, wanted).await?;
    } else if budget.is_some() {
        delete::<PodDisruptionBudget>(subject).await?;
    }
    Ok(())
}

/// The voters that the budget is for: those that there are, or else those that there will be.
fn voters(subject: Subject<'_>) -> usize {
    match &subject.members.membership {
        Some(membership) => membership.members.values().filter(|member| member.role == Role::Voter).count(),
        None => subject.validated.desired.replicas as usize,
    }
}

fn service<'a>(subject: Subject<'a>, name: &str) -> Option<&'a Service> {
    subject.objects.services.iter().find(|service| service.metadata.name.as_deref() == Some(name))
}

async fn delete<K>(subject: Subject<'_>) -> Result<(), ExecuteError>
where
    K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>
        + Clone
        + serde::de::DeserializeOwned
        + std::fmt::Debug,
{
    let names = &subject.validated.names;
    let api: Api<K> = Api::namespaced(subject.context.client.clone(), names.namespace());
    match api.delete(names.cluster(), &DeleteParams::default()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        Err(cause) => Err(ExecuteError::Kubernetes { task: "delete an object", cause }),
    }
}
