//! Scenarios D1, D2, D3, D7 and D9: processes, pods, volumes and data of members are lost.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;
use tokio::time::sleep;

use super::size::demand_patience_at_most;
use crate::cluster::{Cluster, Fault};
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "D1",
        "a follower and the leader are killed: writes go on within two elections, and the operator does nothing",
        Company::Any,
        |scene| Box::pin(d1_killed_members_come_back(scene)),
    )
    .short(),
    Scenario::new(
        "D2",
        "a pod is deleted: it comes back with the same volume and the same member",
        Company::Any,
        |scene| Box::pin(d2_a_deleted_pod_keeps_its_volume(scene)),
    )
    .short(),
    Scenario::new(
        "D3",
        "a pod and its volume are deleted: the member is removed, a new one learns and votes",
        Company::Any,
        |scene| Box::pin(d3_a_deleted_volume_is_replaced(scene)),
    )
    .short(),
    Scenario::new(
        "D7",
        "one member's data is spoiled and it crashes: it is replaced after the threshold",
        Company::Any,
        |scene| Box::pin(d7_a_spoiled_member_is_replaced(scene)),
    ),
    Scenario::new(
        "D9",
        "two of three members are away for a while: nothing is changed, and all heals by itself",
        Company::Any,
        |scene| Box::pin(d9_two_of_three_away_for_a_while(scene)),
    ),
];

async fn d1_killed_members_come_back(scene: Arc<Scene>) -> Outcome {
    scene.environment.nodes()?;
    let cluster = Cluster::running(&scene, "killed", 3, json!({})).await?;
    let ids = member_ids(&cluster).await?;
    let load = cluster.load("d1", LoadKind::default()).await?;
    let leader = cluster.leader().await?;
    for (who, ordinal) in [("follower", (leader + 1) % 3), ("leader", leader)] {
        let (begun, before) = (Instant::now(), cluster.pod(ordinal).await?.metadata.uid);
        let lives = cluster.lives().await?;
        cluster.kill(ordinal).await?;
        // The status may not know of it yet.
        wait_until("the killed process's successor", limits::STEP, async || {
            let now = cluster.lives().await?;
            Ok(Look::when(now != lives, format!("{now:?}")))
        })
        .await?;
        cluster.settles(3, limits::STEP).await?;
        scene.note(format!("killed the {who}: three ready members again after {:?}", begun.elapsed()));
        let now = cluster.pod(ordinal).await?.metadata.uid;
        expect(now == before, || format!("the pod was {before:?} and is {now:?}"))?;
    }
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)?;
    let gap = ledger.pace().gap_longest;
    let limit = limits::TWO_ELECTIONS + limits::PAUSE_ALLOWANCE;
    expect(gap < limit, || format!("writes stood still for {gap:?}"))?;
    let now = member_ids(&cluster).await?;
    expect(now == ids, || format!("the members were {ids:?} and are {now:?}"))
}

async fn member_ids(cluster: &Cluster) -> Outcome<Vec<Option<String>>> {
    Ok(cluster.status().await?.members.into_iter().map(|member| member.member_id).collect())
}

async fn d2_a_deleted_pod_keeps_its_volume(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "evicted", 3, json!({})).await?;
    let ids = member_ids(&cluster).await?;
    let load = cluster.load("d2", LoadKind::default()).await?;
    let leader = cluster.leader().await?;
    for ordinal in [(leader + 1) % 3, leader] {
        let claim = cluster.claim(ordinal).await?.and_then(|claim| claim.metadata.uid);
        let pod = cluster.pod(ordinal).await?.metadata.uid;
        cluster.delete_pod(ordinal).await?;
        wait_until("the pod's successor", limits::STEP, async || {
            let now = cluster.pod(ordinal).await?.metadata.uid;
            Ok(Look::when(now != pod, format!("{now:?}")))
        })
        .await?;
        cluster.settles(3, limits::STEP).await?;
        let now = cluster.claim(ordinal).await?.and_then(|claim| claim.metadata.uid);
        expect(now == claim, || format!("the claim was {claim:?} and is {now:?}"))?;
    }
    let now = member_ids(&cluster).await?;
    expect(now == ids, || format!("the members were {ids:?} and are {now:?}"))?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)
}

async fn d3_a_deleted_volume_is_replaced(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "replaced", 3, json!({})).await?;
    let load = cluster.load("d3", LoadKind::default()).await?;
    let victim = (cluster.leader().await? + 1) % 3;
    let (claim, id) = (cluster.claim(victim).await?, cluster.member_id(victim).await?);
    let begun = Instant::now();
    cluster.delete_claim(victim).await?;
    cluster.delete_pod(victim).await?;
    cluster.has_new_claim(victim, claim.as_ref(), limits::STEP).await?;
    cluster.has_new_member(victim, id.as_deref(), limits::STEP).await?;
    cluster.settles(3, limits::STEP).await?;
    scene.note(format!("three voters again {:?} after the volume was deleted", begun.elapsed()));
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)
}

async fn d7_a_spoiled_member_is_replaced(scene: Arc<Scene>) -> Outcome {
    scene.environment.nodes()?;
    let recovery = json!({ "recovery": { "crashLoopThreshold": 3, "replaceAfterSeconds": 20 } });
    let cluster = Cluster::running(&scene, "spoiled", 3, recovery).await?;
    let load = cluster.load("d7", LoadKind::default()).await?;
    let victim = (cluster.leader().await? + 1) % 3;
    let id = cluster.member_id(victim).await?;
    let begun = Instant::now();
    cluster.harm(victim, Fault::Spoiled).await?;
    cluster.has_new_member(victim, id.as_deref(), limits::CHANGE).await?;
    cluster.settles(3, limits::STEP).await?;
    scene.note(format!("three voters again {:?} after the data was spoiled", begun.elapsed()));
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)?;

    // What stops all members alike is no fault of one's data: nobody is replaced for it.
    let ids = member_ids(&cluster).await?;
    cluster.change(json!({ "options": { "extraArguments": { "no-such-flag": "1" } } })).await?;
    sleep(limits::STILLNESS * 3).await;
    stays(limits::STILLNESS, async || {
        let now = member_ids(&cluster).await?;
        expect(now == ids, || format!("the members were {ids:?} and are {now:?}"))?;
        let ready = cluster.status().await?.ready_replicas;
        expect(ready >= 2, || format!("only {ready} members are ready"))
    })
    .await?;
    cluster.change(json!({ "options": { "extraArguments": null } })).await?;
    cluster.settles(3, limits::CHANGE).await
}

async fn d9_two_of_three_away_for_a_while(scene: Arc<Scene>) -> Outcome {
    let cluster =
        Cluster::running(&scene, "halved", 3, json!({ "recovery": { "replaceAfterSeconds": 10 } })).await?;
    let ledger = cluster.fill("d9").await?;
    let ids = member_ids(&cluster).await?;
    for ordinal in [1, 2] {
        cluster.disable(ordinal).await?;
    }
    cluster.shows("Available", "False", limits::STEP).await?;
    cluster.shows("QuorumLost", "True", limits::STEP).await?;
    let claims = [cluster.claim(1).await?, cluster.claim(2).await?];
    stays(limits::STILLNESS, async || {
        for (claim, ordinal) in claims.iter().zip([1, 2]) {
            let now = cluster.claim(ordinal).await?;
            let same = now.as_ref().map(|claim| &claim.metadata.uid)
                == claim.as_ref().map(|claim| &claim.metadata.uid);
            expect(same, || format!("the claim of {ordinal} is another"))?;
        }
        Ok(())
    })
    .await?;
    for ordinal in [1, 2] {
        cluster.delete_pod(ordinal).await?;
    }
    cluster.settles(3, limits::CHANGE).await?;
    let now = member_ids(&cluster).await?;
    expect(now == ids, || format!("the members were {ids:?} and are {now:?}"))?;
    cluster.audit("d9", &ledger, 3).await
}
