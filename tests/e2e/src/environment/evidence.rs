//! What is kept of a failed scenario: its objects, events and logs, and the operator's log. Best effort: what cannot be
//! read is left out, since the failure itself is the news.

use std::path::{Path, PathBuf};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, LogParams};

use super::{Environment, OPERATOR_NAMESPACE};
use crate::limits;

/// Secrets are left out.
const KINDS: &str = "holdfastclusters,holdfastusers,holdfastroles,statefulsets,pods,persistentvolumeclaims,services,\
poddisruptionbudgets,networkpolicies,leases";

/// Writes what is there of a namespace, and of the operator's, into a folder and returns that.
pub async fn keep_evidence(environment: &Environment, scenario: &str, namespace: &str) -> PathBuf {
    let folder = environment.place.evidence.join(scenario);
    // A folder of an earlier run would mix two stories.
    drop(std::fs::remove_dir_all(&folder));
    if std::fs::create_dir_all(&folder).is_err() {
        return folder;
    }
    for (file, arguments) in [
        ("objects.yaml", vec!["get", KINDS, "-o", "yaml"]),
        ("overview.txt", vec!["get", KINDS, "-o", "wide"]),
        ("events.txt", vec!["get", "events", "--sort-by=.lastTimestamp"]),
    ] {
        let mut all = vec!["-n", namespace];
        all.extend(arguments);
        let text = environment.kubectl(&all).await.unwrap_or_else(|failure| failure.to_string());
        drop(std::fs::write(folder.join(file), text));
    }
    for space in [namespace, OPERATOR_NAMESPACE] {
        keep_logs(environment, space, &folder).await;
    }
    folder
}

async fn keep_logs(environment: &Environment, namespace: &str, folder: &Path) {
    let pods: Api<Pod> = Api::namespaced(environment.client.clone(), namespace);
    let Ok(found) = pods.list(&ListParams::default()).await else { return };
    for pod in found {
        let Some(name) = pod.metadata.name else { continue };
        for previous in [false, true] {
            let parameters =
                LogParams { previous, tail_lines: Some(limits::LOG_LINES_KEPT), ..LogParams::default() };
            if let Ok(text) = pods.logs(&name, &parameters).await {
                let suffix = if previous { ".previous" } else { "" };
                drop(std::fs::write(folder.join(format!("{name}{suffix}.log")), text));
            }
        }
    }
}
