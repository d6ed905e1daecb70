//! Scenario F2, which is also the third thing to show: the authorities change while many clients write.

use std::sync::Arc;
use std::time::Instant;

use serde_json::json;

use super::size::demand_patience_at_most;
use super::trust::fingerprints;
use crate::cluster::Cluster;
use crate::failure::{Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "F2",
    "the authorities are replaced while 50 clients write over mutual TLS: not one request fails, nothing restarts",
    Company::Any,
    |scene| Box::pin(f2_the_authorities_are_replaced(scene)),
)
.short()];

/// These clients read their Secret twice a second; a mounted one would take a minute.
pub fn brief_overlap() -> serde_json::Value {
    json!({ "tls": { "authority": { "overlap": "10s" } } })
}

async fn f2_the_authorities_are_replaced(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "rotated", 3, brief_overlap()).await?;
    let (before, lives) = (fingerprints(&cluster).await?, cluster.lives().await?);
    let authorities = authorities(&cluster).await?;
    let load = cluster.load("f2", LoadKind { clients: 50, ..LoadKind::default() }).await?;
    let begun = Instant::now();
    cluster.change(json!({ "tls": { "rotate": "now" } })).await?;
    wait_until("the end of the rotation", limits::CHANGE * 2, async || {
        let status = cluster.status().await?;
        let rotating = status.conditions.iter().find(|each| each.type_ == "AuthorityRotating");
        let seen = rotating.map(|each| format!("{}: {}", each.reason, each.message));
        let is_over =
            status.rotated.as_deref() == Some("now") && rotating.is_none_or(|each| each.status == "False");
        Ok(Look::when(is_over, format!("rotated {:?}, {seen:?}", status.rotated)))
    })
    .await?;
    scene.note(format!("both authorities and all certificates were replaced in {:?}", begun.elapsed()));
    // Clients go on for a while with the new trust alone.
    tokio::time::sleep(limits::STILLNESS).await;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 1)?;
    expect(ledger.failed_tries.is_empty(), || format!("requests failed: {}", ledger.failures_by_text()))?;

    let now = fingerprints(&cluster).await?;
    let old: Vec<_> =
        now.iter().filter(|(name, print)| before.get(*name) == Some(*print)).map(|(name, _)| name).collect();
    expect(old.is_empty(), || format!("these were not replaced: {old:?}"))?;
    let trusted = cluster.secret_value("client-tls", "ca.crt").await?;
    for authority in authorities {
        expect(!trusted.contains(authority.trim()), || "the old authority is still trusted".to_owned())?;
    }
    let now = cluster.lives().await?;
    expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))
}

async fn authorities(cluster: &Cluster) -> Outcome<[String; 2]> {
    Ok([
        cluster.secret_value("client-ca", "tls.crt").await?,
        cluster.secret_value("peer-ca", "tls.crt").await?,
    ])
}
