//! What is told about certificates: conditions, the status' list, and when to look again. Decides nothing.

use std::time::Duration;

use holdfast_plan::trust::{LeafFound, LeafStep, Phase};
use holdfast_plan::{Condition, ConditionKind, ConditionStatus};

use super::Trust;
use super::managed::{LeafKept, Outcome};
use super::settings::ManagedSettings;
use super::time::UnixSeconds;
use crate::crd::CertificateStatus;
use crate::limits::{CERTIFICATE_STATUS_MAX, CERTIFICATES_LOOK_AGAIN, TRUST_LOOK_AGAIN};

/// Fills in what follows from all that was looked at.
pub(super) fn summarize(trust: &mut Trust, settings: &ManagedSettings, outcomes: &[Outcome]) {
    for outcome in outcomes {
        trust.certificates.extend(outcome.leaves.iter().filter_map(certificate));
    }
    trust.certificates.truncate(CERTIFICATE_STATUS_MAX);
    // Texts of RFC 3339 in UTC order as the times that they stand for.
    trust.certificates_expire_at = trust.certificates.iter().map(|it| it.expires_at.clone()).min();
    if let Some(rotated) = rotated(outcomes) {
        trust.rotated = rotated;
    }
    trust.conditions = vec![certificates_ready(trust, outcomes), rotating(outcomes)];
    trust.look_again = Some(look_again(trust, settings, outcomes));
}

/// What the status is to say was carried out: only what all managed authorities have finished.
fn rotated(outcomes: &[Outcome]) -> Option<Option<String>> {
    let mut finished = outcomes.iter().map(|outcome| match (&outcome.authority, outcome.phase) {
        (Some(authority), Some(Phase::Steady)) => Some(authority.rotated().map(str::to_owned)),
        _ => None,
    });
    let first = finished.next()??;
    finished.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

fn certificate(leaf: &LeafKept) -> Option<CertificateStatus> {
    let LeafFound::Present(found) = &leaf.found else { return None };
    let renew_at = leaf.ends.0.saturating_sub(leaf.plan.wanted.renew_before_seconds);
    Some(CertificateStatus {
        secret_name: leaf.plan.secret.clone(),
        expires_at: leaf.ends.rfc3339(),
        renew_at: UnixSeconds(renew_at).rfc3339(),
        fingerprint: found.fingerprint.to_string(),
    })
}

fn certificates_ready(trust: &Trust, outcomes: &[Outcome]) -> Condition {
    let condition = |status, reason: &str, message: String| Condition {
        kind: ConditionKind::CertificatesReady,
        status,
        reason: reason.to_owned(),
        message,
    };
    let lost: Vec<String> = outcomes.iter().filter_map(|it| it.decision.lost.clone()).collect();
    if !lost.is_empty() {
        return condition(ConditionStatus::False, "AuthorityLost", lost.join(". "));
    }
    let stuck: Vec<String> = outcomes.iter().flat_map(|it| it.leaves.iter().filter_map(stuck)).collect();
    if !stuck.is_empty() {
        return condition(ConditionStatus::False, "CannotRenew", stuck.join("; "));
    }
    if !trust.not_ready.is_empty() {
        let message = format!("waiting for {}", trust.not_ready.join(", "));
        return condition(ConditionStatus::False, "Missing", message);
    }
    match &trust.certificates_expire_at {
        Some(end) => {
            condition(ConditionStatus::True, "Ready", format!("the first certificate ends at {end}"))
        }
        None => condition(ConditionStatus::True, "Disabled", "connections are not encrypted".to_owned()),
    }
}

fn stuck(leaf: &LeafKept) -> Option<String> {
    let LeafStep::Stuck(reason) = &leaf.step else { return None };
    Some(format!(
        "the certificate in Secret {} cannot be issued until the new authority signs ({reason})",
        leaf.plan.secret
    ))
}

fn rotating(outcomes: &[Outcome]) -> Condition {
    let under_way = outcomes.iter().find(|it| matches!(it.phase, Some(Phase::Widening | Phase::Swapping)));
    let condition = |status, reason: &str, message: String| Condition {
        kind: ConditionKind::AuthorityRotating,
        status,
        reason: reason.to_owned(),
        message,
    };
    let Some(outcome) = under_way else {
        return condition(ConditionStatus::False, "Steady", "no authority is being replaced".to_owned());
    };
    let (reason, doing) = match outcome.phase {
        Some(Phase::Widening) => ("WideningTrust", "the next authority is being made known"),
        _ => ("ReplacingCertificates", "the new authority signs, and the old one is still trusted"),
    };
    let waits = outcome.decision.waits_for.join(", ");
    let authority = outcome.endpoint.authority_name();
    let message = if waits.is_empty() {
        format!("{authority}: {doing}")
    } else {
        format!("{authority}: {doing}; waiting for {waits}")
    };
    condition(ConditionStatus::True, reason, message)
}

fn look_again(trust: &Trust, settings: &ManagedSettings, outcomes: &[Outcome]) -> Duration {
    let is_moving = !trust.not_ready.is_empty()
        || outcomes.iter().any(|it| matches!(it.phase, Some(Phase::Widening | Phase::Swapping)));
    if is_moving {
        // The overlap may be shorter than a look at members; then it is what counts.
        return TRUST_LOOK_AGAIN.min(settings.overlap.max(Duration::from_secs(1)));
    }
    let renewals = outcomes.iter().flat_map(|outcome| {
        let leaves = outcome.leaves.iter().filter_map(|leaf| match &leaf.found {
            LeafFound::Present(found) => {
                Some(found.seconds_left.saturating_sub(leaf.plan.wanted.renew_before_seconds))
            }
            LeafFound::Absent | LeafFound::Unusable(_) => None,
        });
        leaves.chain(outcome.decision.look_again_seconds)
    });
    let first = renewals.min().map_or(CERTIFICATES_LOOK_AGAIN, |seconds| Duration::from_secs(seconds.max(1)));
    first.min(CERTIFICATES_LOOK_AGAIN)
}
