//! Scenarios A1, A3, A4, A7 and A8: how clusters begin, how they end, and that an empty volume is never a new beginning.

use std::sync::Arc;

use holdfast_operator::crd::HoldfastCluster;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Secret, Service};
use kube::api::{DeleteParams, ListParams};
use serde_json::json;

use crate::cluster::{Cluster, Fault};
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::oracle::audit_members;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "A1",
        "a minimal resource of one and of three members becomes available, with Services, Secrets and columns",
        Company::Any,
        |scene| Box::pin(a1_minimal_resources_become_available(scene)),
    )
    .short(),
    Scenario::new(
        "A3",
        "the first member's pod is deleted, later its volume emptied: taken in again, never begun anew",
        Company::Any,
        |scene| Box::pin(a3_an_emptied_first_volume_is_no_new_beginning(scene)),
    )
    .short(),
    Scenario::new(
        "A4",
        "all volumes are emptied: the cluster says that it is lost, and no empty one takes its place",
        Company::Any,
        |scene| Box::pin(a4_a_lost_cluster_stays_lost(scene)),
    ),
    Scenario::new(
        "A7",
        "the resource is deleted during its beginning, and a namespace with a cluster in it: nothing is stuck or left",
        Company::Any,
        |scene| Box::pin(a7_deleting_leaves_nothing_behind(scene)),
    ),
    Scenario::new(
        "A8",
        "a cluster of the same name finds the volumes of the old one: refused, unless it is told to adopt them",
        Company::Any,
        |scene| Box::pin(a8_foreign_volumes_are_refused_or_adopted(scene)),
    ),
];

async fn a1_minimal_resources_become_available(scene: Arc<Scene>) -> Outcome {
    for members in [1, 3] {
        let cluster = Cluster::running(&scene, &format!("minimal-{members}"), members, json!({})).await?;
        let name = &cluster.name;
        let status = cluster.status().await?;
        expect(status.endpoints.len() == members + 1, || format!("endpoints are {:?}", status.endpoints))?;
        expect(status.ready == format!("{members}/{members}"), || format!("ready is {:?}", status.ready))?;
        expect(status.current_version.is_some(), || "the status has no version".to_owned())?;
        for secret in ["client-tls", "operator-tls", "root", "server-tls", "peer-tls"] {
            scene.api::<Secret>().get(&format!("{name}-{secret}")).await?;
        }
        for service in ["client", "peers"] {
            scene.api::<Service>().get(&format!("{name}-{service}")).await?;
        }
        let columns = scene.kubectl(&["get", "holdfastclusters", name, "--no-headers", "-o", "wide"]).await?;
        for column in [status.ready.as_str(), &format!("{name}-"), &status.phase] {
            expect(columns.contains(column), || format!("{column:?} is not in the columns: {columns}"))?;
        }
        // The seal of a claim: another cluster of this name will know that it is not its own.
        let claim = cluster.claim(0).await?.unwrap_or_default();
        let seal = claim.metadata.labels.unwrap_or_default().remove("holdfast.dev/cluster-id");
        expect(seal == status.cluster_id, || {
            format!("the claim is of {seal:?}, not {:?}", status.cluster_id)
        })?;
        let ledger = cluster.fill("a1").await?;
        cluster.audit("a1", &ledger, members).await?;
    }
    Ok(())
}

async fn a3_an_emptied_first_volume_is_no_new_beginning(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::create(&scene, "first", json!({})).await?;
    wait_until("the first pod", limits::STEP, async || Ok(Look::There(cluster.pod(0).await?))).await?;
    cluster.delete_pod(0).await?;
    cluster.settles(3, limits::CREATE).await?;
    let id = cluster.status().await?.cluster_id;
    let ledger = cluster.fill("a3").await?;

    let old = cluster.member_id(0).await?;
    cluster.harm(0, Fault::Emptied).await?;
    cluster.has_new_member(0, old.as_deref(), limits::CHANGE).await?;
    cluster.settles(3, limits::CHANGE).await?;
    let now = cluster.status().await?.cluster_id;
    expect(now == id, || format!("the cluster's id was {id:?} and is {now:?}"))?;
    cluster.audit("a3", &ledger, 3).await
}

async fn a4_a_lost_cluster_stays_lost(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "lost", 3, json!({})).await?;
    cluster.fill("a4").await?;
    let id = cluster.status().await?.cluster_id;
    for ordinal in 0..3 {
        cluster.harm(ordinal, Fault::Emptied).await?;
    }
    cluster.shows("Available", "False", limits::STEP).await?;
    let lost = cluster.gives_reason("Available", &["AllMembersLost"], limits::STEP).await?;
    scene.note(format!("Available: {}", lost.message));
    stays(limits::STILLNESS, async || {
        let status = cluster.status().await?;
        expect(status.cluster_id == id, || format!("the cluster's id became {:?}", status.cluster_id))?;
        let is_blank =
            status.members.iter().all(|member| !matches!(member.role.as_str(), "Leader" | "Voter"));
        expect(is_blank, || format!("somebody votes again: {:?}", status.members))
    })
    .await?;
    cluster.delete().await?;
    cluster.goes(limits::STEP).await
}

async fn a7_deleting_leaves_nothing_behind(scene: Arc<Scene>) -> Outcome {
    let cluster =
        Cluster::create(&scene, "brief", json!({ "deletionPolicy": { "volumes": "Delete" } })).await?;
    wait_until("a first pod", limits::STEP, async || {
        let pods = cluster.pods().await?.len();
        Ok(Look::when(pods > 0, format!("{pods} pods")))
    })
    .await?;
    cluster.delete().await?;
    cluster.goes(limits::STEP).await?;
    cluster.has_no_pods(limits::STEP).await?;
    nothing_is_left(&scene, "brief").await?;

    // A namespace with a running cluster and one that is beginning, the operator not asked.
    let other = Scene::open(&scene.environment, "a7-other").await?;
    Cluster::running(&other, "whole", 1, json!({})).await?;
    Cluster::create(&other, "half", json!({})).await?;
    other.close().await
}

async fn nothing_is_left(scene: &Arc<Scene>, cluster: &str) -> Outcome {
    wait_until("the end of all that the cluster had", limits::STEP, async || {
        let labelled = ListParams::default().labels(&format!("holdfast.dev/cluster={cluster}"));
        let claims = scene.api::<PersistentVolumeClaim>().list(&labelled).await?.items.len();
        let secrets = scene.api::<Secret>().list(&labelled).await?.items.len();
        let services = scene.api::<Service>().list(&labelled).await?.items.len();
        let seen = format!("{claims} claims, {secrets} Secrets, {services} Services");
        Ok(Look::when((claims, secrets, services) == (0, 0, 0), seen))
    })
    .await
}

async fn a8_foreign_volumes_are_refused_or_adopted(scene: Arc<Scene>) -> Outcome {
    let old = Cluster::running(&scene, "twice", 3, json!({})).await?;
    let id = old.status().await?.cluster_id.unwrap_or_default();
    let ledger = old.fill("a8").await?;
    old.delete().await?;
    old.goes(limits::STEP).await?;
    old.has_no_pods(limits::STEP).await?;
    expect(old.claim(0).await?.is_some(), || {
        "the volumes are gone, though the policy says Retain".to_owned()
    })?;

    let stranger = Cluster::create(&scene, "twice", json!({})).await?;
    stranger.shows("ClusterIdMismatch", "True", limits::STEP).await?;
    stays(limits::STILLNESS, async || {
        let status = stranger.status().await?;
        let is_running =
            status.members.iter().any(|member| matches!(member.role.as_str(), "Leader" | "Voter"));
        expect(!is_running, || format!("somebody runs on foreign volumes: {:?}", status.members))
    })
    .await?;
    stranger.scene.api::<HoldfastCluster>().delete("twice", &DeleteParams::background()).await?;
    stranger.goes(limits::STEP).await?;
    stranger.has_no_pods(limits::STEP).await?;

    let heir = Cluster::running(&scene, "twice", 3, json!({ "bootstrap": { "clusterID": id } })).await?;
    heir.audit("a8", &ledger, 3).await?;
    let store = heir.store_as_operator();
    store.credentials.read().await?;
    audit_members(&store, &id, 3).await.map_err(|failure| Failure::unmet(format!("adopted: {failure}")))
}
