//! What makes a cluster be looked at: changes of its resource and of everything that belongs to it, and time. Failures of
//! one cluster slow down only that one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::join_all;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::Api;
use kube::core::{DeserializeGuard, NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::Controller;
use kube::runtime::controller::{self, Action, Config};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::{oneshot, watch};
use tracing::Instrument;

use crate::backoff::spread;
use crate::cli::Run;
use crate::context::Context;
use crate::crd::HoldfastCluster;
use crate::limits::{DEBOUNCE, LOOK_AGAIN_MAX};
use crate::reconcile::{Guarded, ReconcileError, forget, reconcile};
use crate::resources::labels;

const KIND: &str = "HoldfastCluster";

/// Looks after clusters until it is told to stop; then what is under way is finished.
pub async fn run(context: Arc<Context>, run: &Run, stopped: watch::Receiver<bool>) {
    let namespaces: Vec<Option<&str>> = match run.watch_namespaces.as_slice() {
        [] => vec![None],
        named => named.iter().map(|name| Some(name.as_str())).collect(),
    };
    let count = u16::try_from(namespaces.len()).unwrap_or(u16::MAX);
    let concurrency = (run.concurrency / count).max(1);
    let all = namespaces.into_iter().map(|namespace| {
        run_one(Arc::clone(&context), namespace.map(str::to_owned), concurrency, stopped.clone())
    });
    join_all(all).await;
}

/// One controller, for one namespace or for all.
async fn run_one(
    context: Arc<Context>,
    namespace: Option<String>,
    concurrency: u16,
    mut stopped: watch::Receiver<bool>,
) {
    let (tell, told) = oneshot::channel();
    tokio::spawn(async move {
        // Whoever waited may be gone by then, and a sender that is gone means the end, too.
        let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
        let _ = tell.send(());
    });
    let client = &context.client;
    let namespace = namespace.as_deref();
    let ours = || watcher::Config::default().labels(&labels::query_all());
    let clusters = api::<DeserializeGuard<HoldfastCluster>>(client, namespace);
    let controller = Controller::new(clusters, watcher::Config::default())
        .with_config(Config::default().concurrency(concurrency).debounce(DEBOUNCE))
        .watches(api::<StatefulSet>(client, namespace), ours(), touching(&context))
        .watches(api::<Service>(client, namespace), ours(), touching(&context))
        .watches(api::<PodDisruptionBudget>(client, namespace), ours(), touching(&context))
        .watches(api::<NetworkPolicy>(client, namespace), ours(), touching(&context))
        // Their content is read when it is needed; that they changed is enough here.
        .watches(api::<PartialObjectMeta<Secret>>(client, namespace), ours(), touching(&context))
        .watches(api::<Pod>(client, namespace), ours(), touching(&context))
        .watches(api::<PersistentVolumeClaim>(client, namespace), ours(), touching(&context))
        .graceful_shutdown_on(async move {
            // A sender that is gone means the end, too.
            let _ = told.await;
        });
    let results = controller.run(look, failed, Arc::clone(&context));
    results
        .for_each(|result| async {
            match result {
                Ok(_) => {}
                // Most clusters go without a last look, since nothing of them has to be waited for; what was theirs goes
                // after them, and is seen here.
                Err(controller::Error::ObjectNotFound(gone)) => {
                    forget(&context, gone.namespace.as_deref().unwrap_or_default(), &gone.name);
                }
                // A watch that begins anew, say: ordinary, and told by kube.
                Err(error) => tracing::debug!(error = %error, "a look ended early"),
            }
        })
        .await;
}

fn api<K>(client: &kube::Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// From an object that has changed to the cluster that its label names, which is not at rest any more.
fn touching<K: ResourceExt>(
    context: &Arc<Context>,
) -> impl Fn(K) -> Option<ObjectRef<DeserializeGuard<HoldfastCluster>>> + Send + Sync + 'static {
    let context = Arc::clone(context);
    move |object: K| {
        let name = object.labels().get(labels::CLUSTER)?;
        let namespace = object.namespace()?;
        context.resting.changed(&(namespace.clone(), name.clone()));
        Some(ObjectRef::new(name).within(&namespace))
    }
}

async fn look(cluster: Guarded, context: Arc<Context>) -> Result<Action, ReconcileError> {
    let (namespace, name) = (cluster.namespace().unwrap_or_default(), cluster.name_any());
    let span = tracing::info_span!("cluster", namespace, name, generation = cluster.meta().generation);
    async {
        if let Err(invalid) = &cluster.0 {
            tracing::error!(error = %invalid, "the resource cannot be read; nothing is done until it is corrected");
            context.metrics.reconciled(KIND, Duration::ZERO, true);
            return Ok(Action::await_change());
        }
        let begun = Instant::now();
        let outcome = reconcile(&context, &namespace, &name, cluster.meta().resource_version.as_deref()).await;
        context.metrics.reconciled(KIND, begun.elapsed(), outcome.is_err());
        let next = outcome?;
        context.failures.lock().remove(&(namespace.clone(), name.clone()));
        tracing::debug!(duration = ?begun.elapsed(), next = ?next, "looked");
        // Spread, so that a fleet of clusters is not looked at all at once for ever.
        Ok(next.map_or_else(|| Action::requeue(LOOK_AGAIN_MAX), |next| Action::requeue(gently(next))))
    }
    .instrument(span)
    .await
}

/// Long waits are spread; short ones are short because something is expected then.
fn gently(wait: Duration) -> Duration {
    if wait > Duration::from_secs(15) { spread(wait) } else { wait }
}

#[allow(clippy::needless_pass_by_value, reason = "the form that the controller calls")]
fn failed(cluster: Guarded, error: &ReconcileError, context: Arc<Context>) -> Action {
    let key = (cluster.namespace().unwrap_or_default(), cluster.name_any());
    let wait = context.failures.lock().entry(key.clone()).or_default().failed();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    tracing::warn!(namespace = key.0, name = key.1, error = text, wait = ?wait, "a look at a cluster has failed");
    Action::requeue(wait)
}
