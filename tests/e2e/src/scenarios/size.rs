//! Scenarios B1 to B4, B6 and B7: the number of members changes under load, in doubt and under way; and it sleeps.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::json;
use tokio::time::sleep;

use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::{Ledger, LoadKind};
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "B1",
        "1, 3, 5, 3, 1 members under load: no write fails, never an even number of voters",
        Company::Any,
        |scene| Box::pin(b1_size_changes_under_load(scene)),
    )
    .short(),
    Scenario::new(
        "B2",
        "growing while a member is down waits, and goes on after the repair",
        Company::Any,
        |scene| Box::pin(b2_growing_waits_for_a_repair(scene)),
    ),
    Scenario::new(
        "B3",
        "the size is changed again half way and the operator killed: the last spec is what comes of it",
        Company::None,
        |scene| Box::pin(b3_the_last_size_counts(scene)),
    ),
    Scenario::new(
        "B4",
        "shrinking when the member to go leads: leadership moves first",
        Company::Any,
        |scene| Box::pin(b4_a_leader_hands_over_before_it_goes(scene)),
    ),
    Scenario::new(
        "B6",
        "hibernate and wake: all data, the same id, the budget gone and back; a volume lost meanwhile is replaced",
        Company::Any,
        |scene| Box::pin(b6_a_cluster_sleeps_and_wakes(scene)),
    )
    .short(),
    Scenario::new(
        "B7",
        "from nine members to seven: those with the highest numbers go",
        Company::Any,
        |scene| Box::pin(b7_the_highest_numbers_go(scene)),
    ),
];

/// Changes the size, waits for it, and checks that the number of voters was never even on the way.
pub async fn resize(cluster: &Cluster, members: usize) -> Outcome {
    cluster.change(json!({ "replicas": members })).await?;
    let mut seen = BTreeSet::new();
    let settling = cluster.settles(members, limits::CHANGE);
    let watching = async {
        loop {
            if let Ok(status) = cluster.status().await {
                seen.extend(status.quorum.map(|quorum| quorum.voters));
            }
            sleep(limits::POLL).await;
        }
    };
    tokio::select! { settled = settling => settled?, never = watching => never }
    let even: Vec<_> = seen.iter().filter(|voters| *voters % 2 == 0 && **voters > 0).collect();
    expect(even.is_empty(), || format!("on the way to {members} there were {even:?} voters"))
}

/// Fails if a client had to give up a write, or try one more often than `tries_most`.
pub fn demand_patience_at_most(ledger: &Ledger, tries_most: u32) -> Outcome {
    expect(ledger.given_up.is_empty(), || format!("writes that never went through: {:?}", ledger.given_up))?;
    let pace = ledger.pace();
    expect(pace.tries_most <= tries_most, || format!("{pace}; what failed: {}", ledger.failures_by_text()))
}

async fn b1_size_changes_under_load(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "sized", 1, json!({})).await?;
    let id = cluster.status().await?.cluster_id;
    let load = cluster.load("b1", LoadKind::default()).await?;
    for members in [3, 5, 3, 1] {
        resize(&cluster, members).await?;
    }
    let ledger = cluster.audited(load, 1).await?;
    demand_patience_at_most(&ledger, 4)?;
    let now = cluster.status().await?.cluster_id;
    expect(now == id, || format!("the cluster's id was {id:?} and is {now:?}"))
}

async fn b2_growing_waits_for_a_repair(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "stuck", 3, json!({})).await?;
    let follower = (cluster.leader().await? + 1) % 3;
    cluster.disable(follower).await?;
    cluster.shows("Degraded", "True", limits::CONDITION).await?;
    cluster.change(json!({ "replicas": 5 })).await?;
    let blocked = cluster.shows("ScalingBlocked", "True", limits::CONDITION).await?;
    scene.note(format!("{}: {}", blocked.reason, blocked.message));
    stays(limits::STILLNESS, async || {
        let voters = cluster.status().await?.quorum.unwrap_or_default();
        expect((voters.voters, voters.learners) == (3, 0), || format!("members were added: {voters:?}"))
    })
    .await?;
    cluster.delete_pod(follower).await?;
    cluster.settles(5, limits::CHANGE).await
}

async fn b3_the_last_size_counts(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "fickle", 3, json!({})).await?;
    let load = cluster.load("b3", LoadKind::default()).await?;
    cluster.change(json!({ "replicas": 5 })).await?;
    wait_until("a fourth pod", limits::STEP, async || {
        let pods = cluster.pods().await?.len();
        Ok(Look::when(pods > 3, format!("{pods} pods")))
    })
    .await?;
    scene.chart().kill().await?;
    cluster.change(json!({ "replicas": 1 })).await?;
    scene.chart().wait_until_leading().await?;
    cluster.settles(1, limits::CHANGE).await?;
    let ledger = cluster.audited(load, 1).await?;
    demand_patience_at_most(&ledger, 4)
}

async fn b4_a_leader_hands_over_before_it_goes(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "topheavy", 3, json!({})).await?;
    lead(&cluster, 2).await?;
    let load = cluster.load("b4", LoadKind::default()).await?;
    resize(&cluster, 1).await?;
    let ledger = cluster.audited(load, 1).await?;
    demand_patience_at_most(&ledger, 3)?;
    // An election would take a second; a handover does not.
    let gap = ledger.pace().gap_longest;
    expect(gap < limits::TWO_ELECTIONS, || format!("writes stood still for {gap:?}"))
}

/// Makes a member lead.
pub async fn lead(cluster: &Cluster, ordinal: usize) -> Outcome {
    let store = cluster.store_as_operator();
    store.credentials.read().await?;
    let id = cluster.member_id(ordinal).await?.unwrap_or_default();
    let target = u64::from_str_radix(&id, 16).unwrap_or_default().to_string();
    wait_until(&format!("member {ordinal} to lead"), limits::STEP, async || {
        let leader = cluster.leader().await?;
        if leader != ordinal {
            let members = store.door.look().await?;
            let leading = members.iter().find(|member| member.pod == cluster.pod_name(leader));
            let Some(leading) = leading else { return Ok(Look::NotYet(format!("{leader} has no address"))) };
            store
                .ask(leading, "/holdfast/v1/maintenance/transfer-leadership", &json!({ "targetID": target }))
                .await?;
        }
        Ok(Look::when(leader == ordinal, format!("{leader} leads")))
    })
    .await
}

async fn b6_a_cluster_sleeps_and_wakes(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "sleepy", 3, json!({})).await?;
    let id = cluster.status().await?.cluster_id;
    let ledger = cluster.fill("b6").await?;
    let budget = async || Ok(scene.api::<PodDisruptionBudget>().get_opt(&cluster.name).await?);
    let before: Outcome<Option<PodDisruptionBudget>> = budget().await;
    expect(before?.is_some(), || "there is no PodDisruptionBudget".to_owned())?;

    cluster.change(json!({ "hibernate": true })).await?;
    cluster.has_no_pods(limits::STEP).await?;
    cluster.shows("Hibernated", "True", limits::CONDITION).await?;
    let asleep: Outcome<Option<PodDisruptionBudget>> = budget().await;
    expect(asleep?.is_none(), || "the PodDisruptionBudget of a sleeping cluster is still there".to_owned())?;
    let lost = cluster.claim(2).await?;
    expect(lost.is_some(), || "the volumes of a sleeping cluster are gone".to_owned())?;
    cluster.delete_claim(2).await?;

    cluster.change(json!({ "hibernate": false })).await?;
    cluster.settles(3, limits::CHANGE).await?;
    let now = cluster.status().await?.cluster_id;
    expect(now == id, || format!("the cluster's id was {id:?} and is {now:?}"))?;
    let awake: Outcome<Option<PodDisruptionBudget>> = budget().await;
    expect(awake?.is_some(), || "the PodDisruptionBudget is not back".to_owned())?;
    cluster.audit("b6", &ledger, 3).await
}

async fn b7_the_highest_numbers_go(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "many", 9, json!({})).await?;
    let ledger = cluster.fill("b7").await?;
    resize(&cluster, 7).await?;
    let names: Vec<_> = cluster.pods().await?.into_iter().filter_map(|pod| pod.metadata.name).collect();
    let expected: Vec<_> = (0..7).map(|ordinal| cluster.pod_name(ordinal)).collect();
    expect(names == expected, || format!("what is left is {names:?}"))?;
    cluster.audit("b7", &ledger, 7).await
}
