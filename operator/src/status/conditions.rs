//! Conditions as Kubernetes wants them: a time that changes only when the status does. Pure.

use holdfast_plan::{Condition as Said, ConditionStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use k8s_openapi::jiff::Timestamp;

use crate::limits::CONDITION_MESSAGE_BYTES_MAX;

/// The conditions that are said now, in the order of their kinds; of several of one kind the first. Those that nobody
/// speaks of any more are gone.
pub(super) fn merge(prior: &[Condition], said: &[Said], generation: i64, now: Timestamp) -> Vec<Condition> {
    let mut said: Vec<&Said> = said.iter().collect();
    // A stable sort: the first of a kind stays the first.
    said.sort_by_key(|condition| condition.kind);
    said.dedup_by_key(|condition| condition.kind);
    said.into_iter().map(|condition| written(prior, condition, generation, now)).collect()
}

/// The prior conditions, with those that are said now in place of their namesakes.
pub(super) fn replace(prior: &[Condition], said: &[Said], generation: i64, now: Timestamp) -> Vec<Condition> {
    let kinds: Vec<String> = said.iter().map(|condition| format!("{:?}", condition.kind)).collect();
    let kept = prior.iter().filter(|condition| !kinds.contains(&condition.type_)).cloned();
    kept.chain(said.iter().map(|condition| written(prior, condition, generation, now))).collect()
}

fn written(prior: &[Condition], said: &Said, generation: i64, now: Timestamp) -> Condition {
    let type_ = format!("{:?}", said.kind);
    let status = match said.status {
        ConditionStatus::True => "True",
        ConditionStatus::False => "False",
        ConditionStatus::Unknown => "Unknown",
    };
    let before = prior.iter().find(|condition| condition.type_ == type_ && condition.status == status);
    Condition {
        last_transition_time: before.map_or_else(|| whole_seconds(now), |it| it.last_transition_time.clone()),
        message: shortened(&said.message),
        observed_generation: Some(generation),
        reason: said.reason.clone(),
        status: status.to_owned(),
        type_,
    }
}

/// What turned into something else between two statuses: the conditions as they are now. A condition that is said for the
/// first time counts when it is out of the ordinary.
#[must_use]
pub fn flips<'a>(before: &[Condition], after: &'a [Condition]) -> Vec<&'a Condition> {
    let is_flip = |condition: &&Condition| match before.iter().find(|it| it.type_ == condition.type_) {
        Some(before) => before.status != condition.status,
        None => !is_ordinary(condition),
    };
    after.iter().filter(is_flip).collect()
}

/// Whether it says that all is well.
#[must_use]
pub fn is_ordinary(condition: &Condition) -> bool {
    let is_promise = matches!(
        condition.type_.as_str(),
        "Available" | "StorageReady" | "CertificatesReady" | "AuthenticationReady" | "SpecValid"
    );
    condition.status == if is_promise { "True" } else { "False" }
}

/// The API server keeps whole seconds; more would look like a change each time.
fn whole_seconds(now: Timestamp) -> Time {
    Time(Timestamp::from_second(now.as_second()).unwrap_or(now))
}

fn shortened(message: &str) -> String {
    if message.len() <= CONDITION_MESSAGE_BYTES_MAX {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(CONDITION_MESSAGE_BYTES_MAX - 3);
    format!("{}...", &message[..end])
}
