//! Scenarios H7 and H9, and the sixth thing to show: installing, upgrading and removing the operator by Helm, with as few
//! rights as there are.

use std::path::PathBuf;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::environment::{Chart, OPERATOR_NAMESPACE, RELEASE};
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "H7",
        "an operator with rights in one namespace, which demands restricted pods: it needs nothing that reaches beyond",
        Company::None,
        |scene| Box::pin(h7_an_operator_of_one_namespace(scene)),
    ),
    Scenario::new(
        "H9",
        "members in a namespace that demands restricted pods, with a user id of the platform's choice",
        Company::Any,
        |scene| Box::pin(h9_restricted_pods_of_any_user(scene)),
    ),
    Scenario::new(
        "Show-6",
        "Helm: lint, refused values, dry run by the server, install, upgrade, rollback, uninstall; databases untouched",
        Company::None,
        |scene| Box::pin(show_6_the_life_of_a_release(scene)),
    ),
];

async fn demand_restricted_pods(scene: &Scene) -> Outcome {
    let namespaces: Api<Namespace> = Api::all(scene.environment.client.clone());
    let patch = json!({ "metadata": { "labels": { "pod-security.kubernetes.io/enforce": "restricted" } } });
    namespaces.patch(&scene.namespace, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(())
}

async fn h7_an_operator_of_one_namespace(scene: Arc<Scene>) -> Outcome {
    demand_restricted_pods(&scene).await?;
    scene.chart().scale(0).await?;
    let own = Chart::named(&scene.environment, &scene.namespace, "scoped-holdfast-operator");
    let served = async {
        let watched = format!("watchNamespaces={{{}}}", scene.namespace);
        own.install(&["crds.enabled=false", &watched]).await?;
        let manifest = ["get", "manifest", "scoped-holdfast-operator", "-n", &scene.namespace];
        let manifest = scene.environment.helm(&manifest).await?;
        for kind in ["kind: ClusterRole", "kind: CustomResourceDefinition"] {
            expect(!manifest.contains(kind), || format!("the release has a {kind}"))?;
        }
        let cluster = Cluster::running(&scene, "scoped", 3, json!({})).await?;
        let ledger = cluster.fill("h7").await?;
        cluster.audit("h7", &ledger, 3).await?;
        cluster.delete_pod(0).await?;
        cluster.settles(3, limits::STEP).await?;
        cluster.delete().await?;
        cluster.goes(limits::STEP).await
    }
    .await;
    let gone = own.uninstall().await;
    scene.chart().scale(1).await?;
    served?;
    gone
}

async fn h9_restricted_pods_of_any_user(scene: Arc<Scene>) -> Outcome {
    demand_restricted_pods(&scene).await?;
    let user = json!({ "runAsUser": 1_000_680_000, "runAsGroup": 1_000_680_000, "fsGroup": 1_000_680_000 });
    let cluster =
        Cluster::running(&scene, "restricted", 3, json!({ "podTemplate": { "securityContext": user } }))
            .await?;
    for pod in cluster.pods().await? {
        let spec = pod.spec.unwrap_or_default();
        expect(spec.automount_service_account_token == Some(false), || "a pod has a token".to_owned())?;
        for container in spec.containers {
            let context = container.security_context.unwrap_or_default();
            expect(context.read_only_root_filesystem == Some(true), || {
                "a root file system can be written".to_owned()
            })?;
        }
    }
    let ledger = cluster.fill("h9").await?;
    cluster.audit("h9", &ledger, 3).await
}

async fn show_6_the_life_of_a_release(scene: Arc<Scene>) -> Outcome {
    let chart = scene.environment.place.checkout.join("charts/holdfast").display().to_string();
    let cluster_chart =
        scene.environment.place.checkout.join("charts/holdfast-cluster").display().to_string();
    let helm = async |arguments: &[&str]| scene.environment.helm(arguments).await;
    for each in [&chart, &cluster_chart] {
        helm(&["lint", "--strict", each]).await?;
    }
    for setting in ["replicaCount=many", "no.such.value=1", "crds.keep=perhaps"] {
        let rendered = helm(&["template", "refused", &chart, "--set", setting]).await;
        expect(rendered.is_err(), || format!("the chart takes {setting}"))?;
    }
    let defined = define_monitoring(&scene).await?;
    let valid = demand_valid_manifests(&scene, &chart).await;
    for definition in &defined {
        scene.environment.kubectl(&["delete", "crd", definition]).await?;
    }
    valid?;

    // A release of the cluster's chart is a cluster like any other.
    let version = format!("version={}", scene.environment.place.server_version);
    helm(&[
        "install",
        "kv",
        &cluster_chart,
        "-n",
        &scene.namespace,
        "--set",
        &version,
        "--set",
        "storage.size=1Gi",
    ])
    .await?;
    let cluster = Cluster::named(&scene, "kv");
    cluster.settles(3, limits::CREATE).await?;
    let lives = cluster.lives().await?;
    let load = cluster.load("show-6", LoadKind::default()).await?;

    scene.chart().install(&["logLevel=debug"]).await?;
    helm(&["rollback", RELEASE, "-n", OPERATOR_NAMESPACE, "--wait", "--timeout", "3m"]).await?;
    scene.chart().wait_until_leading().await?;
    scene.chart().uninstall().await?;
    let definitions =
        scene.environment.kubectl(&["get", "crd", "holdfastclusters.holdfast.dev", "-o", "name"]).await;
    tokio::time::sleep(limits::STILLNESS).await;
    let without = cluster.lives().await;
    scene.chart().install(&[]).await?;
    definitions
        .map_err(|failure| Failure::unmet(format!("the definitions went with the release: {failure}")))?;
    let without = without?;
    expect(without == lives, || format!("pods were {lives:?} and without an operator {without:?}"))?;
    cluster.settles(3, limits::STEP).await?;
    let now = cluster.lives().await?;
    expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 1)
}

/// Kinds of the Prometheus operator: plural and kind.
const MONITORING_KINDS: [(&str, &str); 3] = [
    ("servicemonitors", "ServiceMonitor"),
    ("podmonitors", "PodMonitor"),
    ("prometheusrules", "PrometheusRule"),
];

/// Definitions of the Prometheus operator's kinds that take whatever they are given, where it is not installed itself. The
/// names of those that were made.
async fn define_monitoring(scene: &Arc<Scene>) -> Outcome<Vec<String>> {
    let mut made = Vec::new();
    for (plural, kind) in MONITORING_KINDS {
        let name = format!("{plural}.monitoring.coreos.com");
        if scene.environment.kubectl(&["get", "crd", &name]).await.is_ok() {
            continue;
        }
        let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": name },
            "spec": {
                "group": "monitoring.coreos.com", "scope": "Namespaced",
                "names": { "plural": plural, "kind": kind, "singular": kind.to_lowercase() },
                "versions": [{
                    "name": "v1", "served": true, "storage": true, "schema": { "openAPIV3Schema": anything },
                }],
            },
        });
        scene.environment.kubectl_with_input(&["create", "-f", "-"], &definition.to_string()).await?;
        let wait = ["wait", "--for=condition=Established", "--timeout=30s", "crd", &name];
        scene.environment.kubectl(&wait).await?;
        made.push(name);
    }
    Ok(made)
}

/// What the chart renders, what stands in deploy/, and the samples: the API server would take all of it.
async fn demand_valid_manifests(scene: &Arc<Scene>, chart: &str) -> Outcome {
    let apply = ["apply", "--dry-run=server", "--server-side", "--force-conflicts", "-f", "-"];
    let everything =
        ["template", RELEASE, chart, "-n", OPERATOR_NAMESPACE, "--include-crds", "--set", "replicaCount=2"];
    let rendered = scene.environment.helm(&everything).await?;
    scene.environment.kubectl_with_input(&apply, &rendered).await?;
    let deploy = scene.environment.place.checkout.join("deploy");
    let mut folders = vec![deploy.clone()];
    let mut checked = 0;
    while let Some(folder) = folders.pop() {
        for path in paths_in(&folder)? {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml")
                && path.file_name().is_some_and(|name| name != "kustomization.yaml")
            {
                let unread = |source| Failure::File { what: format!("reading {}", path.display()), source };
                // Beside the operator that runs, with which the manifests share a name, and not a selector.
                let manifest = std::fs::read_to_string(&path)
                    .map_err(unread)?
                    .replace(OPERATOR_NAMESPACE, &scene.namespace);
                // Samples name no namespace; the operator's own manifests do.
                let mut arguments = apply.to_vec();
                if folder != deploy {
                    arguments.extend(["-n", &scene.namespace]);
                }
                scene.environment.kubectl_with_input(&arguments, &manifest).await?;
                checked += 1;
            }
        }
    }
    expect(checked > 0, || format!("{} has no manifests", deploy.display()))
}

fn paths_in(folder: &std::path::Path) -> Outcome<Vec<PathBuf>> {
    let failed = |source| Failure::File { what: format!("reading {}", folder.display()), source };
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}
