//! Writes all that helps to find a fault into a folder. Must never write a Secret's contents.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person on the command line")]

use std::path::{Path, PathBuf};

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Secret, Service};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{Api, ListParams, LogParams};
use kube::core::NamespaceResourceScope;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::asked::Asked;
use super::error::PluginError;
use crate::crd::{HoldfastRole, HoldfastUser};
use crate::resources::labels;

/// Lines of each container's log.
const LOG_LINES: i64 = 10_000;

/// Writes the folder.
pub async fn run(asked: &Asked, folder: Option<PathBuf>) -> Result<(), PluginError> {
    let folder =
        folder.unwrap_or_else(|| PathBuf::from(format!("holdfast-{}-{}", asked.namespace, asked.name)));
    std::fs::create_dir_all(&folder)
        .map_err(PluginError::local(format!("make the folder {}", folder.display())))?;
    let cluster = asked.cluster().await?;
    write(&folder, "cluster.yaml", &yaml(&cluster))?;
    let own = ListParams::default().labels(&labels::query(&asked.name));
    let all = ListParams::default();
    list::<StatefulSet>(asked, &folder, "statefulsets.yaml", &own).await?;
    list::<Pod>(asked, &folder, "pods.yaml", &own).await?;
    list::<PersistentVolumeClaim>(asked, &folder, "volume-claims.yaml", &own).await?;
    list::<Service>(asked, &folder, "services.yaml", &own).await?;
    list::<PodDisruptionBudget>(asked, &folder, "disruption-budgets.yaml", &own).await?;
    list::<NetworkPolicy>(asked, &folder, "network-policies.yaml", &own).await?;
    list::<HoldfastUser>(asked, &folder, "users.yaml", &all).await?;
    list::<HoldfastRole>(asked, &folder, "roles.yaml", &all).await?;
    list::<Event>(asked, &folder, "events.yaml", &all).await?;
    secret_names(asked, &folder, &own).await?;
    for pod in asked.pods().await? {
        let name = pod.metadata.name.unwrap_or_default();
        logs(&asked.api::<Pod>(), &folder, &name).await?;
    }
    operator_logs(asked, &folder).await?;
    println!("{}", folder.display());
    Ok(())
}

/// What may not be read is noted, and the rest is still gathered.
async fn list<Kind>(
    asked: &Asked,
    folder: &Path,
    file: &str,
    parameters: &ListParams,
) -> Result<(), PluginError>
where
    Kind: kube::Resource<Scope = NamespaceResourceScope>
        + Clone
        + DeserializeOwned
        + Serialize
        + std::fmt::Debug,
    Kind::DynamicType: Default,
{
    match asked.api::<Kind>().list(parameters).await {
        Ok(found) => write(folder, file, &found.items.iter().map(yaml).collect::<Vec<_>>().join("---\n")),
        Err(error) => write(folder, &format!("{file}.error"), &error.to_string()),
    }
}

/// Only which Secrets there are and which keys they have.
async fn secret_names(asked: &Asked, folder: &Path, parameters: &ListParams) -> Result<(), PluginError> {
    match asked.api::<Secret>().list(parameters).await {
        Ok(found) => {
            let line = |secret: &Secret| {
                let keys = secret
                    .data
                    .iter()
                    .flat_map(std::collections::BTreeMap::keys)
                    .cloned()
                    .collect::<Vec<_>>();
                format!("{}: {}\n", secret.metadata.name.as_deref().unwrap_or_default(), keys.join(" "))
            };
            write(folder, "secret-names.txt", &found.items.iter().map(line).collect::<String>())
        }
        Err(error) => write(folder, "secret-names.txt.error", &error.to_string()),
    }
}

async fn logs(pods: &Api<Pod>, folder: &Path, name: &str) -> Result<(), PluginError> {
    for (previous, file) in [(false, format!("{name}.log")), (true, format!("{name}.previous.log"))] {
        let parameters =
            LogParams { previous, tail_lines: Some(LOG_LINES), timestamps: true, ..LogParams::default() };
        // A container that never ended has no earlier log; that is no fault.
        if let Ok(text) = pods.logs(name, &parameters).await {
            write(folder, &file, &text)?;
        }
    }
    Ok(())
}

async fn operator_logs(asked: &Asked, folder: &Path) -> Result<(), PluginError> {
    let everywhere: Api<Pod> = Api::all(asked.client.clone());
    let label = ListParams::default().labels("app.kubernetes.io/name=holdfast-operator");
    match everywhere.list(&label).await {
        Ok(found) => {
            for pod in found.items {
                let (name, namespace) =
                    (pod.metadata.name.unwrap_or_default(), pod.metadata.namespace.unwrap_or_default());
                logs(&Api::namespaced(asked.client.clone(), &namespace), folder, &name).await?;
            }
            Ok(())
        }
        Err(error) => write(folder, "operator.log.error", &error.to_string()),
    }
}

fn yaml(value: &impl Serialize) -> String {
    let mut tree = serde_json::to_value(value).expect("resources are plain values");
    if let Some(metadata) = tree.get_mut("metadata").and_then(serde_json::Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    serde_yaml::to_string(&tree).expect("resources are plain values")
}

fn write(folder: &Path, file: &str, text: &str) -> Result<(), PluginError> {
    let path = folder.join(file);
    std::fs::write(&path, text).map_err(PluginError::local(format!("write {}", path.display())))
}
