//! What is shown of a cluster: its status, put for people. Everything comes from the resource; members are not asked.
#![allow(clippy::print_stdout, reason = "it talks to a person on the command line")]

use std::fmt::Write as _;

use serde::Serialize;

use super::arguments::Output;
use super::asked::Asked;
use super::error::PluginError;
use super::paint::{Paint, table};
use crate::crd::{HoldfastCluster, HoldfastClusterStatus};

/// Conditions that are bad news when they hold; of all others it is bad news when they do not.
const BAD_WHEN_TRUE: [&str; 7] = [
    "Degraded",
    "QuorumAtRisk",
    "QuorumLost",
    "ClusterIdMismatch",
    "UpgradeBlocked",
    "ScalingBlocked",
    "PendingRestart",
];
/// Conditions that are no news either way.
const NEUTRAL: [&str; 5] = ["Progressing", "Upgrading", "AuthorityRotating", "Paused", "Hibernated"];

/// Prints how a cluster is.
pub async fn status(asked: &Asked, output: Output) -> Result<(), PluginError> {
    let cluster = asked.cluster().await?;
    let status = cluster.status.clone().unwrap_or_default();
    match output {
        Output::Text => print!("{}", described(&cluster, &status, Paint::for_output())),
        other => print!("{}", serialized(&status, other)),
    }
    Ok(())
}

/// Prints what comes next.
pub async fn plan(asked: &Asked) -> Result<(), PluginError> {
    let status = asked.cluster().await?.status.unwrap_or_default();
    if status.plan.is_empty() {
        println!("Nothing to do.");
    }
    for line in &status.plan {
        println!("{line}");
    }
    Ok(())
}

/// Prints the members.
pub async fn members(asked: &Asked, output: Output) -> Result<(), PluginError> {
    let status = asked.cluster().await?.status.unwrap_or_default();
    match output {
        Output::Text => print!("{}", member_table(&status)),
        other => print!("{}", serialized(&status.members, other)),
    }
    Ok(())
}

fn serialized(value: &impl Serialize, output: Output) -> String {
    match output {
        Output::Yaml => serde_yaml::to_string(value).expect("a status is made of plain values"),
        Output::Json | Output::Text => {
            serde_json::to_string_pretty(value).expect("a status is made of plain values") + "\n"
        }
    }
}

fn described(cluster: &HoldfastCluster, status: &HoldfastClusterStatus, paint: Paint) -> String {
    let name = cluster.metadata.name.as_deref().unwrap_or_default();
    let namespace = cluster.metadata.namespace.as_deref().unwrap_or_default();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut text = format!("{}\n", paint.heading(&format!("{namespace}/{name}: {}", status.phase)));
    let quorum = status.quorum.as_ref().map_or_else(
        || "-".to_owned(),
        |quorum| format!("{} of {} voters answer, {} needed", quorum.healthy, quorum.voters, quorum.needed),
    );
    let facts = [
        ("Members", format!("{} ready", status.ready)),
        ("Quorum", quorum),
        ("Leader", or_none(&status.leader)),
        ("Version", or_none(&status.current_version)),
        ("Cluster id", or_none(&status.cluster_id)),
        ("Endpoint", status.endpoints.first().cloned().unwrap_or_else(|| "-".to_owned())),
        (
            "Certificates",
            status
                .certificates_expire_at
                .clone()
                .map_or_else(|| "-".to_owned(), |at| format!("good until {at}")),
        ),
    ];
    let rows: Vec<Vec<String>> =
        facts.into_iter().map(|(name, value)| vec![format!("  {name}"), value]).collect();
    text.push_str(&table(&rows));
    let _ = writeln!(text, "\n{}\n{}", paint.heading("Members"), member_table(status).trim_end());
    let _ = writeln!(text, "\n{}", paint.heading("Conditions"));
    for condition in &status.conditions {
        let line = format!("  {:<22} {:<8} {}", condition.type_, condition.status, condition.reason);
        let line = if NEUTRAL.contains(&condition.type_.as_str()) {
            line
        } else if (condition.status == "True") == BAD_WHEN_TRUE.contains(&condition.type_.as_str()) {
            paint.bad(&line)
        } else {
            paint.good(&line)
        };
        let _ = writeln!(text, "{line}");
        if !condition.message.is_empty() {
            let _ = writeln!(text, "    {}", condition.message);
        }
    }
    if !status.plan.is_empty() {
        let _ = writeln!(text, "\n{}", paint.heading("Next"));
        for line in &status.plan {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

fn member_table(status: &HoldfastClusterStatus) -> String {
    let heading = ["NAME", "ROLE", "ID", "VERSION", "READY", "UPDATED", "APPLIED", "NODE", "REASON"];
    let mut rows = vec![heading.iter().map(ToString::to_string).collect::<Vec<_>>()];
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    for member in &status.members {
        rows.push(vec![
            member.name.clone(),
            member.role.clone(),
            or_none(&member.member_id),
            or_none(&member.version),
            member.ready.to_string(),
            member.updated.to_string(),
            member.applied_index.map_or_else(|| "-".to_owned(), |index| index.to_string()),
            or_none(&member.node),
            member.reason.clone().unwrap_or_default(),
        ]);
    }
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crd::{MemberStatus, QuorumStatus};

    #[test]
    fn a_status_reads_like_a_page() {
        let cluster: HoldfastCluster = serde_yaml::from_str(
            "{apiVersion: holdfast.dev/v1alpha1, kind: HoldfastCluster, metadata: {name: kv, namespace: shop}, spec: {}}",
        )
        .unwrap();
        let status = HoldfastClusterStatus {
            phase: "Running".to_owned(),
            ready: "1/1".to_owned(),
            leader: Some("kv-0".to_owned()),
            quorum: Some(QuorumStatus { voters: 1, healthy: 1, needed: 1, ..QuorumStatus::default() }),
            members: vec![MemberStatus {
                name: "kv-0".to_owned(),
                role: "Leader".to_owned(),
                ready: true,
                ..MemberStatus::default()
            }],
            plan: vec!["Wait.".to_owned()],
            ..HoldfastClusterStatus::default()
        };
        let text = described(&cluster, &status, Paint::plain());
        assert!(text.starts_with("shop/kv: Running\n  Members       1/1 ready\n"), "{text}");
        assert!(text.contains("NAME  ROLE    ID"), "{text}");
        assert!(text.ends_with("Next\n  Wait.\n"), "{text}");
    }
}
