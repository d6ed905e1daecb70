//! A cluster as a scenario sees it: the resource and what Kubernetes made of it. Reads, patches and deletes; what has to
//! be is said by the scenario.

mod objects;
mod states;

use std::sync::Arc;
use std::time::Duration;

use holdfast_operator::crd::{HoldfastCluster, HoldfastClusterStatus};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::limits;
use crate::oracle::{
    Credentials, Door, Identity, Ledger, Load, LoadKind, Store, audit_members, audit_writes,
};
use crate::scene::Scene;

pub use objects::{Fault, merge};

/// A cluster.
#[derive(Clone)]
pub struct Cluster {
    /// Where it is.
    pub scene: Arc<Scene>,
    /// Its name.
    pub name: String,
}

impl Cluster {
    /// A cluster that may or may not exist.
    #[must_use]
    pub fn named(scene: &Arc<Scene>, name: &str) -> Self {
        Self { scene: Arc::clone(scene), name: name.to_owned() }
    }

    /// Makes the resource, with small volumes and with `spec` on top, and does not wait.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub async fn create(scene: &Arc<Scene>, name: &str, spec: Value) -> Outcome<Self> {
        let mut resource = json!({
            "apiVersion": "holdfast.dev/v1alpha1",
            "kind": "HoldfastCluster",
            "metadata": { "name": name },
            "spec": { "version": scene.environment.place.server_version, "storage": { "size": "1Gi" } },
        });
        merge(&mut resource["spec"], spec);
        // As a person writes it: without what our types would fill in.
        let resource: DynamicObject = serde_json::from_value(resource)
            .map_err(|error| Failure::unmet(format!("the scenario's own resource: {error}")))?;
        let cluster = Self::named(scene, name);
        let kind = ApiResource::erase::<HoldfastCluster>(&());
        let api: Api<DynamicObject> =
            Api::namespaced_with(scene.environment.client.clone(), &scene.namespace, &kind);
        api.create(&PostParams::default(), &resource).await?;
        Ok(cluster)
    }

    /// Makes a cluster of so many members and waits until it is available with all of them.
    ///
    /// # Errors
    /// When it does not become so in time.
    pub async fn running(scene: &Arc<Scene>, name: &str, replicas: usize, spec: Value) -> Outcome<Self> {
        let mut all = json!({ "replicas": replicas });
        merge(&mut all, spec);
        let cluster = Self::create(scene, name, all).await?;
        cluster.settles(replicas, limits::CREATE).await?;
        Ok(cluster)
    }

    /// The API of clusters in its namespace.
    #[must_use]
    pub fn api(&self) -> Api<HoldfastCluster> {
        self.scene.api()
    }

    /// The resource as it is now.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn get(&self) -> Outcome<HoldfastCluster> {
        Ok(self.api().get(&self.name).await?)
    }

    /// Its status as it is now, empty if it has none.
    ///
    /// # Errors
    /// When the resource is not there.
    pub async fn status(&self) -> Outcome<HoldfastClusterStatus> {
        Ok(self.get().await?.status.unwrap_or_default())
    }

    /// Changes the spec; what is null goes.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn change(&self, spec: Value) -> Outcome {
        let patch = json!({ "spec": spec });
        self.api().patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Sets an annotation.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn annotate(&self, key: &str, value: &str) -> Outcome {
        let patch = json!({ "metadata": { "annotations": { key: value } } });
        self.api().patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await?;
        Ok(())
    }

    /// Deletes the resource and does not wait.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete(&self) -> Outcome {
        self.api().delete(&self.name, &DeleteParams::background()).await?;
        Ok(())
    }

    /// The store as the application's user sees it.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store_as(Identity::Certificate { secret: format!("{}-client-tls", self.name) })
    }

    /// The store as the operator sees it, who may do everything.
    #[must_use]
    pub fn store_as_operator(&self) -> Store {
        self.store_as(Identity::Certificate { secret: format!("{}-operator-tls", self.name) })
    }

    /// The store as somebody sees it.
    #[must_use]
    pub fn store_as(&self, identity: Identity) -> Store {
        let environment = &self.scene.environment;
        let (client, namespace) = (environment.client.clone(), &self.scene.namespace);
        let door = Door::new(client.clone(), namespace, &self.name, environment.place.forward);
        Store { door, credentials: Credentials::new(client, namespace, identity) }
    }

    /// Starts clients that write.
    ///
    /// # Errors
    /// When there is no certificate or no member.
    pub async fn load(&self, prefix: &str, kind: LoadKind) -> Outcome<Load> {
        Load::start(&self.store(), prefix, kind).await
    }

    /// Ends a load and judges it: all that was acknowledged is there, and the members hold the same.
    ///
    /// # Errors
    /// When they do not.
    pub async fn audited(&self, load: Load, members: usize) -> Outcome<Ledger> {
        let prefix = load.prefix().to_owned();
        let ledger = load.stop().await;
        self.scene.note(format!("{prefix}: {}", ledger.pace()));
        self.audit(&prefix, &ledger, members).await?;
        Ok(ledger)
    }

    /// Judges what clients were told against what the members hold.
    ///
    /// # Errors
    /// When something is missing, or members differ.
    pub async fn audit(&self, prefix: &str, ledger: &Ledger, members: usize) -> Outcome {
        let store = self.store();
        store.credentials.read().await?;
        audit_writes(&store, prefix, ledger).await?;
        let store = self.store_as_operator();
        store.credentials.read().await?;
        let id = self.status().await?.cluster_id.unwrap_or_default();
        audit_members(&store, &id, members).await
    }

    /// Writes for a moment, so that there is something to lose.
    ///
    /// # Errors
    /// When nothing can be written.
    pub async fn fill(&self, prefix: &str) -> Outcome<Ledger> {
        let load = self.load(prefix, LoadKind::default()).await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(load.stop().await)
    }
}
