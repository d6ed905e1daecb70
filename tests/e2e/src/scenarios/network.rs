//! Scenario E6: a client that knows one member loses it.

use std::sync::Arc;

use serde_json::json;

use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;

pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "E6",
    "all clients are at one member whose pod is deleted: they are at another within seconds",
    Company::Any,
    |scene| Box::pin(e6_clients_fall_over(scene)),
)];

async fn e6_clients_fall_over(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "left", 3, json!({})).await?;
    // Members are taken by name, so all clients begin at the first.
    let load = cluster.load("e6", LoadKind { all_at_first: true, ..LoadKind::default() }).await?;
    tokio::time::sleep(limits::TWO_ELECTIONS).await;
    cluster.delete_pod(0).await?;
    cluster.settles(3, limits::STEP).await?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 100)?;
    let gap = ledger.pace().gap_longest;
    let limit = limits::TWO_ELECTIONS + limits::PAUSE_ALLOWANCE;
    expect(gap < limit, || format!("clients were without a member for {gap:?}"))
}
