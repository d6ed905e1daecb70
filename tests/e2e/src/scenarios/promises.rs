//! The second thing to show: what is promised in numbers, measured.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::size::{demand_patience_at_most, resize};
use super::upgrade::roll;
use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;

// Not in the short set: what is promised in milliseconds is measured on a machine that does nothing else.
pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "Show-2",
    "three lines to Available in 60 s; 1 to 3 members and a restart of all under load, with the pauses in milliseconds",
    Company::None,
    |scene| Box::pin(show_2_promises_in_numbers(scene)),
)];

async fn show_2_promises_in_numbers(scene: Arc<Scene>) -> Outcome {
    let begun = Instant::now();
    // The shortest resource that there is, as a person would type it.
    scene
        .apply("{apiVersion: holdfast.dev/v1alpha1, kind: HoldfastCluster, metadata: {name: prompt}}")
        .await?;
    let prompt = Cluster::named(&scene, "prompt");
    prompt.becomes_available(limits::CREATE).await?;
    let first = begun.elapsed();
    prompt.settles(3, limits::CREATE).await?;
    let took = begun.elapsed();
    scene.note(format!(
        "from kubectl apply to Available {:.1} s, to three voters {:.1} s",
        first.as_secs_f64(),
        took.as_secs_f64()
    ));
    prompt.delete().await?;
    prompt.has_no_pods(limits::STEP).await?;

    let cluster = Cluster::running(&scene, "grown", 1, json!({})).await?;
    let load = cluster.load("grow", LoadKind::default()).await?;
    resize(&cluster, 3).await?;
    let ledger = cluster.audited(load, 3).await?;
    let grown = demand_patience_at_most(&ledger, 2);

    let load = cluster.load("roll", LoadKind::default()).await?;
    let order = roll(&cluster, json!({ "revisionTag": "measured" })).await?;
    let ledger = cluster.audited(load, 3).await?;
    let gap = ledger.pace().gap_longest;
    scene.note(format!(
        "restarted in the order {order:?}; the longest time without a write was {} ms",
        gap.as_millis()
    ));
    grown?;
    demand_patience_at_most(&ledger, 4)?;
    expect(took < limits::CREATE_PROMISED, || format!("three members took {took:?}"))?;
    expect(gap <= limits::HANDOVER, || format!("a restart cost {gap:?} without writes"))
}
