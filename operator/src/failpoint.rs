//! Places where tests stop the operator, as if it had been killed there. Without the feature `failpoints` nothing of this
//! is in the program.
//!
//! `HOLDFAST_FAILPOINT=<name>` ends the process at the first time that it comes there. The names are `before-` and
//! `after-`, followed by one of [`NAMES`].

/// The steps that have a place before and after them.
pub const NAMES: &[&str] = &[
    "remember",
    "apply-workload",
    "orphan-workload",
    "mark-claim",
    "initialize",
    "add-learners",
    "change-voters",
    "move-leader",
    "delete-pod",
    "resize-pod",
    "delete-claim",
    "grow-claim",
    "status",
    "delete-volumes",
    "remove-finalizer",
];

/// Ends the process when the failpoint of this name is the one that is asked for.
#[cfg(feature = "failpoints")]
pub fn reach(side: &str, step: &str) {
    let Ok(asked) = std::env::var("HOLDFAST_FAILPOINT") else { return };
    if asked == format!("{side}-{step}") {
        tracing::warn!(failpoint = asked, "the process ends here, as it was asked to");
        std::process::abort();
    }
}

/// Does nothing.
#[cfg(not(feature = "failpoints"))]
pub fn reach(_side: &str, _step: &str) {}
