//! Scenarios H3, H4 and H6: people who pause, edit and break things.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, Patch, PatchParams};
use serde_json::json;

use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "H3",
        "a paused cluster: edits and a deleted Service change nothing but the status; resuming applies all",
        Company::Any,
        |scene| Box::pin(h3_pause_and_resume(scene)),
    ),
    Scenario::new(
        "H4",
        "children are edited by hand: what is the operator's is restored, what is others' stays, and nobody fights",
        Company::Any,
        |scene| Box::pin(h4_edited_children_are_restored(scene)),
    )
    .short(),
    Scenario::new(
        "H6",
        "a resource that cannot be understood, and one that cannot work, hold nobody else up",
        Company::None,
        |scene| Box::pin(h6_one_bad_resource_stops_nobody(scene)),
    ),
];

async fn h3_pause_and_resume(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "paused", 1, json!({})).await?;
    cluster.change(json!({ "paused": true })).await?;
    cluster.shows("Paused", "True", limits::CONDITION).await?;
    let lives = cluster.lives().await?;
    cluster.change(json!({ "replicas": 3, "revisionTag": "while paused" })).await?;
    let services = scene.api::<Service>();
    let service = format!("{}-client", cluster.name);
    services.delete(&service, &DeleteParams::default()).await?;
    cluster.is_looked_at(limits::CONDITION).await?;
    stays(limits::STILLNESS, async || {
        let now = cluster.lives().await?;
        expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))?;
        let made = services.get_opt(&service).await?;
        expect(made.is_none(), || "the Service was made again".to_owned())
    })
    .await?;
    cluster.change(json!({ "paused": false })).await?;
    cluster.settles(3, limits::CHANGE).await?;
    services.get(&service).await?;
    cluster.shows("Paused", "False", limits::CONDITION).await.map(drop)
}

async fn h4_edited_children_are_restored(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "edited", 3, json!({})).await?;
    let services = scene.api::<Service>();
    let service = format!("{}-client", cluster.name);
    let by_hand = PatchParams::default();
    let edits = json!({
        "metadata": { "labels": { "app.kubernetes.io/instance": "other" }, "annotations": { "somebody": "else" } },
        "spec": { "ports": [{ "name": "client", "port": 2379, "targetPort": 9 }] },
    });
    services.patch(&service, &by_hand, &Patch::Merge(edits)).await?;
    let budgets = scene.api::<PodDisruptionBudget>();
    budgets.patch(&cluster.name, &by_hand, &Patch::Merge(json!({ "spec": { "maxUnavailable": 3 } }))).await?;
    let scaled = ["scale", "statefulset", &cluster.name, "--replicas=1"];
    scene.kubectl(&scaled).await?;
    wait_until("the children to be restored", limits::DRIFT, async || {
        let found = services.get(&service).await?;
        let labels = found.metadata.labels.unwrap_or_default();
        let port = found.spec.and_then(|spec| spec.ports).unwrap_or_default().into_iter().next();
        let port = port.and_then(|port| port.target_port);
        let budget = budgets.get(&cluster.name).await?.spec.and_then(|spec| spec.max_unavailable);
        let replicas = cluster.workload().await?.spec.and_then(|spec| spec.replicas);
        let is_restored = labels.get("app.kubernetes.io/instance") == Some(&cluster.name)
            && !format!("{port:?}").contains("(9)")
            && !format!("{budget:?}").contains("(3)")
            && replicas == Some(3);
        Ok(Look::when(
            is_restored,
            format!("labels {labels:?}, {port:?}, budget {budget:?}, replicas {replicas:?}"),
        ))
    })
    .await?;
    cluster.settles(3, limits::CHANGE).await?;
    let annotations = services.get(&service).await?.metadata.annotations.unwrap_or_default();
    expect(annotations.contains_key("somebody"), || {
        format!("the foreign annotation is gone: {annotations:?}")
    })?;

    nobody_writes(&scene, &cluster).await
}

/// A cluster at rest is not written to: neither its children nor its status.
async fn nobody_writes(scene: &Arc<Scene>, cluster: &Cluster) -> Outcome {
    let children = async || -> Outcome<Vec<serde_json::Value>> {
        Ok(vec![
            without_status(&scene.api::<Service>().get(&format!("{}-client", cluster.name)).await?),
            without_status(&scene.api::<Service>().get(&format!("{}-peers", cluster.name)).await?),
            without_status(&cluster.workload().await?),
            without_status(&scene.api::<PodDisruptionBudget>().get(&cluster.name).await?),
        ])
    };
    let status_before = cluster.get().await?.metadata.resource_version;
    let before = children().await?;
    let window = limits::STILLNESS;
    tokio::time::sleep(window).await;
    let after = children().await?;
    expect(after == before, || format!("children at rest were written to: {before:?}, {after:?}"))?;
    let status_after = cluster.get().await?.metadata.resource_version;
    let verdict = if status_after == status_before { "not written to" } else { "written to" };
    scene.note(format!("the status of a cluster at rest was {verdict} within {window:?}"));
    Ok(())
}

/// What the operator writes of an object: Kubernetes' own controllers may still count in the status what went before. The
/// generation is in it, so that a change that was taken back is seen as well.
fn without_status(object: &impl serde::Serialize) -> serde_json::Value {
    let mut object = serde_json::to_value(object).unwrap_or_default();
    object["status"] = serde_json::Value::Null;
    for bookkeeping in ["resourceVersion", "managedFields"] {
        object["metadata"][bookkeeping] = serde_json::Value::Null;
    }
    object
}

async fn h6_one_bad_resource_stops_nobody(scene: Arc<Scene>) -> Outcome {
    let definition = "holdfastclusters.holdfast.dev";
    let environment = &scene.environment;
    let kept = environment.kubectl(&["get", "crd", definition, "-o", "json"]).await?;
    let mut loose: serde_json::Value = serde_json::from_str(&kept).unwrap_or_default();
    // As if a newer definition had been installed by somebody: any text goes for the strategy.
    let path =
        "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/upgrade/properties/strategy";
    let Some(strategy) = loose.pointer_mut(path) else {
        return expect(false, || format!("the definition has no {path}"));
    };
    *strategy = json!({ "type": "string" });
    let strip = |mut definition: serde_json::Value| {
        if let Some(metadata) = definition["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
            metadata.remove("managedFields");
        }
        definition.to_string()
    };
    environment.kubectl_with_input(&["replace", "-f", "-"], &strip(loose)).await?;
    let poisoned = async {
        let poison = json!({
            "apiVersion": "holdfast.dev/v1alpha1", "kind": "HoldfastCluster", "metadata": { "name": "poison" },
            "spec": { "upgrade": { "strategy": "Tomorrow" } },
        });
        wait_until("the looser definition to be in force", limits::STEP, async || {
            scene.apply(&poison.to_string()).await.map(|_| Look::There(()))
        })
        .await?;
        // The operator meets it on a fresh start, where a list that cannot be read would be the end.
        scene.chart().kill().await?;
        scene.chart().wait_until_leading().await?;
        let invalid = json!({ "options": { "extraArguments": { "data-dir": "/" } }, "replicas": 1 });
        let invalid = Cluster::create(&scene, "invalid", invalid).await?;
        let healthy = Cluster::running(&scene, "healthy", 1, json!({})).await?;
        invalid.shows("SpecValid", "False", limits::CONDITION).await?;
        healthy.settles(1, limits::STEP).await?;
        scene.kubectl(&["delete", "holdfastcluster", "poison", "--timeout=60s"]).await.map(drop)
    }
    .await;
    let strict = serde_json::from_str(&kept).unwrap_or_default();
    environment.kubectl_with_input(&["replace", "-f", "-"], &strip(strict)).await?;
    poisoned
}
