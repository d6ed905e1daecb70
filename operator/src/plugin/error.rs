//! What can go wrong in the plugin, in words for the person in front of it. Nothing here has behaviour.

use thiserror::Error;

/// Why something could not be done.
#[derive(Debug, Error)]
pub enum PluginError {
    /// Kubernetes said no, or could not be reached.
    #[error("cannot {what}: {cause}")]
    Kubernetes {
        /// What was tried.
        what: String,
        /// What went wrong.
        cause: String,
    },
    /// There is no such cluster.
    #[error("there is no HoldfastCluster {name} in the namespace {namespace}; `kubectl get hf -A` lists all")]
    NoCluster {
        /// Its name.
        name: String,
        /// Where it was looked for.
        namespace: String,
    },
    /// The cluster is not in a state for that.
    #[error("{0}")]
    NotNow(String),
    /// A member said no, or could not be reached.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
    /// Something on this machine failed.
    #[error("cannot {what}: {cause}")]
    Local {
        /// What was tried.
        what: String,
        /// What went wrong.
        cause: String,
    },
}

impl PluginError {
    /// For `map_err`: Kubernetes' error while doing `what`, after "cannot ".
    pub fn kubernetes(what: impl Into<String>) -> impl FnOnce(kube::Error) -> Self {
        let what = what.into();
        move |error| Self::Kubernetes { what, cause: words(&error) }
    }

    /// For `map_err`: an error of this machine while doing `what`, after "cannot ".
    pub fn local(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Local { what, cause: error.to_string() }
    }
}

/// The API server's own sentence where there is one.
fn words(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
