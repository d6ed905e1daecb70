//! Scenarios A5 and A6: what can be known beforehand is refused in plain words; what cannot is reported and heals when
//! it is put right.

use std::sync::Arc;

use k8s_openapi::api::core::v1::ResourceQuota;
use kube::api::{DeleteParams, PostParams};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "A5",
        "specs that cannot work are refused by the API server, with what to do instead",
        Company::Any,
        |scene| Box::pin(a5_impossible_specs_are_refused(scene)),
    )
    .short(),
    Scenario::new(
        "A6",
        "a missing image, storage class, node or quota is named in time, heals when put right, and can be deleted",
        Company::Any,
        |scene| Box::pin(a6_missing_things_are_named_and_heal(scene)),
    ),
];

/// A spec for a new resource, and what its refusal has to say.
fn refused_when_new() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "replicas": 2 }), "odd"),
        (json!({ "replicas": 0 }), "greater than or equal to 1"),
        (json!({ "replicas": 11 }), "less than or equal to 9"),
        (json!({ "version": "latest" }), "major.minor.patch"),
        (json!({ "storage": { "size": "much" } }), "size"),
        (json!({ "tls": { "client": { "mode": "Secret" } } }), "secretName"),
        (json!({ "tls": { "client": { "secretName": "mine" } } }), "secretName"),
        (
            json!({ "tls": { "client": { "mode": "Secret", "secretName": "mine", "issuerRef": { "name": "a" } } } }),
            "issuerRef",
        ),
        (json!({ "tls": { "peer": { "mode": "CertManager" } } }), "issuerRef"),
        (json!({ "tls": { "client": { "duration": "soon" } } }), "duration"),
        (json!({ "tls": { "client": { "mode": "Sometimes" } } }), "Sometimes"),
        (json!({ "recovery": { "replaceAfterSeconds": 1 } }), "greater than or equal to 10"),
        (json!({ "bootstrap": { "clusterID": "12" } }), "clusterID"),
    ]
}

/// A change of a resource that is there, and what its refusal has to say.
fn refused_when_changed() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "replicas": 4 }), "odd"),
        (json!({ "storage": { "size": "512Mi" } }), "only be raised"),
        (json!({ "storage": { "storageClassName": "other" } }), "cannot be changed"),
        (json!({ "tls": { "client": { "mode": "Disabled" } } }), "cannot be switched"),
        (json!({ "tls": { "peer": { "mode": "Disabled" } } }), "cannot be switched"),
        (json!({ "auth": { "enabled": false } }), "cannot be switched off"),
        (json!({ "bootstrap": { "clusterID": "0123456789abcdef" } }), "bootstrap"),
    ]
}

async fn a5_impossible_specs_are_refused(scene: Arc<Scene>) -> Outcome {
    for (spec, words) in refused_when_new() {
        let manifest = json!({
            "apiVersion": "holdfast.dev/v1alpha1", "kind": "HoldfastCluster",
            "metadata": { "name": "refused" }, "spec": spec,
        });
        demand_refusal(scene.apply(&manifest.to_string()).await, &manifest["spec"], words)?;
    }
    let long = json!({
        "apiVersion": "holdfast.dev/v1alpha1", "kind": "HoldfastCluster",
        "metadata": { "name": "a".repeat(41) }, "spec": {},
    });
    demand_refusal(scene.apply(&long.to_string()).await, &long["metadata"], "40 characters")?;

    // Never run: what is refused does not depend on that.
    let cluster = Cluster::create(&scene, "kept", json!({ "replicas": 1, "paused": true })).await?;
    for (spec, words) in refused_when_changed() {
        let patch = json!({ "spec": spec }).to_string();
        let arguments = ["patch", "holdfastcluster", &cluster.name, "--type=merge", "-p", &patch];
        demand_refusal(scene.kubectl(&arguments).await, &spec, words)?;
    }
    Ok(())
}

fn demand_refusal(outcome: Outcome<String>, spec: &Value, words: &str) -> Outcome {
    match outcome {
        Ok(_) => Err(Failure::unmet(format!("{spec} was taken"))),
        Err(Failure::Command { output, .. }) => expect(output.contains(words), || {
            format!("the refusal of {spec} does not say {words:?}: {output}")
        }),
        Err(other) => Err(other),
    }
}

async fn a6_missing_things_are_named_and_heal(scene: Arc<Scene>) -> Outcome {
    let brief = json!({ "replicas": 1, "progressDeadlineSeconds": 30 });
    let with = |more: Value| {
        let mut spec = brief.clone();
        crate::cluster::merge(&mut spec, more);
        spec
    };
    let imageless =
        Cluster::create(&scene, "imageless", with(json!({ "image": { "tag": "missing" } }))).await?;
    let nodeless = Cluster::create(
        &scene,
        "nodeless",
        with(json!({ "scheduling": { "nodeSelector": { "no": "node" } } })),
    )
    .await?;
    let diskless =
        Cluster::create(&scene, "diskless", with(json!({ "storage": { "storageClassName": "absent" } })))
            .await?;
    for cluster in [&imageless, &nodeless, &diskless] {
        let said = cluster.shows("Progressing", "False", limits::STEP).await?;
        scene.note(format!("{}: {} ({})", cluster.name, said.reason, said.message));
        expect(said.reason.contains("Deadline"), || format!("{}: reason {}", cluster.name, said.reason))?;
    }
    imageless.change(json!({ "image": { "tag": null } })).await?;
    imageless.settles(1, limits::CREATE).await?;
    nodeless.change(json!({ "scheduling": { "nodeSelector": null } })).await?;
    nodeless.settles(1, limits::CREATE).await?;
    diskless.delete().await?;
    diskless.goes(limits::STEP).await?;

    let quota: ResourceQuota = serde_json::from_value(
        json!({ "metadata": { "name": "full" }, "spec": { "hard": { "pods": "2" } } }),
    )
    .expect("a quota is no more than this");
    scene.api::<ResourceQuota>().create(&PostParams::default(), &quota).await?;
    let denied = Cluster::create(&scene, "denied", brief.clone()).await?;
    denied.shows("Progressing", "False", limits::STEP).await?;
    scene.api::<ResourceQuota>().delete("full", &DeleteParams::default()).await?;
    denied.settles(1, limits::CHANGE).await
}
