//! How an action can fail, told apart by what the caller does next.

use thiserror::Error;

use crate::store::StoreError;

/// Why an action was not carried out.
#[derive(Debug, Error)]
pub enum ExecuteError {
    /// What the plan was made from is not so any more. Nothing was done; the next round plans anew.
    #[error("{what} has changed since it was looked at; the next round plans anew")]
    Moved {
        /// What has changed.
        what: String,
    },
    /// Nobody can be asked.
    #[error("no member can be asked to {task}")]
    NobodyToAsk {
        /// What for.
        task: &'static str,
    },
    /// The API server did not do it.
    #[error("the API server did not {task}")]
    Kubernetes {
        /// What was asked of it.
        task: &'static str,
        /// Its answer.
        #[source]
        cause: kube::Error,
    },
    /// A member did not do it.
    #[error("a member did not {task}")]
    Store {
        /// What was asked of it.
        task: &'static str,
        /// Its answer.
        #[source]
        cause: StoreError,
    },
}

impl ExecuteError {
    /// For answers of the API server; conflicts and what is gone mean that something has moved.
    pub(super) fn kubernetes(task: &'static str) -> impl Fn(kube::Error) -> Self {
        move |cause| match cause {
            kube::Error::Api(status) if status.is_conflict() || status.is_not_found() => {
                Self::Moved { what: format!("what was to be changed ({task}: {})", status.message) }
            }
            cause => Self::Kubernetes { task, cause },
        }
    }

    pub(super) fn store(task: &'static str) -> impl Fn(StoreError) -> Self {
        move |cause| Self::Store { task, cause }
    }

    /// Whether this is no failure, only a reason to look again.
    #[must_use]
    pub fn is_moved(&self) -> bool {
        matches!(self, Self::Moved { .. })
    }
}
