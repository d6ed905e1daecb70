//! TLS on the ports of this member and on its connections to others: files, what rustls is set up with, who is let in,
//! and taking up files that change. Must not know what is served.

mod address;
mod build;
mod certificate_name;
mod cipher_suites;
mod contents;
mod dial;
mod error;
mod file;
mod handshake;
mod pending;
mod plain_text;
mod port;
mod refusal;
mod reload;
mod revoked;
mod rules;
mod self_signed;
mod status;
mod validity;
mod verifier;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::config::{ListenUrl, Listeners, TlsSettings};

pub use certificate_name::{CertificateName, TlsPeer};
pub use cipher_suites::{Suite, find_suite};
pub use error::{TlsError, TlsFileProblem};
pub use handshake::{Handshaker, Secured};
pub use status::TlsStatus;

use dial::PeerDial;
use port::{PortKind, TlsPort};
use reload::Reloads;

/// TLS of this member. Dropping it ends taking up files that change.
pub struct Tls {
    clients: Option<Arc<TlsPort>>,
    peers: Option<Arc<TlsPort>>,
    dial: PeerDial,
    status: Arc<TlsStatus>,
    _reloads: Reloads,
}

impl Tls {
    /// Reads all files and begins to look for changes. `has_encrypted_peers` says that some other member is reached by
    /// TLS.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn start(
        settings: &TlsSettings,
        listeners: &Listeners,
        has_encrypted_peers: bool,
    ) -> Result<Tls, TlsError> {
        let status = Arc::new(TlsStatus::default());
        let is_encrypted = |urls: &[ListenUrl]| urls.iter().any(|url| url.is_encrypted);
        let serves_clients = [&listeners.client, &listeners.client_http, &listeners.metrics]
            .into_iter()
            .any(|urls| is_encrypted(urls));
        let clients = serves_clients
            .then(|| TlsPort::open(PortKind::Clients, &settings.clients, &settings.protocol, &status));
        let speaks_to_peers = has_encrypted_peers || is_encrypted(&listeners.peer);
        let peers = speaks_to_peers
            .then(|| TlsPort::open(PortKind::Peers, &settings.peers, &settings.protocol, &status));
        let (clients, peers) = (clients.transpose()?, peers.transpose()?);
        let reloads = Reloads::start(clients.iter().chain(&peers).cloned().collect());
        let dial = PeerDial::new(peers.clone(), settings.clone(), Arc::clone(&status));
        Ok(Tls { clients, peers, dial, status, _reloads: reloads })
    }

    /// What makes a connection from a client safe; `None` where no port asks for it.
    pub fn clients(&self) -> Option<Handshaker> {
        self.clients.as_ref().map(|port| Handshaker::new(Arc::clone(port), None))
    }

    /// What makes a connection from a member safe. The work is done on `runtime`, so that whoever connects does not
    /// keep the thread of consensus busy.
    pub fn peers(&self, runtime: &tokio::runtime::Handle) -> Option<Handshaker> {
        self.peers.as_ref().map(|port| Handshaker::new(Arc::clone(port), Some(runtime.clone())))
    }

    /// What makes a connection to a member safe.
    pub fn dial(&self) -> Arc<dyn holdfast_consensus::handle::SecureDial> {
        Arc::new(self.dial.clone())
    }

    /// Numbers for metrics.
    pub fn status(&self) -> &Arc<TlsStatus> {
        &self.status
    }
}

pub(crate) mod fuzzing {
    //! The readers of files, for the crate's `fuzzing`.

    use super::certificate_name::CertificateName;
    use super::revoked::Revoked;
    use super::{file, validity};

    pub(crate) fn read(bytes: &[u8]) {
        let chain = file::certificates(bytes).unwrap_or_default();
        let _ = file::roots(&chain);
        let _ = validity::end_seconds(&chain);
        let bare_key = rustls_pki_types::PrivateKeyDer::try_from(bytes).ok().map(|key| key.clone_key());
        for key in file::key(bytes).into_iter().chain(bare_key) {
            let provider = rustls::crypto::ring::default_provider();
            let _ = file::certified_key(chain.clone(), key, &provider);
        }
        if let Ok(revoked) = Revoked::parse(bytes) {
            revoked.has_any_of(&chain);
        }
        for certificate in &chain {
            let _ = CertificateName::of(certificate);
        }
        let bare = rustls_pki_types::CertificateDer::from(bytes);
        let _ = CertificateName::of(&bare);
    }
}
