//! How the operator connects to a cluster that is looked after elsewhere: with what lies in Secrets. Writes nothing.

use std::sync::Arc;

use crate::crd::{HoldfastCluster, TlsMode};
use crate::store::Credentials;

use super::client_config::{ShownPair, client_config};
use super::secrets::{Secrets, text};
use super::{TrustError, names, names_itself_by_password};

/// What connections to members are made with.
#[derive(Clone, Debug, Default)]
pub struct OperatorConnection {
    /// TLS, where connections of clients have it.
    pub tls: Option<Arc<rustls::ClientConfig>>,
    /// The operator's password, where it has no certificate of its own.
    pub credentials: Option<Credentials>,
}

/// How the operator connects to this cluster. None when what it needs for that is not there, or cannot be used.
///
/// # Errors
/// When Kubernetes does not answer.
pub async fn operator_connection(
    client: &kube::Client,
    cluster: &HoldfastCluster,
) -> Result<Option<OperatorConnection>, TrustError> {
    let secrets = Secrets::new(client, cluster);
    let mut connection = OperatorConnection::default();
    let settings = &cluster.spec.tls.client;
    let certificate = match settings.mode {
        TlsMode::Disabled => None,
        TlsMode::Managed | TlsMode::CertManager => Some(names::operator_certificate_secret(cluster)),
        TlsMode::Secret => settings.secret_name.clone(),
    };
    if let Some(name) = certificate {
        let Some(secret) = secrets.get(&name).await? else { return Ok(None) };
        let part = |key| text(&secret, key).unwrap_or_default();
        let (certificate, key) = (part("tls.crt"), part("tls.key"));
        let shown = ShownPair { certificate: &certificate, key: &key };
        match client_config(&part("ca.crt"), Some(shown), b"http/1.1") {
            Ok(config) => connection.tls = Some(Arc::new(config)),
            Err(cause) => {
                tracing::warn!(secret = name, cause, "the operator's certificate cannot be used");
                return Ok(None);
            }
        }
    }
    if names_itself_by_password(cluster) {
        let secret = secrets.get(&names::operator_password_secret(cluster)).await?;
        let Some(password) = secret.as_ref().and_then(|secret| text(secret, "password")) else {
            return Ok(None);
        };
        let username = names::OPERATOR_USER.to_owned();
        connection.credentials = Some(Credentials { username, password });
    }
    Ok(Some(connection))
}
