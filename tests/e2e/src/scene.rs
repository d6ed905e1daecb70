//! The place of one scenario: its namespace, and what it wants a reader of the results to know. Nothing of what a
//! scenario demands is here.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, DeleteParams, PostParams};
use parking_lot::Mutex;
use serde_json::json;

use crate::environment::{Chart, Environment};
use crate::failure::Outcome;
use crate::limits;
use crate::waiting::{Look, wait_until};

/// The place of one scenario.
pub struct Scene {
    /// The Kubernetes that it runs on.
    pub environment: Arc<Environment>,
    /// Its namespace, which nobody else uses.
    pub namespace: String,
    notes: Mutex<Vec<String>>,
}

impl Scene {
    /// Makes the namespace of a scenario, after an earlier one of that name is gone.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn open(environment: &Arc<Environment>, scenario: &str) -> Outcome<Arc<Self>> {
        let namespace = format!("e2e-{}", scenario.to_lowercase().replace(' ', "-"));
        let scene = Self { environment: Arc::clone(environment), namespace, notes: Mutex::new(Vec::new()) };
        scene.close().await?;
        let made =
            json!({ "metadata": { "name": scene.namespace, "labels": { "holdfast.dev/e2e": "true" } } });
        let made: Namespace = serde_json::from_value(made).expect("a namespace is no more than its name");
        scene.namespaces().create(&PostParams::default(), &made).await?;
        Ok(Arc::new(scene))
    }

    fn namespaces(&self) -> Api<Namespace> {
        Api::all(self.environment.client.clone())
    }

    /// Deletes the namespace and waits until it is gone.
    ///
    /// # Errors
    /// When it stays.
    pub async fn close(&self) -> Outcome {
        self.begin_closing().await?;
        let what = format!("the end of namespace {}", self.namespace);
        wait_until(&what, limits::NAMESPACE_GONE, async || {
            let left = self.namespaces().get_opt(&self.namespace).await?;
            let seen = left.as_ref().and_then(|namespace| namespace.status.as_ref());
            Ok(Look::when(
                left.is_none(),
                format!("{:?}", seen.and_then(|status| status.conditions.as_ref())),
            ))
        })
        .await
    }

    /// Deletes the namespace.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn begin_closing(&self) -> Outcome {
        match self.namespaces().delete(&self.namespace, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 || status.code == 409 => Ok(()),
            other => other.map(drop).map_err(Into::into),
        }
    }

    /// Something measured, for the results.
    pub fn note(&self, text: impl Into<String>) {
        self.notes.lock().push(text.into());
    }

    /// What was measured.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().clone()
    }

    /// The operator that all scenarios share.
    #[must_use]
    pub fn chart(&self) -> Chart {
        Chart::shared(&self.environment)
    }

    /// An API of this namespace.
    #[must_use]
    pub fn api<Kind>(&self) -> Api<Kind>
    where
        Kind: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        Kind::DynamicType: Default,
    {
        Api::namespaced(self.environment.client.clone(), &self.namespace)
    }

    /// kubectl in this namespace.
    ///
    /// # Errors
    /// When it fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Outcome<String> {
        let mut all = vec!["-n", &self.namespace];
        all.extend_from_slice(arguments);
        self.environment.kubectl(&all).await
    }

    /// `kubectl apply` in this namespace.
    ///
    /// # Errors
    /// When it fails, a refusal of the API server among others.
    pub async fn apply(&self, manifest: &str) -> Outcome<String> {
        self.environment.kubectl_with_input(&["-n", &self.namespace, "apply", "-f", "-"], manifest).await
    }
}
