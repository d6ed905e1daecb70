//! What can go wrong while users and roles are looked after. Nothing here decides.

use thiserror::Error;

use crate::store::StoreError;
use crate::trust::TrustError;

/// Why users or roles could not be looked after in this round. Trying again later is right for all of them.
#[derive(Debug, Error)]
pub enum AccessError {
    /// No member answered, or one refused.
    #[error("the store cannot be asked, or refuses")]
    Store(#[from] StoreError),
    /// A Secret could not be read or written, or the operator has no certificate to connect with.
    #[error("a Secret or certificate that is needed cannot be used")]
    Secret(#[from] TrustError),
    /// The cluster cannot be asked yet.
    #[error("{0}")]
    NotYet(String),
    /// Kubernetes refused or did not answer.
    #[error("cannot {doing} {object}")]
    Kubernetes {
        /// What was tried.
        doing: &'static str,
        /// The object.
        object: String,
        /// Why not.
        #[source]
        source: Box<kube::Error>,
    },
}

impl AccessError {
    pub(crate) fn kubernetes(doing: &'static str, object: String, source: kube::Error) -> Self {
        Self::Kubernetes { doing, object, source: Box::new(source) }
    }
}
