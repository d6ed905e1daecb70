//! Events: what was done to members, and promises that are kept or broken from now on. Says; decides nothing.

use holdfast_plan::Action;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::Resource;
use kube::runtime::events::{Event, EventType};

use crate::context::Context;
use crate::crd::HoldfastCluster;
use crate::limits::EVENT_NOTE_BYTES_MAX;
use crate::resources::Names;
use crate::status;

/// Something to be said of a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    kind: EventType,
    reason: String,
    action: &'static str,
    text: String,
}

impl Note {
    /// Something ordinary.
    #[must_use]
    pub fn normal(reason: &str, action: &'static str, text: String) -> Self {
        Self { kind: EventType::Normal, reason: reason.to_owned(), action, text }
    }

    /// Something that somebody should look at.
    #[must_use]
    pub fn warning(reason: &str, action: &'static str, text: String) -> Self {
        Self { kind: EventType::Warning, reason: reason.to_owned(), action, text }
    }
}

/// Publishes an event. One that cannot be published is logged; nothing depends on it.
pub async fn publish(context: &Context, cluster: &HoldfastCluster, note: Note) {
    let end = note.text.floor_char_boundary(EVENT_NOTE_BYTES_MAX);
    let event = Event {
        type_: note.kind,
        reason: note.reason,
        note: Some(note.text[..end].to_owned()),
        action: note.action.to_owned(),
        secondary: None,
    };
    if let Err(error) = context.recorder.publish(&event, &cluster.object_ref(&())).await {
        tracing::warn!(reason = event.reason, error = %error, "an event could not be published");
    }
}

/// What is said of an action that was carried out; nothing of those that disturb nobody and happen all the time.
#[must_use]
pub fn of_action(action: &Action, names: &Names) -> Option<Note> {
    let note = match action {
        Action::Initialize { ordinal, cluster_id, .. } => Note::normal(
            "ClusterMade",
            "Initialize",
            format!("{} is the first member of cluster {cluster_id}", names.pod(*ordinal)),
        ),
        Action::AddLearners { learners, .. } => {
            let pods: Vec<String> = learners.iter().map(|learner| names.pod(learner.ordinal)).collect();
            Note::normal(
                "LearnersAdded",
                "AddLearners",
                format!("{} are taken in as learners", pods.join(", ")),
            )
        }
        Action::ChangeVoters { voters, remove, .. } => {
            let ids: Vec<String> = remove.iter().map(ToString::to_string).collect();
            let removed =
                if ids.is_empty() { String::new() } else { format!("; removed: {}", ids.join(", ")) };
            Note::normal("VotersChanged", "ChangeVoters", format!("{} members vote{removed}", voters.len()))
        }
        Action::MoveLeader { from, to } => {
            Note::normal("LeaderMoved", "MoveLeader", format!("leadership was handed from {from} to {to}"))
        }
        Action::DeletePod { ordinal, is_forced, .. } => {
            let how = if *is_forced { " without waiting for its node" } else { "" };
            Note::normal("PodDeleted", "DeletePod", format!("{} is made anew{how}", names.pod(*ordinal)))
        }
        Action::ResizePod { ordinal, .. } => Note::normal(
            "PodResized",
            "ResizePod",
            format!("{} is given its new resources while it runs", names.pod(*ordinal)),
        ),
        Action::DeleteClaim { ordinal, .. } => {
            Note::warning("VolumeDeleted", "DeleteClaim", format!("{} is deleted", names.claim(*ordinal)))
        }
        Action::GrowClaim { ordinal, size_bytes, .. } => Note::normal(
            "VolumeGrows",
            "GrowClaim",
            format!("{} is asked to grow to {size_bytes} bytes", names.claim(*ordinal)),
        ),
        Action::OrphanWorkload => Note::normal(
            "WorkloadRemade",
            "OrphanWorkload",
            "the StatefulSet is made anew, its pods stay".to_owned(),
        ),
        Action::Remember(_) | Action::ApplyWorkload { .. } | Action::MarkClaim { .. } => return None,
    };
    Some(note)
}

/// What is said of a condition that has flipped.
#[must_use]
pub fn of_flip(condition: &Condition) -> Note {
    let text = format!("{} is {}: {}", condition.type_, condition.status, condition.message);
    if status::is_ordinary(condition) {
        Note::normal(&condition.reason, "Observe", text)
    } else if matches!(
        condition.type_.as_str(),
        "Progressing" | "Upgrading" | "Paused" | "Hibernated" | "AuthorityRotating"
    ) {
        // Out of the ordinary, and meant.
        Note::normal(&condition.reason, "Observe", text)
    } else {
        Note::warning(&condition.reason, "Observe", text)
    }
}
