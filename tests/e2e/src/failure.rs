//! Why a scenario failed, in words that say what was expected and what was there. Does not decide anything.

use std::time::Duration;

use thiserror::Error;

/// Why a scenario failed, or could not run.
#[derive(Debug, Error)]
pub enum Failure {
    /// Something is not as the scenario demands.
    #[error("{0}")]
    Unmet(String),
    /// Something did not come about in time.
    #[error("{what} did not come about within {limit:?}; last seen: {seen}")]
    Late {
        /// What was waited for.
        what: String,
        /// For how long.
        limit: Duration,
        /// What was there instead.
        seen: String,
    },
    /// The API server refused, or did not answer.
    #[error("Kubernetes: {0}")]
    Kubernetes(#[from] Box<kube::Error>),
    /// A command failed.
    #[error("`{command}` failed: {output}")]
    Command {
        /// As a person would type it.
        command: String,
        /// What it printed.
        output: String,
    },
    /// A member could not be asked, or refused.
    #[error("store: {0}")]
    Store(#[from] crate::oracle::RequestError),
    /// A file could not be read or written.
    #[error("{what}: {source}")]
    File {
        /// Which, and what for.
        what: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The scenario needs something that this Kubernetes does not have. Counted apart from failures.
    #[error("not run: {0}")]
    NotHere(String),
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

impl Failure {
    /// An expectation that was not met.
    pub fn unmet(text: impl Into<String>) -> Self {
        Self::Unmet(text.into())
    }
}

/// What a scenario comes to.
pub type Outcome<Value = ()> = Result<Value, Failure>;

/// Fails with a text unless a condition holds. The text is made only then.
///
/// # Errors
/// [`Failure::Unmet`].
pub fn expect(holds: bool, otherwise: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(Failure::Unmet(otherwise())) }
}
