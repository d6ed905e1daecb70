//! What a connection tells about the other side, before any request. Must not be taken from anything that is sent over it.

use std::net::IpAddr;
use std::sync::Arc;

/// The user that a client certificate names which was verified against the trusted authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateName(Arc<str>);

impl CertificateName {
    /// The name in a certificate that was verified; none for an empty one.
    pub fn verified(name: &str) -> Option<CertificateName> {
        (!name.is_empty()).then(|| CertificateName(name.into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The other side of a connection. One for each connection; cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peer {
    /// Its address; none on a Unix socket.
    pub address: Option<IpAddr>,
    /// Its name by certificate, where client certificates are demanded.
    pub certificate: Option<CertificateName>,
}
