//! TLS configurations of the operator as a client of members. Must not read Secrets.

use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

use super::reading;

/// What a client shows: a certificate and its key, as PEM texts.
#[derive(Clone, Copy)]
pub struct ShownPair<'a> {
    /// The certificate, with its chain behind it.
    pub certificate: &'a str,
    /// The key.
    pub key: &'a str,
}

/// A configuration that trusts the authorities in `trusted` (PEM) and shows a certificate if there is one. Every connection
/// is a full handshake: one that was taken up again would not show which certificate the member has now.
///
/// # Errors
/// When a text cannot be used; in words for people.
pub fn client_config(
    trusted: &str,
    shown: Option<ShownPair<'_>>,
    alpn: &[u8],
) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    for certificate in reading::certificates(trusted).map_err(|cause| format!("ca.crt: {cause}"))? {
        roots.add(certificate).map_err(|error| format!("ca.crt: {error}"))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    let mut config = match shown {
        None => builder.with_no_client_auth(),
        Some(ShownPair { certificate, key }) => {
            let chain = reading::certificates(certificate).map_err(|cause| format!("tls.crt: {cause}"))?;
            let key =
                PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| format!("tls.key: {error}"))?;
            builder.with_client_auth_cert(chain, key).map_err(|error| error.to_string())?
        }
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
