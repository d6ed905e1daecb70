//! The two kinds of connection that a cluster has, and the leaves that each needs. Reads and writes nothing.

use std::collections::BTreeSet;

use holdfast_plan::trust::LeafWanted;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource as _, ResourceExt as _};

use super::TrustError;
use super::making::LeafUse;
use super::names;
use super::settings::Life;
use crate::crd::{EndpointTls, HoldfastCluster, HoldfastUser};

/// One kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// From clients to members.
    Client,
    /// Among members.
    Peer,
}

/// A leaf that a cluster needs.
#[derive(Clone, Debug)]
pub(crate) struct LeafPlan {
    /// Its Secret.
    pub(crate) secret: String,
    pub(crate) wanted: LeafWanted,
    pub(crate) purpose: LeafUse,
    pub(crate) life: Life,
    /// Who the Secret belongs to, if it is not the cluster.
    pub(crate) owner: Option<OwnerReference>,
    /// No pod can run, or be asked, without it.
    pub(crate) is_needed: bool,
}

impl Endpoint {
    pub(crate) fn settings(self, cluster: &HoldfastCluster) -> &EndpointTls {
        match self {
            Self::Client => &cluster.spec.tls.client,
            Self::Peer => &cluster.spec.tls.peer,
        }
    }

    pub(crate) fn authority_secret(self, cluster: &HoldfastCluster) -> String {
        match self {
            Self::Client => names::client_authority_secret(cluster),
            Self::Peer => names::peer_authority_secret(cluster),
        }
    }

    /// What people read in an authority's certificate.
    pub(crate) fn authority_name(self) -> &'static str {
        match self {
            Self::Client => "holdfast client authority",
            Self::Peer => "holdfast peer authority",
        }
    }

    /// All leaves; the one that members show is the first.
    pub(crate) fn leaves(
        self,
        cluster: &HoldfastCluster,
        users: &[HoldfastUser],
    ) -> Result<Vec<LeafPlan>, TrustError> {
        let life = Life::of_endpoint(self.settings(cluster))?;
        let member = |secret: String, common_name: &str, names: BTreeSet<String>| {
            leaf(secret, common_name, names, LeafUse::Member, life)
        };
        let client = |secret: String, user: &str| leaf(secret, user, BTreeSet::new(), LeafUse::Client, life);
        Ok(match self {
            Self::Peer => {
                vec![member(names::peer_secret(cluster), "holdfast-peer", names::peer_names(cluster))]
            }
            Self::Client => {
                let mut leaves = vec![
                    member(names::server_secret(cluster), "holdfast-server", names::server_names(cluster)),
                    LeafPlan {
                        is_needed: true,
                        ..client(names::operator_certificate_secret(cluster), names::OPERATOR_USER)
                    },
                ];
                if cluster.spec.auth.application_user {
                    let secret = names::application_certificate_secret(cluster);
                    leaves.push(client(secret, names::APPLICATION_USER));
                }
                for user in users.iter().filter(|user| has_certificate(user, cluster)) {
                    leaves.push(of_user(user)?);
                }
                leaves
            }
        })
    }
}

fn leaf(
    secret: String,
    common_name: &str,
    names: BTreeSet<String>,
    purpose: LeafUse,
    life: Life,
) -> LeafPlan {
    let wanted = LeafWanted {
        common_name: common_name.to_owned(),
        names,
        renew_before_seconds: life.renew_before.as_secs(),
    };
    LeafPlan { secret, wanted, purpose, life, owner: None, is_needed: purpose == LeafUse::Member }
}

/// Whether this user of this cluster is to have a certificate.
fn has_certificate(user: &HoldfastUser, cluster: &HoldfastCluster) -> bool {
    user.spec.cluster_ref.name == cluster.name_any()
        && user.spec.client_certificate.enabled
        && user.metadata.deletion_timestamp.is_none()
}

/// The Secret of a user's certificate.
#[must_use]
pub fn user_certificate_secret(user: &HoldfastUser) -> String {
    format!("{}-tls", user.name_any())
}

/// The leaf of a user that has one.
pub(crate) fn of_user(user: &HoldfastUser) -> Result<LeafPlan, TrustError> {
    let life = Life::of_user(&user.spec.client_certificate.duration)?;
    let secret = user_certificate_secret(user);
    let plan = leaf(secret, &user.spec.username, BTreeSet::new(), LeafUse::Client, life);
    Ok(LeafPlan { owner: user.controller_owner_ref(&()), ..plan })
}
