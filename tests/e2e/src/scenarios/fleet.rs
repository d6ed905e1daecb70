//! The fourth thing to show, and scenario C7: many clusters, and what the operator needs for them.

use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "Show-4",
    "50 clusters of one member: time until all are ready, the operator's memory, requests at rest; then it restarts (C7)",
    Company::None,
    |scene| Box::pin(show_4_a_fleet(scene)),
)];

const CLUSTERS: usize = 50;

async fn show_4_a_fleet(scene: Arc<Scene>) -> Outcome {
    let begun = Instant::now();
    let spec = json!({ "replicas": 1, "resources": { "requests": { "cpu": "5m", "memory": "16Mi" } } });
    let made: Vec<Outcome<Cluster>> = futures::stream::iter(0..CLUSTERS)
        .map(|number| {
            let (scene, spec) = (Arc::clone(&scene), spec.clone());
            async move { Cluster::create(&scene, &format!("fleet-{number:02}"), spec).await }
        })
        .buffer_unordered(8)
        .collect()
        .await;
    let clusters = made.into_iter().collect::<Outcome<Vec<_>>>()?;
    let Some(first) = clusters.first() else { return Ok(()) };
    wait_until("all clusters to be available", limits::FLEET, async || {
        let all = first.api().list(&kube::api::ListParams::default()).await?;
        let available = all.iter().filter(|cluster| is_available(cluster)).count();
        Ok(Look::when(available == CLUSTERS, format!("{available} of {CLUSTERS} are")))
    })
    .await?;
    scene.note(format!(
        "{CLUSTERS} clusters of one member were available {:.0} s after the first was made",
        begun.elapsed().as_secs_f64()
    ));

    // What was written last has been looked at by then.
    sleep(limits::STILLNESS * 2).await;
    let before = Usage::of(&scene).await?;
    let window = limits::STILLNESS * 3;
    sleep(window).await;
    let after = Usage::of(&scene).await?;
    let per_second = (after.requests - before.requests) / window.as_secs_f64();
    let cpu = (after.cpu_seconds - before.cpu_seconds) / window.as_secs_f64() * 100.0;
    scene.note(format!(
        "at rest with {CLUSTERS} clusters the operator has {:.1} MiB, sends {per_second:.2} API requests and uses {cpu:.1} % of a core a second",
        after.memory_bytes / 1_048_576.0
    ));
    expect(after.memory_bytes < 256.0 * 1_048_576.0, || {
        format!("the operator has {} bytes", after.memory_bytes)
    })?;
    expect(per_second < CLUSTERS as f64 / 10.0, || format!("{per_second:.2} requests a second at rest"))?;

    // C7: another operator's pod, as an upgrade brings it, restarts nobody.
    let lives = lives(&clusters).await?;
    scene
        .environment
        .kubectl(&[
            "-n",
            crate::environment::OPERATOR_NAMESPACE,
            "rollout",
            "restart",
            "deployment",
            crate::environment::RELEASE,
        ])
        .await?;
    scene.chart().wait_rolled_out().await?;
    sleep(limits::STILLNESS * 2).await;
    let now = self::lives(&clusters).await?;
    expect(now == lives, || "members were restarted by a new operator".to_owned())?;

    for cluster in &clusters {
        cluster.delete().await?;
    }
    wait_until("the operator to forget clusters that are gone", limits::STEP, async || {
        let metrics = scene.chart().metrics().await?;
        let left = metrics.lines().filter(|line| line.contains("name=\"fleet-")).count();
        Ok(Look::when(left == 0, format!("{left} lines of metrics are about them")))
    })
    .await
}

fn is_available(cluster: &holdfast_operator::crd::HoldfastCluster) -> bool {
    let conditions = cluster.status.iter().flat_map(|status| &status.conditions);
    conditions.into_iter().any(|each| each.type_ == "Available" && each.status == "True")
}

async fn lives(clusters: &[Cluster]) -> Outcome<Vec<Vec<(String, i32)>>> {
    let mut all = Vec::with_capacity(clusters.len());
    for cluster in clusters {
        all.push(cluster.lives().await?);
    }
    Ok(all)
}

/// What the operator uses: memory and processor as its node's kubelet counts them, requests as it counts them itself.
struct Usage {
    memory_bytes: f64,
    cpu_seconds: f64,
    requests: f64,
}

impl Usage {
    async fn of(scene: &Scene) -> Outcome<Self> {
        let pod = scene.chart().pods().await?.into_iter().next().unwrap_or_default();
        let name = pod.metadata.name.unwrap_or_default();
        let node = pod.spec.and_then(|spec| spec.node_name).unwrap_or_default();
        let path = format!("/api/v1/nodes/{node}/proxy/stats/summary");
        let summary = scene.environment.kubectl(&["get", "--raw", &path]).await?;
        let summary: serde_json::Value = serde_json::from_str(&summary).unwrap_or_default();
        let mut pods = summary["pods"].as_array().into_iter().flatten();
        let usage = pods.find(|pod| pod["podRef"]["name"] == name.as_str());
        let usage = usage.ok_or_else(|| Failure::unmet(format!("{node} does not say what {name} uses")))?;
        let requests = sum_of(&scene.chart().metrics().await?, "holdfast_operator_kubernetes_requests_total");
        Ok(Self {
            memory_bytes: usage["memory"]["workingSetBytes"].as_f64().unwrap_or_default(),
            cpu_seconds: usage["cpu"]["usageCoreNanoSeconds"].as_f64().unwrap_or_default() / 1e9,
            requests,
        })
    }
}

/// The sum of all values of a metric; 0 if it is not there.
fn sum_of(text: &str, name: &str) -> f64 {
    let lines =
        text.lines().filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
