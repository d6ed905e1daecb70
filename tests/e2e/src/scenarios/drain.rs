//! Scenario D17: all nodes are drained, one after the other.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, ListParams};
use serde_json::json;

use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::failure::Outcome;
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;

pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "D17",
    "kubectl drain of all nodes, one by one: the budget holds the quorum, and a single member holds nobody up",
    Company::None,
    |scene| Box::pin(d17_all_nodes_are_drained(scene)),
)];

async fn d17_all_nodes_are_drained(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "drained", 3, json!({})).await?;
    let single = Cluster::running(&scene, "single", 1, json!({})).await?;
    let load = cluster.load("d17", LoadKind::default()).await?;
    let nodes: Api<Node> = Api::all(scene.environment.client.clone());
    let names: Vec<_> =
        nodes.list(&ListParams::default()).await?.into_iter().filter_map(|node| node.metadata.name).collect();
    for node in names {
        let drain = ["drain", &node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s"];
        let drained = scene.environment.kubectl(&drain).await;
        scene.environment.kubectl(&["uncordon", &node]).await?;
        drained?;
        scene.chart().wait_until_leading().await?;
        cluster.settles(3, limits::CHANGE).await?;
    }
    single.settles(1, limits::STEP).await?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)?;
    Ok(())
}
