//! One word for people. Machines read the conditions.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::crd::BootstrapStatus;

/// The word that fits the conditions best: what a person would want to know first.
pub(super) fn phase(conditions: &[Condition], bootstrap: Option<&BootstrapStatus>) -> &'static str {
    let is = |kind: &str, status: &str| {
        conditions.iter().any(|condition| condition.type_ == kind && condition.status == status)
    };
    let is_made = bootstrap.is_some_and(|bootstrap| bootstrap.state == "Done");
    let words = [
        (is("SpecValid", "False"), "Invalid"),
        (is("Paused", "True"), "Paused"),
        (is("ClusterIdMismatch", "True"), "ForeignData"),
        (is("Hibernated", "True"), "Hibernated"),
        (is("QuorumLost", "True"), "QuorumLost"),
        (is("UpgradeBlocked", "True"), "UpgradeBlocked"),
        (!is_made, "Creating"),
        (!is("Available", "True"), "Unavailable"),
        (is("Upgrading", "True"), "Upgrading"),
        (is("ScalingBlocked", "True"), "ScalingBlocked"),
        (is("Progressing", "True"), "Progressing"),
        (is("Degraded", "True"), "Degraded"),
        (is("PendingRestart", "True"), "PendingRestart"),
    ];
    words.into_iter().find(|(holds, _)| *holds).map_or("Ready", |(_, word)| word)
}
