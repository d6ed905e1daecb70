//! Scenarios H1, H2 and H5: the operator is away, doubled, or cut off.

use std::sync::Arc;

use serde_json::json;
use tokio::time::sleep;

use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "H1",
        "the operator is away while pods come and go and the spec changes: data is served, and all is caught up with",
        Company::None,
        |scene| Box::pin(h1_the_operator_is_away(scene)),
    )
    .short(),
    Scenario::new(
        "H2",
        "two operators, and a Lease that is taken away: one works, who lost the Lease exits, nothing is done twice",
        Company::None,
        |scene| Box::pin(h2_only_one_operator_works(scene)),
    ),
    Scenario::new(
        "H5",
        "the operator is cut off from the API server and all members in the middle of a change: it goes on, once",
        Company::None,
        |scene| Box::pin(h5_the_operator_is_cut_off(scene)),
    ),
];

async fn h1_the_operator_is_away(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "alone", 3, json!({})).await?;
    let load = cluster.load("h1", LoadKind::default()).await?;
    scene.chart().scale(0).await?;
    let away = async {
        for ordinal in 0..3 {
            let pod = cluster.pod(ordinal).await?.metadata.uid;
            cluster.delete_pod(ordinal).await?;
            let what = format!("member {ordinal} to be ready again without an operator");
            wait_until(&what, limits::STEP, async || {
                let members = cluster.store().door.look().await?;
                let ready = members.iter().filter(|member| member.is_ready).count();
                let is_new = cluster.pod(ordinal).await?.metadata.uid != pod;
                Ok(Look::when(ready == 3 && is_new, format!("{ready} ready, new: {is_new}")))
            })
            .await?;
        }
        cluster.change(json!({ "replicas": 5 })).await
    }
    .await;
    scene.chart().scale(1).await?;
    away?;
    cluster.settles(5, limits::CHANGE).await?;
    let ledger = cluster.audited(load, 5).await?;
    demand_patience_at_most(&ledger, 100)
}

async fn h2_only_one_operator_works(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "contested", 3, json!({})).await?;
    let load = cluster.load("h2", LoadKind::default()).await?;
    scene.chart().scale(2).await?;
    let contested = async {
        let first = scene.chart().holder().await?;
        let ends = scene.chart().ends().await?;
        cluster.change(json!({ "replicas": 5 })).await?;
        scene.chart().steal_lease("nobody").await?;
        wait_until("another holder, and the end of the first", limits::STEP, async || {
            let holder = scene.chart().holder().await?;
            let ended = scene.chart().ends().await?;
            let is_over = holder.as_deref() != Some("nobody") && ended > ends;
            Ok(Look::when(
                is_over,
                format!("held by {holder:?}, first {first:?}, containers ended {ended} times"),
            ))
        })
        .await?;
        cluster.settles(5, limits::CHANGE).await
    }
    .await;
    scene.chart().scale(1).await?;
    contested?;
    let ledger = cluster.audited(load, 5).await?;
    demand_patience_at_most(&ledger, 4)
}

async fn h5_the_operator_is_cut_off(scene: Arc<Scene>) -> Outcome {
    let nodes = scene.environment.nodes()?.clone();
    let cluster = Cluster::running(&scene, "unreached", 3, json!({})).await?;
    let id = cluster.status().await?.cluster_id;
    let load = cluster.load("h5", LoadKind::default()).await?;
    for size in [5, 3] {
        let operator = scene.chart().pods().await?.into_iter().next().and_then(|pod| pod.spec?.node_name);
        let node = operator.ok_or_else(|| Failure::unmet("the operator is on no node"))?;
        cluster.change(json!({ "replicas": size })).await?;
        sleep(limits::POLL * 4).await;
        nodes.does("disconnect", &node, &[]).await?;
        // Less than what makes Kubernetes move the pods away.
        sleep(limits::STILLNESS / 2).await;
        nodes.does("connect", &node, &[]).await?;
        scene.chart().wait_until_leading().await?;
        cluster.settles(size, limits::CHANGE).await?;
    }
    let now = cluster.status().await?.cluster_id;
    expect(now == id, || format!("the cluster's id was {id:?} and is {now:?}"))?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)
}
