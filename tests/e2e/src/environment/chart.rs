//! The operator, installed by Helm with our chart, and what a scenario does to it. Does not know clusters of Holdfast.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, LogParams, Patch, PatchParams};
use serde_json::json;

use super::Environment;
use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::waiting::{Look, wait_until};

/// Where the operator runs.
pub const OPERATOR_NAMESPACE: &str = "holdfast-system";
/// Name of the release, and so of the operator's Deployment.
pub const RELEASE: &str = "holdfast-operator";
/// Name of the operator's Lease.
const LEASE: &str = "holdfast-operator";

/// The installed operator.
#[derive(Clone)]
pub struct Chart {
    environment: Arc<Environment>,
    namespace: String,
    release: String,
}

impl Chart {
    /// The operator that all scenarios share.
    #[must_use]
    pub fn shared(environment: &Arc<Environment>) -> Self {
        Self::named(environment, OPERATOR_NAMESPACE, RELEASE)
    }

    /// An operator of a scenario's own.
    #[must_use]
    pub fn named(environment: &Arc<Environment>, namespace: &str, release: &str) -> Self {
        Self {
            environment: Arc::clone(environment),
            namespace: namespace.to_owned(),
            release: release.to_owned(),
        }
    }

    /// Installs or upgrades, and waits until the operator is ready. `settings` are arguments of `--set`.
    ///
    /// # Errors
    /// When Helm fails.
    pub async fn install(&self, settings: &[&str]) -> Outcome {
        let place = &self.environment.place;
        let folder = place.checkout.join("charts/holdfast").display().to_string();
        // A tag whose image was made anew starts no pod; this does.
        let loaded: Vec<_> = place.archives.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
        let images = [
            format!("podAnnotations.loaded={}", loaded.join("-")),
            format!("image.repository={}", place.operator_image),
            format!("image.tag={}", place.operator_tag),
            format!("server.image.repository={}", place.server_image),
        ];
        let mut arguments =
            vec!["upgrade", "--install", &self.release, &folder, "--namespace", &self.namespace];
        arguments.extend(["--create-namespace", "--wait", "--timeout", "4m"]);
        for setting in images.iter().map(String::as_str).chain(settings.iter().copied()) {
            arguments.extend(["--set", setting]);
        }
        self.environment.helm(&arguments).await?;
        self.wait_until_leading().await
    }

    /// Uninstalls.
    ///
    /// # Errors
    /// When Helm fails.
    pub async fn uninstall(&self) -> Outcome {
        self.environment
            .helm(&["uninstall", &self.release, "--namespace", &self.namespace, "--wait"])
            .await?;
        Ok(())
    }

    fn deployments(&self) -> Api<Deployment> {
        Api::namespaced(self.environment.client.clone(), &self.namespace)
    }

    fn pods_api(&self) -> Api<Pod> {
        Api::namespaced(self.environment.client.clone(), &self.namespace)
    }

    /// The operator's pods.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn pods(&self) -> Outcome<Vec<Pod>> {
        let selector = format!("app.kubernetes.io/instance={}", self.release);
        Ok(self.pods_api().list(&ListParams::default().labels(&selector)).await?.items)
    }

    /// Who holds the Lease.
    ///
    /// # Errors
    /// When there is none.
    pub async fn holder(&self) -> Outcome<Option<String>> {
        let leases: Api<Lease> = Api::namespaced(self.environment.client.clone(), &self.namespace);
        Ok(leases.get(LEASE).await?.spec.and_then(|spec| spec.holder_identity))
    }

    /// Gives the Lease to somebody who does not exist, as if the holder had been cut off.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn steal_lease(&self, thief: &str) -> Outcome {
        let leases: Api<Lease> = Api::namespaced(self.environment.client.clone(), &self.namespace);
        let patch = json!({ "spec": { "holderIdentity": thief } });
        leases.patch(LEASE, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Sets the number of operators and, for none, waits until they are gone.
    ///
    /// # Errors
    /// When the API server refuses, or it takes too long.
    pub async fn scale(&self, replicas: i32) -> Outcome {
        let patch = json!({ "spec": { "replicas": replicas } });
        self.deployments().patch(&self.release, &PatchParams::default(), &Patch::Merge(patch)).await?;
        let what = format!("{replicas} operators");
        wait_until(&what, limits::STEP, async || {
            let pods = self.pods().await?;
            let ready = pods.iter().filter(|pod| is_ready(pod)).count();
            let as_wanted = pods.len() == replicas as usize && ready == pods.len();
            Ok(Look::when(as_wanted, format!("{} pods, {ready} ready", pods.len())))
        })
        .await?;
        if replicas > 0 { self.wait_until_leading().await } else { Ok(()) }
    }

    /// Waits until the holder of the Lease is one of the pods that are there.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn wait_until_leading(&self) -> Outcome {
        wait_until("an operator that leads", limits::STEP, async || {
            let holder = self.holder().await?.unwrap_or_default();
            let pods = self.pods().await?;
            let names: Vec<_> = pods.iter().filter_map(|pod| pod.metadata.name.clone()).collect();
            let leads = names.iter().any(|name| holder.starts_with(name.as_str()));
            Ok(Look::when(leads, format!("held by {holder:?}, pods {names:?}")))
        })
        .await
    }

    /// Deletes the operator's pods at once, as a crash would end them.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn kill(&self) -> Outcome {
        for pod in self.pods().await? {
            let name = pod.metadata.name.unwrap_or_default();
            self.pods_api().delete(&name, &DeleteParams::default().grace_period(0)).await?;
        }
        Ok(())
    }

    /// Sets or, without a value, removes an environment variable of the operator, which restarts it.
    ///
    /// # Errors
    /// When kubectl fails.
    pub async fn set_variable(&self, name: &str, value: Option<&str>) -> Outcome {
        let setting = value.map_or_else(|| format!("{name}-"), |value| format!("{name}={value}"));
        let deployment = format!("deployment/{}", self.release);
        self.environment.kubectl(&["-n", &self.namespace, "set", "env", &deployment, &setting]).await?;
        Ok(())
    }

    /// Waits until a rollout of the operator has ended.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn wait_rolled_out(&self) -> Outcome {
        let deployment = format!("deployment/{}", self.release);
        let arguments = ["-n", &self.namespace, "rollout", "status", &deployment, "--timeout=120s"];
        self.environment.kubectl(&arguments).await?;
        self.wait_until_leading().await
    }

    /// How often the containers of the operator have ended.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn ends(&self) -> Outcome<i32> {
        Ok(self.pods().await?.iter().map(ends_of).sum())
    }

    /// Whether an operator with this environment variable has ended.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn ended_with(&self, name: &str, value: &str) -> Outcome<bool> {
        Ok(self.pods().await?.iter().any(|pod| has_variable(pod, name, value) && ends_of(pod) > 0))
    }

    /// Waits until no operator without this environment variable is left, which could do the work of those that have it.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn wait_until_all_have(&self, name: &str, value: &str) -> Outcome {
        wait_until(&format!("operators with {name}={value}"), limits::STEP, async || {
            let pods = self.pods().await?;
            let without = pods.iter().filter(|pod| !has_variable(pod, name, value)).count();
            Ok(Look::when(
                !pods.is_empty() && without == 0,
                format!("{without} of {} are without", pods.len()),
            ))
        })
        .await
    }

    /// What the operators have logged since a while ago.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn logs(&self, since: Duration) -> Outcome<String> {
        let mut text = String::new();
        for pod in self.pods().await? {
            let parameters =
                LogParams { since_seconds: Some(since.as_secs().max(1) as i64), ..LogParams::default() };
            text += &self.pods_api().logs(&pod.metadata.name.unwrap_or_default(), &parameters).await?;
        }
        Ok(text)
    }

    /// The operator's metrics, as the leading pod tells them.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub async fn metrics(&self) -> Outcome<String> {
        let holder = self.holder().await?.unwrap_or_default();
        for pod in self.pods().await? {
            let name = pod.metadata.name.unwrap_or_default();
            if holder.starts_with(&name) {
                let path = format!("/api/v1/namespaces/{}/pods/{name}:8080/proxy/metrics", self.namespace);
                return self.environment.kubectl(&["get", "--raw", &path]).await;
            }
        }
        Err(Failure::unmet(format!("the operator that leads ({holder:?}) has no pod")))
    }
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| &status.conditions).flatten();
    pod.metadata.deletion_timestamp.is_none()
        && conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn has_variable(pod: &Pod, name: &str, value: &str) -> bool {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut variables = containers.flat_map(|container| &container.env).flatten();
    variables.any(|variable| variable.name == name && variable.value.as_deref() == Some(value))
}

fn ends_of(pod: &Pod) -> i32 {
    let states = pod.status.iter().flat_map(|status| &status.container_statuses).flatten();
    states.map(|state| state.restart_count).sum()
}
