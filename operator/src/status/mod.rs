//! The status of a cluster, in two halves: the facts, from what was observed, and what the plan says of them. Pure; the
//! memory in it is not touched here.

mod conditions;
mod facts;
mod phase;
#[cfg(test)]
mod tests;

use holdfast_plan::{Condition, ConditionKind, ConditionStatus, Observed, Plan};
use k8s_openapi::jiff::Timestamp;

use crate::crd::{CertificateStatus, HoldfastClusterStatus};
use crate::limits::PLAN_LINES_MAX;
use crate::validate::{SpecError, Validated};

pub use conditions::{flips, is_ordinary};
pub use facts::{Facts, facts};

/// What others have to say in the status.
#[derive(Clone, Debug, Default)]
pub struct Addition {
    /// Their conditions, which stand before the plan's own of the same kind.
    pub conditions: Vec<Condition>,
    /// The certificates that are kept.
    pub certificates: Vec<CertificateStatus>,
    /// The Secret with a client's certificate.
    pub client_secret_name: Option<String>,
    /// The Secret with root's password.
    pub root_secret_name: Option<String>,
    /// Version of the Secret whose password root has.
    pub root_password_version: Option<String>,
    /// The rotation that was carried out last.
    pub rotated: Option<String>,
}

/// Seconds since the cluster last came closer to what is wanted, before this round is planned: 0 when something that
/// counts has changed since the status was written.
#[must_use]
pub fn seconds_since_progress(
    prior: &HoldfastClusterStatus,
    facts: &HoldfastClusterStatus,
    now: Timestamp,
) -> u64 {
    if has_progressed(prior, facts) {
        return 0;
    }
    let since = prior.last_progress_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
    since.map_or(0, |since| u64::try_from(now.as_second() - since.as_second()).unwrap_or(0))
}

fn has_progressed(prior: &HoldfastClusterStatus, facts: &HoldfastClusterStatus) -> bool {
    let counts = |status: &HoldfastClusterStatus| {
        let members = status.members.iter();
        (
            status.observed_generation,
            (status.replicas, status.ready_replicas, status.updated_replicas),
            (status.cluster_id.clone(), status.bootstrap.clone()),
            members.map(|it| (it.ordinal, it.role.clone(), it.ready, it.updated)).collect::<Vec<_>>(),
        )
    };
    counts(prior) != counts(facts)
}

/// The whole status: the facts, the plan, and what others add.
#[must_use]
pub fn conclude(
    prior: &HoldfastClusterStatus,
    facts: HoldfastClusterStatus,
    plan: &Plan,
    addition: Addition,
    now: Timestamp,
) -> HoldfastClusterStatus {
    let mut status = facts;
    let is_new = has_progressed(prior, &status) || prior.last_progress_at.is_none();
    status.last_progress_at = if is_new { Some(written(now)) } else { prior.last_progress_at.clone() };
    status.plan = plan.lines.iter().take(PLAN_LINES_MAX).cloned().collect();
    status.certificates_expire_at = addition.certificates.iter().map(|it| it.expires_at.clone()).min();
    status.certificates = addition.certificates;
    status.client_secret_name = addition.client_secret_name;
    status.root_secret_name = addition.root_secret_name;
    status.root_password_version = addition.root_password_version;
    status.rotated = addition.rotated;
    let mut all = addition.conditions;
    all.extend(plan.conditions.iter().cloned());
    let valid = Condition {
        kind: ConditionKind::SpecValid,
        status: ConditionStatus::True,
        reason: "Valid".to_owned(),
        message: String::new(),
    };
    all.push(valid);
    status.conditions = conditions::merge(&prior.conditions, &all, status.observed_generation, now);
    status.phase = phase::phase(&status.conditions, status.bootstrap.as_ref()).to_owned();
    status
}

/// The status of a resource that cannot be carried out: what was known stays, and what is wrong is said.
#[must_use]
pub fn refuse(
    prior: &HoldfastClusterStatus,
    generation: i64,
    errors: &[SpecError],
    now: Timestamp,
) -> HoldfastClusterStatus {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let invalid = Condition {
        kind: ConditionKind::SpecValid,
        status: ConditionStatus::False,
        reason: "InvalidField".to_owned(),
        message: format!("nothing is changed until this is corrected: {}", lines.join("; ")),
    };
    let mut status = prior.clone();
    status.observed_generation = generation;
    status.plan =
        lines.into_iter().take(PLAN_LINES_MAX).map(|line| format!("wait for a correction: {line}")).collect();
    status.conditions = conditions::replace(&prior.conditions, &[invalid], generation, now);
    status.phase = phase::phase(&status.conditions, status.bootstrap.as_ref()).to_owned();
    status
}

/// Whether the second says something that the first does not, sizes and positions in the log left out: those change with
/// every write of a client, and are brought up to date now and then.
#[must_use]
pub fn differs(before: &HoldfastClusterStatus, after: &HoldfastClusterStatus) -> bool {
    let calm = |status: &HoldfastClusterStatus| {
        let mut status = status.clone();
        status.data_size = None;
        for member in &mut status.members {
            member.data_size_bytes = None;
            member.applied_index = None;
        }
        status
    };
    calm(before) != calm(after)
}

/// The largest lag and size of a cluster for those who measure: bytes of the member with the most data.
#[must_use]
pub fn data_size_bytes_max(status: &HoldfastClusterStatus) -> i64 {
    status.members.iter().filter_map(|member| member.data_size_bytes).max().unwrap_or(0)
}

fn written(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).map_or_else(|_| time.to_string(), |whole| whole.to_string())
}

/// What the facts are taken from.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The generation of the resource.
    pub generation: i64,
    /// The validated resource.
    pub validated: &'a Validated,
    /// What was observed.
    pub observed: &'a Observed,
}
