//! What all reconciles share. Holds no state of clusters beside what keeps failures from being repeated too fast.

use std::collections::BTreeMap;

use kube::runtime::events::Recorder;
use parking_lot::Mutex;

use crate::backoff::Backoff;
use crate::metrics::Metrics;
use crate::rest::Resting;
use crate::written::Written;

/// Namespace and name of a cluster.
pub type Key = (String, String);

/// Shared by all reconciles.
pub struct Context {
    /// Asks the API server.
    pub client: kube::Client,
    /// Publishes events.
    pub recorder: Recorder,
    /// What is measured.
    pub metrics: Metrics,
    /// What the operator was started with.
    pub settings: Settings,
    /// How often each cluster's reconcile has failed in a row.
    pub failures: Mutex<BTreeMap<Key, Backoff>>,
    /// When each cluster's status was written.
    pub statuses: Mutex<Written>,
    /// Clusters at rest.
    pub resting: Resting,
}

/// What the operator was started with, as far as clusters are concerned.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Repository of the server's image, for clusters that name none.
    pub server_image: String,
    /// Namespace of the operator.
    pub namespace: String,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Context").field("settings", &self.settings).finish_non_exhaustive()
    }
}
