//! The loops that look after users and roles: what both have in common. Nothing is decided here; one object that fails
//! does not hold up the others.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use kube::core::DeserializeGuard;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::finalizer::{self, finalizer};
use kube::runtime::watcher;
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use thiserror::Error;

use super::AccessError;
use super::reach::{Reached, reach};
use super::store::AccessStore;
use crate::causes::with_causes;
use crate::crd::{AccessStatus, GROUP, HoldfastCluster, HoldfastRole, HoldfastUser, ReclaimPolicy, VERSION};
use crate::limits::{ACCESS_CLEANUP_TIME, ACCESS_CONCURRENCY, ACCESS_LOOK_AGAIN, ACCESS_RETRY};
use crate::resources::labels;
use crate::trust::UnixSeconds;

/// Keeps a resource until what it stands for is gone from the store.
const FINALIZER: &str = "holdfast.dev/access";

/// What applying one has come to.
pub(super) struct Applied {
    pub(super) status: AccessStatus,
    /// For events, one line each.
    pub(super) done: Vec<String>,
    /// When to look again.
    pub(super) look_again: Duration,
}

/// A resource that stands for something in the store.
pub(super) trait AccessResource:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + DeserializeOwned
    + Serialize
    + Send
    + Sync
    + 'static
{
    fn cluster(&self) -> &str;
    fn reclaim_policy(&self) -> ReclaimPolicy;
    fn status(&self) -> Option<&AccessStatus>;
    /// What it stands for: two with the same are the same in the store.
    fn subject(&self) -> &str;
    /// Brings the store to what the resource says.
    fn apply(
        &self,
        client: &kube::Client,
        cluster: &HoldfastCluster,
        store: &AccessStore,
    ) -> impl Future<Output = Result<Applied, AccessError>> + Send;
    /// Takes it out of the store.
    fn remove(&self, store: &AccessStore) -> impl Future<Output = Result<(), AccessError>> + Send;
}

struct Context {
    client: kube::Client,
    recorder: Recorder,
}

#[derive(Debug, Error)]
enum ReconcileError {
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error("the finalizer cannot be written, or what it is for has failed")]
    Finalizer(#[source] Box<finalizer::Error<AccessError>>),
}

/// Looks after the users and roles of some namespaces (none: of all) until `stop` ends.
pub async fn run(client: kube::Client, namespaces: &[String], stop: impl Future<Output = ()> + Send) {
    let mut loops: Vec<futures::future::BoxFuture<'static, ()>> = Vec::new();
    let scopes: Vec<Option<&str>> = match namespaces {
        [] => vec![None],
        some => some.iter().map(|namespace| Some(namespace.as_str())).collect(),
    };
    for namespace in scopes {
        loops.push(Box::pin(watch::<HoldfastRole>(client.clone(), namespace.map(str::to_owned))));
        loops.push(Box::pin(watch::<HoldfastUser>(client.clone(), namespace.map(str::to_owned))));
    }
    // A step that is broken off is taken again by whoever comes next; every one of them may be.
    tokio::select! {
        _ = futures::future::join_all(loops) => {}
        () = stop => {}
    }
}

fn api<K: Resource<DynamicType = (), Scope = NamespaceResourceScope>>(
    client: &kube::Client,
    namespace: Option<&str>,
) -> Api<K> {
    match namespace {
        None => Api::all(client.clone()),
        Some(namespace) => Api::namespaced(client.clone(), namespace),
    }
}

async fn watch<K: AccessResource>(client: kube::Client, namespace: Option<String>) {
    let reporter = Reporter { controller: labels::MANAGER.to_owned(), instance: None };
    let context =
        Arc::new(Context { recorder: Recorder::new(client.clone(), reporter), client: client.clone() });
    let main: Api<DeserializeGuard<K>> = match &namespace {
        None => Api::all(client.clone()),
        Some(namespace) => Api::namespaced(client.clone(), namespace),
    };
    let secrets: Api<Secret> = api(&client, namespace.as_deref());
    Controller::new(main, watcher::Config::default())
        .owns(secrets, watcher::Config::default().labels(&labels::query_all()))
        .with_config(Config::default().concurrency(ACCESS_CONCURRENCY))
        .run(reconcile::<K>, retry::<K>, context)
        .for_each(|outcome| async move {
            if let Err(error) = outcome {
                tracing::debug!(error = with_causes(&error), "a user or role was not looked after");
            }
        })
        .await;
}

fn retry<K: AccessResource>(
    object: Arc<DeserializeGuard<K>>,
    error: &ReconcileError,
    _: Arc<Context>,
) -> Action {
    let kind = K::kind(&());
    tracing::warn!(%kind, name = object.name_any(), error = with_causes(error), "will be tried again");
    Action::requeue(ACCESS_RETRY)
}

async fn reconcile<K: AccessResource>(
    object: Arc<DeserializeGuard<K>>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let object = match &object.0 {
        Ok(object) => Arc::new(object.clone()),
        Err(invalid) => {
            tracing::warn!(kind = %K::kind(&()), name = object.name_any(), error = %invalid, "cannot be read");
            return Ok(Action::await_change());
        }
    };
    let namespace = object.namespace().unwrap_or_default();
    let api: Api<K> = Api::namespaced(context.client.clone(), &namespace);
    let outcome = finalizer(&api, FINALIZER, object, async |event| match event {
        finalizer::Event::Apply(object) => apply(&api, &object, &context).await,
        finalizer::Event::Cleanup(object) => clean_up(&api, &object, &context).await,
    })
    .await;
    match outcome {
        Ok(action) => Ok(action),
        Err(finalizer::Error::ApplyFailed(error)) => Err(error.into()),
        Err(error) => Err(ReconcileError::Finalizer(Box::new(error))),
    }
}

async fn apply<K: AccessResource>(
    api: &Api<K>,
    object: &K,
    context: &Context,
) -> Result<Action, AccessError> {
    let applied = match try_to_apply(api, object, context).await {
        Ok(applied) => applied,
        Err(error) => {
            write_status(api, object, waiting(object, with_causes(&error)).status).await?;
            return Err(error);
        }
    };
    for line in applied.done {
        tell(object, context, EventType::Normal, "Applied", line).await;
    }
    write_status(api, object, applied.status).await?;
    Ok(Action::requeue(applied.look_again))
}

async fn try_to_apply<K: AccessResource>(
    api: &Api<K>,
    object: &K,
    context: &Context,
) -> Result<Applied, AccessError> {
    if let Some(other) = twin(api, object).await? {
        let what = format!("{} {other} was there before and stands for the same", K::kind(&()));
        return Ok(waiting(object, what));
    }
    let namespace = object.namespace().unwrap_or_default();
    match reach(&context.client, &namespace, object.cluster()).await? {
        Reached::Gone(what) | Reached::NotYet(what) => Ok(waiting(object, what)),
        Reached::Store(cluster, store) => object.apply(&context.client, &cluster, &store).await,
    }
}

/// Nothing was done, for this reason.
pub(super) fn waiting<K: AccessResource>(object: &K, message: String) -> Applied {
    let before = object.status().cloned().unwrap_or_default();
    let observed_generation = object.meta().generation.unwrap_or_default();
    let status = AccessStatus { applied: false, message, observed_generation, ..before };
    Applied { status, done: Vec::new(), look_again: ACCESS_RETRY }
}

/// All is as the resource says.
pub(super) fn applied<K: AccessResource>(
    object: &K,
    password_version: Option<String>,
    done: Vec<String>,
) -> Applied {
    let observed_generation = object.meta().generation.unwrap_or_default();
    let status =
        AccessStatus { observed_generation, applied: true, message: String::new(), password_version };
    Applied { status, done, look_again: ACCESS_LOOK_AGAIN }
}

/// Another resource for the same thing that came before this one. The later one must neither change nor delete what the
/// other one owns.
async fn twin<K: AccessResource>(api: &Api<K>, object: &K) -> Result<Option<String>, AccessError> {
    let list = api
        .list(&kube::api::ListParams::default())
        .await
        .map_err(|source| AccessError::kubernetes("list", format!("{}s", K::kind(&())), source))?;
    Ok(earlier_twin(object, &list.items).map(ResourceExt::name_any))
}

fn earlier_twin<'a, K: AccessResource>(object: &K, all: &'a [K]) -> Option<&'a K> {
    let age = |one: &K| (one.creation_timestamp().map(|time| time.0), one.name_any());
    all.iter().find(|other| {
        other.name_any() != object.name_any()
            && other.cluster() == object.cluster()
            && other.subject() == object.subject()
            && other.meta().deletion_timestamp.is_none()
            && (object.meta().deletion_timestamp.is_some() || age(other) < age(object))
    })
}

/// Takes it out of the store, as far as there still is one. A cluster that is gone, or does not answer for long, does not
/// hold up the deletion of a namespace.
async fn clean_up<K: AccessResource>(
    api: &Api<K>,
    object: &K,
    context: &Context,
) -> Result<Action, AccessError> {
    let done = Ok(Action::await_change());
    if object.reclaim_policy() == ReclaimPolicy::Retain {
        return done;
    }
    let outcome = try_to_remove(api, object, context).await;
    let Err(error) = outcome else { return done };
    let asked_at = object.meta().deletion_timestamp.as_ref().map(|time| time.0.as_second());
    let waited =
        asked_at.map_or(0, |at| UnixSeconds::now().since(UnixSeconds(u64::try_from(at).unwrap_or(0))));
    if waited < ACCESS_CLEANUP_TIME.as_secs() {
        return Err(error);
    }
    let note = format!("{} may still be in the store: {}", object.subject(), with_causes(&error));
    tell(object, context, EventType::Warning, "NotDeleted", note).await;
    done
}

async fn try_to_remove<K: AccessResource>(
    api: &Api<K>,
    object: &K,
    context: &Context,
) -> Result<(), AccessError> {
    if twin(api, object).await?.is_some() {
        return Ok(());
    }
    let namespace = object.namespace().unwrap_or_default();
    match reach(&context.client, &namespace, object.cluster()).await? {
        Reached::Gone(_) => Ok(()),
        Reached::NotYet(what) => Err(AccessError::NotYet(what)),
        Reached::Store(_, store) => object.remove(&store).await,
    }
}

async fn tell<K: AccessResource>(object: &K, context: &Context, kind: EventType, reason: &str, note: String) {
    let event = Event {
        type_: kind,
        reason: reason.to_owned(),
        note: Some(note),
        action: "Reconcile".to_owned(),
        secondary: None,
    };
    if let Err(error) = context.recorder.publish(&event, &object.object_ref(&())).await {
        tracing::warn!(%error, "an event could not be written");
    }
}

/// Writes the status if it differs from what the resource has.
async fn write_status<K: AccessResource>(
    api: &Api<K>,
    object: &K,
    status: AccessStatus,
) -> Result<(), AccessError> {
    if object.status() == Some(&status) {
        return Ok(());
    }
    let name = object.name_any();
    let body = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": K::kind(&()),
        "status": status,
    });
    let parameters = PatchParams::apply(labels::MANAGER).force();
    match api.patch_status(&name, &parameters, &Patch::Apply(body)).await {
        Ok(_) => Ok(()),
        // It was deleted meanwhile.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(source) => {
            Err(AccessError::kubernetes("write the status of", format!("{} {name}", K::kind(&())), source))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str, username: &str, made_at: &str, is_deleting: bool) -> HoldfastUser {
        let mut metadata = json!({ "name": name, "namespace": "ns", "creationTimestamp": made_at });
        if is_deleting {
            metadata["deletionTimestamp"] = json!(made_at);
        }
        let spec = json!({ "clusterRef": { "name": "hf" }, "username": username });
        let (version, kind) = ("holdfast.dev/v1alpha1", "HoldfastUser");
        let object = json!({ "apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec });
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn of_two_resources_for_one_user_the_first_counts_and_the_last_deletes() {
        const EARLY: &str = "2026-01-01T00:00:00Z";
        const LATE: &str = "2026-01-02T00:00:00Z";
        let (first, second) = (user("a", "ann", EARLY, false), user("b", "ann", LATE, false));
        let other = user("c", "bob", EARLY, false);
        let all = [first.clone(), second.clone(), other.clone()];
        let twin =
            |object: &HoldfastUser, all: &[HoldfastUser]| earlier_twin(object, all).map(|it| it.name_any());
        assert_eq!(twin(&first, &all), None);
        assert_eq!(twin(&second, &all).as_deref(), Some("a"));
        assert_eq!(twin(&other, &all), None);
        // The first goes: what it stands for stays, for the second.
        let going = user("a", "ann", EARLY, true);
        assert_eq!(twin(&going, &[going.clone(), second.clone()]).as_deref(), Some("b"));
        assert_eq!(twin(&second, &[going.clone(), second.clone()]), None);
        assert_eq!(twin(&going, std::slice::from_ref(&going)), None);
    }
}
