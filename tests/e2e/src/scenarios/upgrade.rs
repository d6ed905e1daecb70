//! Scenarios C1, C2 and C9: new versions, broken ones, and restarts that somebody asks for: followers first, the leader
//! last, and stopped by the first failure.

use std::collections::BTreeMap;
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
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "C1",
        "a new version under load: followers first, the leader last after it handed over, nothing acknowledged is lost",
        Company::Any,
        |scene| Box::pin(c1_a_new_version_under_load(scene)),
    )
    .short(),
    Scenario::new(
        "C2",
        "an image that does not exist stops at the first member; editing the spec undoes it",
        Company::Any,
        |scene| Box::pin(c2_a_bad_image_stops_at_the_first_member(scene)),
    )
    .short(),
    Scenario::new(
        "C9",
        "a changed revisionTag restarts all members, one by one, the leader last",
        Company::Any,
        |scene| Box::pin(c9_a_restart_by_request(scene)),
    ),
];

/// Changes the spec and watches the pods until all are new. Returns the order in which members were replaced; fails if two
/// were away at once or the one that led at the beginning was not the last.
pub async fn roll(cluster: &Cluster, spec: serde_json::Value) -> Outcome<Vec<usize>> {
    let first_leader = cluster.leader().await?;
    let before: BTreeMap<_, _> = identities(cluster).await?;
    let members = before.len();
    cluster.change(spec).await?;
    let mut order = Vec::new();
    let watching = async {
        loop {
            // A look that fails is made again: only what was seen counts.
            if let Ok(now) = identities(cluster).await {
                for (ordinal, uid) in &now {
                    if before.get(ordinal) != Some(uid) && !order.contains(ordinal) {
                        order.push(*ordinal);
                    }
                }
                if members - now.len().min(members) > 1 {
                    return Failure::unmet(format!("only {} of {members} pods are there", now.len()));
                }
            }
            sleep(limits::POLL / 3).await;
        }
    };
    tokio::select! {
        settled = cluster.settles(members, limits::CHANGE) => settled?,
        broken = watching => return Err(broken),
    }
    for (ordinal, uid) in identities(cluster).await? {
        if before.get(&ordinal) != Some(&uid) && !order.contains(&ordinal) {
            order.push(ordinal);
        }
    }
    expect(order.len() == members, || format!("only {order:?} were restarted"))?;
    expect(order.last() == Some(&first_leader) || members == 1, || {
        format!("{first_leader} led, and the order was {order:?}")
    })?;
    Ok(order)
}

async fn identities(cluster: &Cluster) -> Outcome<BTreeMap<usize, String>> {
    let pods = cluster.pods().await?;
    let each = pods.into_iter().filter_map(|pod| {
        let ordinal = pod.metadata.name?.rsplit('-').next()?.parse().ok()?;
        Some((ordinal, pod.metadata.uid?))
    });
    Ok(each.collect())
}

async fn c1_a_new_version_under_load(scene: Arc<Scene>) -> Outcome {
    let next = scene.environment.place.next_version.clone();
    let next = next.ok_or_else(|| {
        Failure::NotHere("there is no image of a second version (--next-version)".to_owned())
    })?;
    let cluster = Cluster::running(&scene, "upgraded", 3, json!({})).await?;
    let load = cluster.load("c1", LoadKind::default()).await?;
    let order = roll(&cluster, json!({ "version": next })).await?;
    scene.note(format!("members were restarted in the order {order:?}"));
    let status = cluster.status().await?;
    expect(status.current_version.as_deref() == Some(&next), || {
        format!("the version is {:?}", status.current_version)
    })?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 4)?;
    let gap = ledger.pace().gap_longest;
    expect(gap < limits::TWO_ELECTIONS, || format!("writes stood still for {gap:?}"))
}

async fn c2_a_bad_image_stops_at_the_first_member(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "broken", 3, json!({})).await?;
    let load = cluster.load("c2", LoadKind::default()).await?;
    cluster.change(json!({ "image": { "tag": "missing" } })).await?;
    let blocked = cluster.shows("UpgradeBlocked", "True", limits::STEP).await?;
    scene.note(format!("{}: {}", blocked.reason, blocked.message));
    stays(limits::STILLNESS, async || {
        let ready = cluster.status().await?.ready_replicas;
        expect(ready == 2, || format!("{ready} members are ready"))
    })
    .await?;
    cluster.change(json!({ "image": { "tag": null } })).await?;
    cluster.settles(3, limits::CHANGE).await?;
    cluster.shows("UpgradeBlocked", "False", limits::CONDITION).await?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 4)
}

async fn c9_a_restart_by_request(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "restarted", 3, json!({})).await?;
    let load = cluster.load("c9", LoadKind::default()).await?;
    let order = roll(&cluster, json!({ "revisionTag": "again" })).await?;
    scene.note(format!("members were restarted in the order {order:?}"));
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 4)?;

    // Where a person restarts, nothing happens unasked, and the status says what is pending.
    cluster.change(json!({ "upgrade": { "strategy": "OnDelete" }, "revisionTag": "by hand" })).await?;
    cluster.shows("PendingRestart", "True", limits::CONDITION).await?;
    let lives = cluster.lives().await?;
    stays(limits::STILLNESS, async || {
        let now = cluster.lives().await?;
        expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))
    })
    .await?;
    for ordinal in 0..3 {
        cluster.delete_pod(ordinal).await?;
        wait_until("the restarted member", limits::STEP, async || {
            let status = cluster.status().await?;
            let updated = status.updated_replicas;
            let is_back = updated == ordinal as i32 + 1 && status.ready_replicas == 3;
            Ok(Look::when(is_back, format!("{updated} updated, {} ready", status.ready_replicas)))
        })
        .await?;
    }
    cluster.shows("PendingRestart", "False", limits::CONDITION).await.map(drop)
}
