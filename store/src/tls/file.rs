//! From the bytes of a file to certificates and keys. Pure.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsFileProblem;

/// All certificates of a PEM file, at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFileProblem> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = read.map_err(|error| TlsFileProblem::Certificate(error.to_string()))?;
    if certificates.is_empty() { Err(TlsFileProblem::NoCertificate) } else { Ok(certificates) }
}

/// The private key of a PEM file.
pub(super) fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsFileProblem> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| TlsFileProblem::NoKey)
}

/// A chain with its key; `None` when the key is of another certificate.
pub(super) fn certified_key(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    provider: &CryptoProvider,
) -> Result<Option<Arc<CertifiedKey>>, TlsFileProblem> {
    let key = provider.key_provider.load_private_key(key);
    let key = key.map_err(|error| TlsFileProblem::Key(error.to_string()))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => {
            Ok(Some(Arc::new(certified)))
        }
        Err(rustls::Error::InconsistentKeys(_)) => Ok(None),
        Err(error) => Err(TlsFileProblem::Certificate(error.to_string())),
    }
}

/// The certificates as those that vouch for others.
pub(super) fn roots(certificates: &[CertificateDer<'static>]) -> Result<RootCertStore, TlsFileProblem> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate.clone()).map_err(|error| TlsFileProblem::Certificate(error.to_string()))?;
    }
    Ok(roots)
}

/// The CAs that this system trusts, for members that were not told which to trust.
pub(super) fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
