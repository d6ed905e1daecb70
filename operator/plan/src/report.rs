//! What a plan says about itself: what will happen next in words, and the conditions of the resource's status.
//! Nothing here decides.

use serde::{Deserialize, Serialize};

use crate::Action;
use crate::limits::LOOK_AGAIN_SETTLED_SECONDS;

/// The outcome of planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What to do, in this order, stopping at the first failure.
    pub actions: Vec<Action>,
    /// What comes next, one line each, for `status.plan`: what will be done, and what is waited for.
    pub lines: Vec<String>,
    /// The conditions, each kind at most once, in the order of [`ConditionKind`].
    pub conditions: Vec<Condition>,
    /// When to look again at the latest.
    pub look_again_seconds: u64,
}

impl Plan {
    /// Nothing is to be done, and nothing comes about by the mere passing of time: until something changes, every other look
    /// would find the same.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.actions.is_empty()
            && self.lines.is_empty()
            && self.look_again_seconds >= LOOK_AGAIN_SETTLED_SECONDS
    }
}

/// A condition of the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Which promise it is about.
    pub kind: ConditionKind,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// A stable word for machines, and the heading in the troubleshooting page.
    pub reason: String,
    /// What a person should know: what is wrong, where, what to do.
    pub message: String,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConditionStatus {
    /// It does.
    True,
    /// It does not.
    False,
    /// It could not be found out.
    Unknown,
}

/// The promises that a cluster's status speaks of, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConditionKind {
    /// Linearizable reads are answered.
    Available,
    /// Something is under way.
    Progressing,
    /// A member is missing, not ready or behind.
    Degraded,
    /// One more failure stops the cluster.
    QuorumAtRisk,
    /// More members are lost than the quorum allows.
    QuorumLost,
    /// A volume or a member belongs to another cluster.
    ClusterIdMismatch,
    /// Pods are being restarted for a new template or version.
    Upgrading,
    /// A restart of pods has stopped because something failed.
    UpgradeBlocked,
    /// A change of size waits for something.
    ScalingBlocked,
    /// Volumes have the size that is wanted.
    StorageReady,
    /// Certificates are there and not about to run out.
    CertificatesReady,
    /// Trust is being moved from one authority to another.
    AuthorityRotating,
    /// Users are demanded to say who they are.
    AuthenticationReady,
    /// The resource describes a cluster that can be made.
    SpecValid,
    /// Nothing is done because the resource says so.
    Paused,
    /// All pods are stopped because the resource says so.
    Hibernated,
    /// Pods wait for a restart that a person has to make.
    PendingRestart,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_a_moment_is_not_settled() {
        let plan = |look_again_seconds, lines: &[&str]| Plan {
            actions: Vec::new(),
            lines: lines.iter().map(|&line| line.to_owned()).collect(),
            conditions: Vec::new(),
            look_again_seconds,
        };
        assert!(plan(60, &[]).is_settled());
        // A node has to be gone for 19 s more, say.
        assert!(!plan(19, &[]).is_settled());
        assert!(!plan(60, &["Waiting for a person."]).is_settled());
    }
}
