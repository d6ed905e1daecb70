//! The objects of a cluster: its pods, claims and Secrets, and the harm that a scenario does to them.

use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use super::Cluster;
use crate::environment::{empty_folder, spoil_files};
use crate::failure::{Failure, Outcome};

/// What is done to the data of one member before its process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// All files are gone.
    Emptied,
    /// All files have other bytes in them.
    Spoiled,
}

impl Cluster {
    /// Its pods, by name.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn pods(&self) -> Outcome<Vec<Pod>> {
        let selector = format!("holdfast.dev/cluster={}", self.name);
        let mut pods = self.scene.api::<Pod>().list(&ListParams::default().labels(&selector)).await?.items;
        pods.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
        Ok(pods)
    }

    /// The name of a member's pod.
    #[must_use]
    pub fn pod_name(&self, ordinal: usize) -> String {
        format!("{}-{ordinal}", self.name)
    }

    /// A member's pod.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn pod(&self, ordinal: usize) -> Outcome<Pod> {
        Ok(self.scene.api::<Pod>().get(&self.pod_name(ordinal)).await?)
    }

    /// The node of a member's pod.
    ///
    /// # Errors
    /// When it has none.
    pub async fn node(&self, ordinal: usize) -> Outcome<String> {
        let node = self.pod(ordinal).await?.spec.and_then(|spec| spec.node_name);
        node.ok_or_else(|| Failure::unmet(format!("{} is on no node", self.pod_name(ordinal))))
    }

    /// UIDs of all pods, and how often their containers were restarted: what does not change if nothing was restarted.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn lives(&self) -> Outcome<Vec<(String, i32)>> {
        let pods = self.pods().await?;
        Ok(pods.iter().map(|pod| (pod.metadata.uid.clone().unwrap_or_default(), restarts(pod))).collect())
    }

    /// Deletes a member's pod, kindly.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_pod(&self, ordinal: usize) -> Outcome {
        self.scene.api::<Pod>().delete(&self.pod_name(ordinal), &DeleteParams::default()).await?;
        Ok(())
    }

    /// Keeps a member from running until its pod is deleted, by an image that does not exist.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn disable(&self, ordinal: usize) -> Outcome {
        let image = "holdfast.invalid/missing:0.0.0";
        let patch = json!({ "spec": { "containers": [{ "name": "holdfast", "image": image }] } });
        let pods = self.scene.api::<Pod>();
        pods.patch(&self.pod_name(ordinal), &PatchParams::default(), &Patch::Strategic(patch)).await?;
        Ok(())
    }

    /// Kills a member's process at once.
    ///
    /// # Errors
    /// Where nodes are out of reach.
    pub async fn kill(&self, ordinal: usize) -> Outcome {
        let pod = self.pod(ordinal).await?;
        let states = pod.status.and_then(|status| status.container_statuses).unwrap_or_default();
        let container = states.into_iter().find_map(|state| state.container_id);
        let container = container
            .ok_or_else(|| Failure::unmet(format!("{} has no container", self.pod_name(ordinal))))?;
        let node = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
        self.scene.environment.nodes()?.kill_container(&node, &container).await
    }

    /// Harms a member's data and kills its process.
    ///
    /// # Errors
    /// Where nodes are out of reach.
    pub async fn harm(&self, ordinal: usize, fault: Fault) -> Outcome {
        let node = self.node(ordinal).await?;
        let nodes = self.scene.environment.nodes()?;
        let folder = nodes.folder_of_claim(&node, &self.scene.namespace, &self.claim_name(ordinal)).await?;
        match fault {
            Fault::Emptied => empty_folder(&folder.join("data"))?,
            Fault::Spoiled => spoil_files(&folder.join("data"))?,
        }
        self.kill(ordinal).await
    }

    /// The name of a member's claim.
    #[must_use]
    pub fn claim_name(&self, ordinal: usize) -> String {
        format!("data-{}-{ordinal}", self.name)
    }

    /// A member's claim, if there is one.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn claim(&self, ordinal: usize) -> Outcome<Option<PersistentVolumeClaim>> {
        Ok(self.scene.api::<PersistentVolumeClaim>().get_opt(&self.claim_name(ordinal)).await?)
    }

    /// Deletes a member's claim; it goes when its pod does.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_claim(&self, ordinal: usize) -> Outcome {
        let claims = self.scene.api::<PersistentVolumeClaim>();
        claims.delete(&self.claim_name(ordinal), &DeleteParams::default()).await?;
        Ok(())
    }

    /// Its StatefulSet.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn workload(&self) -> Outcome<StatefulSet> {
        Ok(self.scene.api::<StatefulSet>().get(&self.name).await?)
    }

    /// One value of one of its Secrets, which is named by what follows the cluster's name.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn secret_value(&self, suffix: &str, key: &str) -> Outcome<String> {
        let name = format!("{}-{suffix}", self.name);
        let data = self.scene.api::<Secret>().get(&name).await?.data.unwrap_or_default();
        let ByteString(bytes) =
            data.get(key).ok_or_else(|| Failure::unmet(format!("Secret {name} has no {key}")))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Deletes one of its Secrets.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn delete_secret(&self, suffix: &str) -> Outcome {
        self.scene
            .api::<Secret>()
            .delete(&format!("{}-{suffix}", self.name), &DeleteParams::default())
            .await?;
        Ok(())
    }
}

/// Restarts of all containers of a pod.
fn restarts(pod: &Pod) -> i32 {
    let states = pod.status.iter().flat_map(|status| &status.container_statuses).flatten();
    states.map(|state| state.restart_count).sum()
}

/// Puts the fields of one object into another, objects within objects too.
pub fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
