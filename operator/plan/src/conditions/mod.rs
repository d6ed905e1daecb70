//! The conditions of the status: what holds, and why. They are told of what was observed and of what planning was held
//! up by; nothing is decided here.

mod changes;
mod health;

use crate::draft::Draft;
use crate::reason::Reason;
use crate::view::View;
use crate::{Condition, ConditionKind, ConditionStatus};

/// All conditions that planning can tell of, in the order of their kinds. Those on certificates and users are told of by
/// who keeps them.
pub(crate) fn all(view: &View<'_>, draft: &Draft) -> Vec<Condition> {
    let told = [
        health::available(view, draft),
        changes::progressing(view, draft),
        health::degraded(view),
        health::quorum_at_risk(view),
        health::quorum_lost(view),
        health::cluster_id_mismatch(view),
        changes::upgrading(view),
        changes::blocked(draft, ConditionKind::UpgradeBlocked),
        changes::blocked(draft, ConditionKind::ScalingBlocked),
        changes::storage_ready(view, draft),
        changes::spec_valid(view),
        changes::paused(view),
        changes::hibernated(view),
        changes::pending_restart(view),
    ];
    told.into_iter()
        .map(|Told { kind, status, reason, message }| Condition {
            kind,
            status,
            reason: reason.into(),
            message,
        })
        .collect()
}

/// A condition before its reason has become text.
struct Told {
    kind: ConditionKind,
    status: ConditionStatus,
    reason: Reason,
    message: String,
}

impl Told {
    fn holds(kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: ConditionStatus::True, reason, message: message.into() }
    }

    fn holds_not(kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: ConditionStatus::False, reason, message: message.into() }
    }

    fn unknown(kind: ConditionKind, reason: Reason, message: impl Into<String>) -> Self {
        Self { kind, status: ConditionStatus::Unknown, reason, message: message.into() }
    }
}
