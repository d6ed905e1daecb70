//! Scenarios D4 and D5: nodes that are gone for good, and nodes that come back.

use std::sync::Arc;
use std::time::Instant;

use k8s_openapi::api::core::v1::Node;
use kube::api::Api;
use serde_json::json;

use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "D4",
        "a node and its disk are gone for good: with Manual one annotation replaces the member, with Auto nobody is asked",
        Company::None,
        |scene| Box::pin(d4_a_member_leaves_a_lost_node(scene)),
    ),
    Scenario::new(
        "D5",
        "a node hangs and comes back before the time is up: nobody is replaced",
        Company::None,
        |scene| Box::pin(d5_a_node_that_comes_back_keeps_its_member(scene)),
    ),
];

async fn node_is_ready(scene: &Scene, node: &str, wanted: bool) -> Outcome {
    let nodes: Api<Node> = Api::all(scene.environment.client.clone());
    let what = format!("{node} {}", if wanted { "to be ready" } else { "to be seen as lost" });
    wait_until(&what, limits::NODE_LOSS, async || {
        let found = nodes.get_opt(node).await?;
        let conditions = found.and_then(|node| node.status).and_then(|status| status.conditions);
        let ready = conditions.unwrap_or_default().into_iter().find(|condition| condition.type_ == "Ready");
        let status = ready.map(|ready| ready.status);
        Ok(Look::when((status.as_deref() == Some("True")) == wanted, format!("Ready is {status:?}")))
    })
    .await
}

/// A follower whose node the operator does not run on, so that only one thing is lost at a time.
async fn follower_away_from_the_operator(scene: &Scene, cluster: &Cluster) -> Outcome<usize> {
    let operators = scene.chart().pods().await?;
    let busy: Vec<_> =
        operators.into_iter().filter_map(|pod| pod.spec.and_then(|spec| spec.node_name)).collect();
    let leader = cluster.leader().await?;
    for ordinal in [(leader + 1) % 3, (leader + 2) % 3] {
        if !busy.contains(&cluster.node(ordinal).await?) {
            return Ok(ordinal);
        }
    }
    Ok((leader + 1) % 3)
}

async fn d4_a_member_leaves_a_lost_node(scene: Arc<Scene>) -> Outcome {
    let nodes = scene.environment.nodes()?.clone();
    for policy in ["Manual", "Auto"] {
        let recovery = json!({ "recovery": { "nodeLost": policy, "replaceAfterSeconds": 20 } });
        let cluster =
            Cluster::running(&scene, &format!("node-{}", policy.to_lowercase()), 3, recovery).await?;
        let load = cluster.load(&format!("d4-{policy}"), LoadKind::default()).await?;
        let victim = follower_away_from_the_operator(&scene, &cluster).await?;
        let (node, id) = (cluster.node(victim).await?, cluster.member_id(victim).await?);
        let begun = Instant::now();
        nodes.does("remove", &node, &[]).await?;
        // With the API server's word that it is gone; its machine comes back with an empty disk and another one's data.
        let outcome = replaced(&scene, &cluster, policy, victim, id.as_deref()).await;
        nodes.does("start", &node, &[]).await?;
        crate::environment::load_images(&scene.environment, &node).await?;
        node_is_ready(&scene, &node, true).await?;
        outcome?;
        cluster.settles(3, limits::CHANGE).await?;
        scene.note(format!("{policy}: three voters again {:?} after the node was lost", begun.elapsed()));
        let ledger = cluster.audited(load, 3).await?;
        demand_patience_at_most(&ledger, 100)?;
        cluster.delete().await?;
        cluster.has_no_pods(limits::STEP).await?;
    }
    Ok(())
}

async fn replaced(
    scene: &Scene,
    cluster: &Cluster,
    policy: &str,
    victim: usize,
    id: Option<&str>,
) -> Outcome {
    if policy == "Manual" {
        let degraded = cluster.shows("Degraded", "True", limits::NODE_LOSS).await?;
        scene.note(format!("Manual: {}: {}", degraded.reason, degraded.message));
        stays(limits::STILLNESS * 2, async || {
            let now = cluster.member_id(victim).await?;
            expect(now.as_deref() == id, || format!("member {victim} was {id:?} and is {now:?}"))
        })
        .await?;
        cluster.annotate("holdfast.dev/replace", &victim.to_string()).await?;
    }
    cluster.has_new_member(victim, id, limits::CHANGE).await
}

async fn d5_a_node_that_comes_back_keeps_its_member(scene: Arc<Scene>) -> Outcome {
    let nodes = scene.environment.nodes()?.clone();
    let patient = json!({ "recovery": { "replaceAfterSeconds": 600 } });
    let cluster = Cluster::running(&scene, "patient", 3, patient).await?;
    let load = cluster.load("d5", LoadKind::default()).await?;
    let victim = follower_away_from_the_operator(&scene, &cluster).await?;
    let (node, id) = (cluster.node(victim).await?, cluster.member_id(victim).await?);
    nodes.does("freeze", &node, &[]).await?;
    let away = async {
        node_is_ready(&scene, &node, false).await?;
        stays(limits::STILLNESS * 3, async || {
            let quorum = cluster.status().await?.quorum.unwrap_or_default();
            expect((quorum.voters, quorum.learners) == (3, 0), || format!("members changed: {quorum:?}"))
        })
        .await
    }
    .await;
    nodes.does("thaw", &node, &[]).await?;
    node_is_ready(&scene, &node, true).await?;
    away?;
    cluster.settles(3, limits::CHANGE).await?;
    let now = cluster.member_id(victim).await?;
    expect(now == id, || format!("member {victim} was {id:?} and is {now:?}"))?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)
}
