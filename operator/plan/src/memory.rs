//! What the operator remembers of a cluster between two rounds, kept in the resource's status: only what cannot be
//! observed again. Nothing here decides.

use serde::{Deserialize, Serialize};

use crate::{ClusterId, Ordinal};

/// What was written down about a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// The cluster's id, latched before any pod runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<ClusterId>,
    /// How far the making of the cluster has come.
    #[serde(default)]
    pub bootstrap: Bootstrap,
    /// Members that a person asked to have replaced (the annotation `holdfast.dev/replace`), by ordinal.
    #[serde(default)]
    pub replacements_asked: Vec<Ordinal>,
    /// The last version that all voters ran (`status.currentVersion`): what an upgrade is counted from, even while the
    /// cluster sleeps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How far the making of the cluster has come. It only ever goes forward: that is what keeps an emptied volume from
/// becoming a second, empty cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Bootstrap {
    /// No member was ever initialised.
    #[default]
    NotBegun,
    /// The member on this very volume was, or is about to be, initialised. Only a blank member on this volume may be.
    Begun {
        /// Which member it is.
        ordinal: Ordinal,
        /// UID of its volume claim.
        claim_uid: String,
    },
    /// The cluster has been seen running. No member may ever be initialised again.
    Done,
}
