//! Scenario A2 and the fifth thing to show: the operator is ended between the halves of every step, and what comes of
//! it is the same as without.

use std::sync::Arc;

use serde_json::json;

use super::rotation::brief_overlap;
use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "A2",
        "the operator is ended at each step of a cluster's beginning: one id, no orphaned member",
        Company::None,
        |scene| Box::pin(a2_ended_at_each_step_of_the_beginning(scene)),
    ),
    Scenario::new(
        "Show-5",
        "the operator is ended at each step of growing, restarting and rotating: the same end state",
        Company::None,
        |scene| Box::pin(show_5_ended_at_each_step_of_a_change(scene)),
    ),
];

/// The steps of a cluster's beginning, as the operator's failpoints name them.
const STEPS_OF_THE_BEGINNING: &[&str] =
    &["remember", "apply-workload", "mark-claim", "initialize", "add-learners", "change-voters", "status"];
/// The steps of growing, shrinking, restarting and rotating.
const STEPS_OF_A_CHANGE: &[&str] = &[
    "apply-workload",
    "add-learners",
    "change-voters",
    "move-leader",
    "delete-pod",
    "delete-claim",
    "status",
];

/// Before and after each step.
fn failpoints(steps: &[&str]) -> Vec<String> {
    steps.iter().flat_map(|step| ["before", "after"].map(|side| format!("{side}-{step}"))).collect()
}

const VARIABLE: &str = "HOLDFAST_FAILPOINT";

/// Lets the operator end at a failpoint while `change` is under way, until it did or the cluster came to rest without
/// passing it; then lets it go on. Returns whether it was ended.
async fn ended_at(scene: &Arc<Scene>, cluster: &Cluster, point: &str, members: usize) -> Outcome<bool> {
    let ended = wait_until(&format!("the operator to end at {point}"), limits::STEP, async || {
        if scene.chart().ended_with(VARIABLE, point).await? {
            return Ok(Look::There(true));
        }
        let is_over = cluster.settles(members, limits::POLL).await.is_ok();
        Ok(if is_over {
            Look::There(false)
        } else {
            Look::NotYet("it runs, and the cluster is not at rest".to_owned())
        })
    })
    .await;
    scene.chart().set_variable(VARIABLE, None).await?;
    scene.chart().wait_rolled_out().await?;
    ended
}

async fn a2_ended_at_each_step_of_the_beginning(scene: Arc<Scene>) -> Outcome {
    scene.environment.demand_failpoints()?;
    let mut met = Vec::new();
    for (number, point) in failpoints(STEPS_OF_THE_BEGINNING).into_iter().enumerate() {
        scene.chart().set_variable(VARIABLE, Some(&point)).await?;
        scene.chart().wait_until_all_have(VARIABLE, &point).await?;
        let begun = async {
            let cluster = Cluster::create(&scene, &format!("ended-{number}"), json!({})).await?;
            if ended_at(&scene, &cluster, &point, 3).await? {
                met.push(point.clone());
            }
            cluster.settles(3, limits::CREATE).await?;
            let ledger = cluster.fill("a2").await?;
            cluster.audit("a2", &ledger, 3).await?;
            cluster.delete().await
        }
        .await;
        scene.chart().set_variable(VARIABLE, None).await?;
        begun?;
    }
    scene.note(format!("ended at {met:?}"));
    let all = failpoints(STEPS_OF_THE_BEGINNING);
    expect(met == all, || format!("the operator was only ever ended at {met:?}"))
}

async fn show_5_ended_at_each_step_of_a_change(scene: Arc<Scene>) -> Outcome {
    scene.environment.demand_failpoints()?;
    let cluster = Cluster::running(&scene, "interrupted", 1, brief_overlap()).await?;
    let id = cluster.status().await?.cluster_id;
    let load = cluster.load("show-5", LoadKind::default()).await?;
    let mut met = Vec::new();
    for (number, point) in failpoints(STEPS_OF_A_CHANGE).into_iter().enumerate() {
        // Each round goes one way and the next one back, and has a restart and a rotation in it.
        let members = if number.is_multiple_of(2) { 3 } else { 1 };
        scene.chart().set_variable(VARIABLE, Some(&point)).await?;
        scene.chart().wait_until_all_have(VARIABLE, &point).await?;
        let tag = number.to_string();
        cluster.change(json!({ "replicas": members, "revisionTag": tag, "tls": { "rotate": tag } })).await?;
        let ended = ended_at(&scene, &cluster, &point, members).await;
        if ended? {
            met.push(point.clone());
        }
        cluster.settles(members, limits::CHANGE).await?;
        wait_until("the end of the rotation", limits::CHANGE, async || {
            let rotated = cluster.status().await?.rotated;
            Ok(Look::when(rotated.as_ref() == Some(&tag), format!("{rotated:?}")))
        })
        .await?;
    }
    scene.note(format!("ended at {met:?}"));
    // Learners are taken in on the way up only, and claims deleted on the way down; who leads is chance.
    let chance = ["after-add-learners", "before-delete-claim", "before-move-leader", "after-move-leader"];
    let missed: Vec<_> =
        failpoints(STEPS_OF_A_CHANGE).into_iter().filter(|point| !met.contains(point)).collect();
    expect(missed.iter().all(|point| chance.contains(&point.as_str())), || {
        format!("the operator was not ended at {missed:?}")
    })?;
    let members = cluster.pods().await?.len();
    let ledger = cluster.audited(load, members).await?;
    demand_patience_at_most(&ledger, 100)?;
    let now = cluster.status().await?.cluster_id;
    expect(now == id, || format!("the cluster's id was {id:?} and is {now:?}"))
}
