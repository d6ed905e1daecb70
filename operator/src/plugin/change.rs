//! Changes of the resource: everything that a person could also do by editing it. The operator does the rest.
#![allow(clippy::print_stdout, reason = "it talks to a person on the command line")]

use std::time::{SystemTime, UNIX_EPOCH};

use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use super::asked::Asked;
use super::error::PluginError;
use crate::crd::HoldfastCluster;
use crate::resources::labels;

/// Has all members restarted.
pub async fn restart(asked: &Asked) -> Result<(), PluginError> {
    merge(asked, json!({ "spec": { "revisionTag": tag() } })).await?;
    println!(
        "{} is being restarted, one member at a time; `kubectl holdfast plan {}` tells how far it is.",
        asked.name, asked.name
    );
    Ok(())
}

/// Stops the operator from changing anything, or lets it go on.
pub async fn pause(asked: &Asked, is_paused: bool) -> Result<(), PluginError> {
    merge(asked, json!({ "spec": { "paused": is_paused } })).await?;
    println!(
        "{} is {}.",
        asked.name,
        if is_paused { "paused: nothing of it is changed" } else { "looked after again" }
    );
    Ok(())
}

/// Stops all members, or starts them.
pub async fn hibernate(asked: &Asked, is_hibernating: bool) -> Result<(), PluginError> {
    merge(asked, json!({ "spec": { "hibernate": is_hibernating } })).await?;
    println!(
        "{}",
        if is_hibernating { "All members stop; their volumes stay." } else { "The members are started." }
    );
    Ok(())
}

/// Has members replaced.
pub async fn replace(asked: &Asked, members: &[u32]) -> Result<(), PluginError> {
    let cluster = asked.cluster().await?;
    let known: Vec<i32> =
        cluster.status.iter().flat_map(|status| &status.members).map(|member| member.ordinal).collect();
    if let Some(unknown) =
        members.iter().find(|member| i32::try_from(**member).map_or(true, |number| !known.contains(&number)))
    {
        return Err(PluginError::NotNow(format!(
            "{} has no member {unknown}; `kubectl holdfast members {}` lists them",
            asked.name, asked.name
        )));
    }
    let text = members.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    merge(asked, json!({ "metadata": { "annotations": { labels::REPLACE: text } } })).await?;
    println!("To be replaced, one after the other, as far as the quorum allows: {text}.");
    Ok(())
}

/// Has authorities and certificates replaced.
pub async fn rotate(asked: &Asked) -> Result<(), PluginError> {
    merge(asked, json!({ "spec": { "tls": { "rotate": tag() } } })).await?;
    println!(
        "The authorities are being replaced; clients that read their Secrets anew meanwhile notice nothing."
    );
    Ok(())
}

async fn merge(asked: &Asked, change: Value) -> Result<(), PluginError> {
    asked.cluster().await?;
    asked
        .api::<HoldfastCluster>()
        .patch(&asked.name, &PatchParams::default(), &Patch::Merge(change))
        .await
        .map_err(PluginError::kubernetes(format!("change the HoldfastCluster {}", asked.name)))?;
    Ok(())
}

/// A text that was not there before: seconds since 1970.
fn tag() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().to_string()
}
