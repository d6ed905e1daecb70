//! What can go wrong while certificates are looked after. Nothing here decides.

use thiserror::Error;

use super::making::MakingError;

/// Why certificates could not be looked after in this round. Trying again later is right for all of them.
#[derive(Debug, Error)]
pub enum TrustError {
    /// Kubernetes refused or did not answer.
    #[error("cannot {doing} {object}")]
    Kubernetes {
        /// What was tried.
        doing: &'static str,
        /// The object, as `Secret NAMESPACE/NAME`.
        object: String,
        /// Why not.
        #[source]
        source: Box<kube::Error>,
    },
    /// Somebody else wrote an object between it being read and written; the next round sees the new one.
    #[error("{object} was changed by somebody else meanwhile")]
    Conflict {
        /// The object, as `Secret NAMESPACE/NAME`.
        object: String,
    },
    /// A key or certificate could not be made.
    #[error("cannot make the certificate for Secret {secret}")]
    Making {
        /// The Secret that it was for.
        secret: String,
        /// Why not.
        #[source]
        source: MakingError,
    },
    /// The resource holds something that its schema should have refused.
    #[error("spec.tls: {text:?} is no length of time: write a number and s, m, h or d, such as 90d")]
    Duration {
        /// What it holds.
        text: String,
    },
}
