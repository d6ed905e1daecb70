//! What a client shows and whom it trusts, from the Secrets that the operator publishes, read anew as a mounted Secret
//! would be. Passwords and keys are never printed.

use std::sync::Arc;

use base64::Engine as _;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::Api;
use parking_lot::RwLock;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::connection::RequestError;
use crate::failure::{Failure, Outcome};
use crate::limits;

/// Who a client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// The user that the certificate in this Secret names.
    Certificate {
        /// Name of the Secret.
        secret: String,
    },
    /// A user with a password, who shows the certificate in this Secret to be let in at all.
    Password {
        /// Name of the Secret.
        secret: String,
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// Nobody, without TLS.
    Plain,
}

/// The newest credentials of an identity.
#[derive(Clone)]
pub struct Credentials {
    client: Client,
    namespace: String,
    identity: Identity,
    newest: Arc<RwLock<Option<Arc<ClientConfig>>>>,
}

impl Credentials {
    /// Credentials that are not read yet.
    #[must_use]
    pub fn new(client: Client, namespace: &str, identity: Identity) -> Self {
        Self { client, namespace: namespace.to_owned(), identity, newest: Arc::default() }
    }

    /// Reads the Secret.
    ///
    /// # Errors
    /// When it is not there, or holds something else than certificates.
    pub async fn read(&self) -> Outcome {
        let (Identity::Certificate { secret: name } | Identity::Password { secret: name, .. }) =
            &self.identity
        else {
            return Ok(());
        };
        let secrets: Api<Secret> = Api::namespaced(self.client.clone(), &self.namespace);
        let data = secrets.get(name).await?.data.unwrap_or_default();
        let piece = |key: &str| {
            data.get(key)
                .map(|ByteString(bytes)| bytes.as_slice())
                .ok_or_else(|| Failure::unmet(format!("Secret {name} has no {key}")))
        };
        let config = client_config(piece("ca.crt")?, Some((piece("tls.crt")?, piece("tls.key")?)))
            .map_err(|error| Failure::unmet(format!("Secret {name}: {error}")))?;
        *self.newest.write() = Some(Arc::new(config));
        Ok(())
    }

    /// Keeps reading until the task is aborted.
    #[must_use]
    pub fn keep_reading(&self) -> JoinHandle<()> {
        let credentials = self.clone();
        tokio::spawn(async move {
            loop {
                sleep(limits::REFRESH).await;
                drop(credentials.read().await);
            }
        })
    }

    /// What to make a connection with.
    ///
    /// # Errors
    /// When nothing was read yet.
    pub fn tls(&self) -> Result<Option<Arc<ClientConfig>>, RequestError> {
        if self.identity == Identity::Plain {
            return Ok(None);
        }
        let newest = self.newest.read().clone();
        newest.map(Some).ok_or_else(|| RequestError::Unprepared("there is no certificate yet".to_owned()))
    }

    /// The header that says who it is, for a user with a password.
    #[must_use]
    pub fn authorization(&self) -> Option<String> {
        let Identity::Password { username, password, .. } = &self.identity else { return None };
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        Some(format!("Basic {pair}"))
    }
}

/// A configuration that trusts the authorities in a PEM text, and shows a certificate.
///
/// # Errors
/// When a text is not what it should be.
pub fn client_config(authorities: &[u8], own: Option<(&[u8], &[u8])>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        let certificate = certificate.map_err(|error| format!("ca.crt: {error}"))?;
        roots.add(certificate).map_err(|error| format!("ca.crt: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_root_certificates(roots);
    let mut config = match own {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
            let chain = chain.map_err(|error| format!("tls.crt: {error}"))?;
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("tls.key: {error}"))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())?
        }
    };
    // A resumed session would not show whether the certificate of now is still accepted.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
