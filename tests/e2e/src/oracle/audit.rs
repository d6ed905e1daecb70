//! The judgement: everything that was acknowledged is there, nobody read anything stale, and the members hold the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::ledger::Ledger;
use super::store::{Store, decoded, encoded, header_of};
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::waiting::{Look, wait_until};

/// Reads back, linearizably, every write that was acknowledged.
///
/// # Errors
/// When one is missing, has another value or revision, or a read during the load was stale.
pub async fn audit_writes(store: &Store, prefix: &str, ledger: &Ledger) -> Outcome {
    expect(ledger.stale_reads.is_empty(), || format!("stale linearizable reads: {:?}", ledger.stale_reads))?;
    expect(!ledger.acknowledged.is_empty(), || {
        format!("no write was ever acknowledged: {}", ledger.failures_by_text())
    })?;
    let held = read_all(store, prefix).await?;
    let mut wrong = Vec::new();
    for entry in &ledger.acknowledged {
        match held.get(&entry.key) {
            None => wrong.push(format!("{} of revision {} is gone", entry.key, entry.revision)),
            Some((value, _)) if *value != entry.value => {
                wrong.push(format!("{} is {value:?} and should be {:?}", entry.key, entry.value));
            }
            // Written again by a retry, never earlier than what was told.
            Some((_, revision)) if *revision < 1 || (entry.tries == 1 && *revision != entry.revision) => {
                wrong.push(format!("{} has revision {revision}, told was {}", entry.key, entry.revision));
            }
            Some(_) => {}
        }
    }
    expect(wrong.is_empty(), || {
        let (count, all) = (wrong.len(), ledger.acknowledged.len());
        format!(
            "{count} of {all} acknowledged writes are not as told, for example: {}",
            wrong[..count.min(3)].join("; ")
        )
    })
}

async fn read_all(store: &Store, prefix: &str) -> Outcome<BTreeMap<String, (String, i64)>> {
    let mut held = BTreeMap::new();
    let mut from = format!("{prefix}/");
    let end = format!("{prefix}0");
    loop {
        let body = json!({ "key": encoded(&from), "range_end": encoded(&end), "limit": limits::AUDIT_PAGE });
        let answer = wait_until("a linearizable read", limits::STEP, async || {
            Ok(Look::There(store.ask_any("/holdfast/v1/kv/range", &body).await?))
        })
        .await?;
        let page = answer["kvs"].as_array().cloned().unwrap_or_default();
        for entry in &page {
            let text = |field: &str| entry[field].as_str().map(decoded).unwrap_or_default();
            let revision =
                entry["mod_revision"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
            held.insert(text("key"), (text("value"), revision));
        }
        match held.last_key_value() {
            Some((last, _)) if page.len() == limits::AUDIT_PAGE => from = format!("{last}\0"),
            _ => return Ok(held),
        }
    }
}

/// Asks every member that is there for its hash at one revision, and for the id of its cluster.
///
/// # Errors
/// When members differ, the id is not the one expected, or there are not as many members.
pub async fn audit_members(store: &Store, cluster_id: &str, members_expected: usize) -> Outcome {
    let what = format!("{members_expected} members with the same data");
    let revision =
        header_of(&store.ask_any("/holdfast/v1/kv/range", &json!({ "key": encoded("any") })).await?).revision;
    wait_until(&what, limits::CONVERGENCE, async || {
        let members = store.door.look().await?;
        let mut hashes = BTreeSet::new();
        for member in &members {
            let at = json!({ "revision": revision.to_string() });
            let answer = store.ask(member, "/holdfast/v1/maintenance/hashkv", &at).await?;
            let found = header_of(&answer).cluster_id;
            if found != cluster_id {
                return Err(Failure::unmet(format!(
                    "{} is of cluster {found}, not {cluster_id}",
                    member.pod
                )));
            }
            hashes.insert(answer["hash"].to_string());
        }
        let is_same = members.len() == members_expected && hashes.len() == 1;
        Ok(Look::when(
            is_same,
            format!("{} members, hashes {hashes:?} at revision {revision}", members.len()),
        ))
    })
    .await
}
