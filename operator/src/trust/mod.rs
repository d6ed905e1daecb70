//! Certificates of a cluster: made and renewed by the operator, asked of cert-manager, or taken from a Secret that
//! somebody else keeps. What to do is decided in `holdfast_plan::trust`; here it is looked at and written. Never waits:
//! what is not there yet is told, and looked for in the next round.

mod client_config;
mod connection;
mod endpoint;
mod error;
mod evidence;
mod external;
mod making;
mod managed;
pub mod names;
mod probe;
mod reading;
mod report;
mod secrets;
mod settings;
mod stored;
pub(crate) mod time;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_plan::Condition;
use kube::api::{Api, ListParams};

use crate::crd::{CertificateStatus, HoldfastCluster, HoldfastUser, TlsMode};
use crate::store::Credentials;

pub use client_config::{ShownPair, client_config};
pub use connection::{OperatorConnection, operator_connection};
pub use endpoint::user_certificate_secret;
pub use error::TrustError;
pub use making::{LeafContents, LeafUse, MakingError, Pair, make_authority, make_leaf};
pub use time::UnixSeconds;

pub(crate) use secrets::{Secrets, text};

use endpoint::Endpoint;
use external::External;
use managed::{Outcome, Work};
use settings::ManagedSettings;

/// A member whose process runs, and where it is visited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningMember {
    /// Its pod's name.
    pub name: String,
    /// Its pod's address.
    pub address: IpAddr,
    /// The port for clients.
    pub client_port: u16,
    /// The port for members.
    pub peer_port: u16,
    /// The DNS name that its certificates must have: see [`names::member_host`].
    pub server_name: String,
}

/// How a cluster's connections are made safe now.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// How the operator connects to members. Absent when connections of clients are not encrypted, or its certificate is
    /// not there yet (then `not_ready` says so).
    pub client: Option<Arc<rustls::ClientConfig>>,
    /// What the operator says besides, where it has no certificate of its own: the password in NAME-operator.
    pub credentials: Option<Credentials>,
    /// What must be there before pods run, and is not yet: one line each, for people.
    pub not_ready: Vec<String>,
    /// `CertificatesReady` and `AuthorityRotating`.
    pub conditions: Vec<Condition>,
    /// The certificates, for the status.
    pub certificates: Vec<CertificateStatus>,
    /// When the first of them ends, for the status, in RFC 3339.
    pub certificates_expire_at: Option<String>,
    /// For `status.rotated`. Must be written there: it is what a lost authority is told from a new one by.
    pub rotated: Option<String>,
    /// Secret to mount for the client port (`tls.crt`, `tls.key`, `ca.crt`).
    pub server_secret: Option<String>,
    /// Secret to mount for the peer port.
    pub peer_secret: Option<String>,
    /// Secret with what a client needs, for the status.
    pub client_secret: Option<String>,
    /// What was done in this round, for events; one line each.
    pub done: Vec<String>,
    /// When to look again at the latest.
    pub look_again: Option<Duration>,
}

/// Looks after the certificates of a cluster. `members` are those that run now, as far as is known; nothing is written when
/// the cluster is paused or being deleted.
///
/// # Errors
/// When Kubernetes does not answer, or something cannot be made. What is missing or waits is no error.
pub async fn ensure(
    client: &kube::Client,
    cluster: &HoldfastCluster,
    members: &[RunningMember],
) -> Result<Trust, TrustError> {
    let is_frozen = cluster.spec.paused || cluster.metadata.deletion_timestamp.is_some();
    let secrets = Secrets::new(client, cluster);
    let settings = ManagedSettings::of(cluster)?;
    let mut trust = Trust { rotated: settings.rotated.clone(), ..Trust::default() };
    let mut outcomes = Vec::new();
    for endpoint in [Endpoint::Client, Endpoint::Peer] {
        let users = match (endpoint, endpoint.settings(cluster).mode) {
            (Endpoint::Client, TlsMode::Managed) => users(client, cluster).await?,
            _ => Vec::new(),
        };
        match endpoint.settings(cluster).mode {
            TlsMode::Disabled => {}
            TlsMode::Managed => {
                let leaves = endpoint.leaves(cluster, &users)?;
                let authority_secret = endpoint.authority_secret(cluster);
                let work = Work {
                    secrets: &secrets,
                    settings: &settings,
                    members,
                    endpoint,
                    authority_secret,
                    leaves,
                    is_frozen,
                };
                let outcome = work.run().await?;
                trust.take_managed(cluster, &outcome);
                outcomes.push(outcome);
            }
            TlsMode::CertManager | TlsMode::Secret => {
                let external = External { client, secrets: &secrets, cluster, endpoint, is_frozen };
                trust.take_external(external.run().await?);
            }
        }
    }
    if names_itself_by_password(cluster) {
        trust.credentials = operator_credentials(&secrets, cluster, is_frozen).await?;
    }
    report::summarize(&mut trust, &settings, &outcomes);
    Ok(trust)
}

/// Issues the certificate of one user where it is missing or due, without waiting for a look at the whole cluster. Tells
/// what was done.
///
/// # Errors
/// As [`ensure`].
pub async fn ensure_user_certificate(
    client: &kube::Client,
    cluster: &HoldfastCluster,
    user: &HoldfastUser,
) -> Result<Vec<String>, TrustError> {
    let secrets = Secrets::new(client, cluster);
    let settings = ManagedSettings::of(cluster)?;
    let work = Work {
        secrets: &secrets,
        settings: &settings,
        members: &[],
        endpoint: Endpoint::Client,
        authority_secret: names::client_authority_secret(cluster),
        leaves: vec![endpoint::of_user(user)?],
        is_frozen: cluster.spec.paused,
    };
    work.run_leaves().await
}

/// Whether the operator has to give a password to members: it has no certificate that says who it is.
pub(crate) fn names_itself_by_password(cluster: &HoldfastCluster) -> bool {
    matches!(cluster.spec.tls.client.mode, TlsMode::Disabled | TlsMode::Secret) && cluster.spec.auth.enabled
}

async fn users(client: &kube::Client, cluster: &HoldfastCluster) -> Result<Vec<HoldfastUser>, TrustError> {
    let namespace = names::namespace(cluster);
    let api: Api<HoldfastUser> = Api::namespaced(client.clone(), &namespace);
    match api.list(&ListParams::default()).await {
        Ok(list) => Ok(list.items),
        // The definition is not installed: there are none.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(Vec::new()),
        Err(source) => Err(TrustError::Kubernetes {
            doing: "list",
            object: format!("HoldfastUsers of {namespace}"),
            source: Box::new(source),
        }),
    }
}

/// The operator's password, made when there is none.
async fn operator_credentials(
    secrets: &Secrets,
    cluster: &HoldfastCluster,
    is_frozen: bool,
) -> Result<Option<Credentials>, TrustError> {
    let name = names::operator_password_secret(cluster);
    let username = names::OPERATOR_USER.to_owned();
    let kept = secrets.get(&name).await?;
    if let Some(password) = kept.as_ref().and_then(|secret| text(secret, "password")) {
        return Ok(Some(Credentials { username, password }));
    }
    if is_frozen {
        return Ok(None);
    }
    let password = crate::access::generate_password();
    secrets.apply_password(&name, &username, &password, None).await?;
    Ok(Some(Credentials { username, password: password.to_string() }))
}

impl Trust {
    fn take_managed(&mut self, cluster: &HoldfastCluster, outcome: &Outcome) {
        self.not_ready.extend(outcome.missing());
        self.done.extend(outcome.done.iter().cloned());
        match outcome.endpoint {
            Endpoint::Client => {
                self.server_secret = Some(names::server_secret(cluster));
                if cluster.spec.auth.application_user {
                    self.client_secret = Some(names::application_certificate_secret(cluster));
                }
                match outcome.operator_config(&names::operator_certificate_secret(cluster)) {
                    Ok(config) => self.client = config.map(Arc::new),
                    Err(cause) => self.not_ready.push(format!("the operator's certificate: {cause}")),
                }
            }
            Endpoint::Peer => self.peer_secret = Some(names::peer_secret(cluster)),
        }
    }

    fn take_external(&mut self, found: external::Found) {
        self.not_ready.extend(found.not_ready);
        self.certificates.extend(found.certificates);
        match found.endpoint {
            Endpoint::Client => {
                self.server_secret = Some(found.secret);
                self.client_secret = found.client_secret;
                self.client = found.config.map(Arc::new);
            }
            Endpoint::Peer => self.peer_secret = Some(found.secret),
        }
    }
}
