//! What a valid configuration says about TLS: which files each kind of port uses and whom it lets in. Plain data; no
//! file has been looked at.

use std::path::PathBuf;

/// TLS on all ports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsSettings {
    /// Of the ports for clients, HTTP and metrics.
    pub clients: PortTls,
    /// Of the ports for members, and of connections to them.
    pub peers: PortTls,
    /// Versions and cipher suites, everywhere.
    pub protocol: TlsProtocol,
}

/// TLS on one kind of port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortTls {
    /// What it shows for itself; `None` serves no `https`.
    pub certificate: Option<CertificateSource>,
    /// CAs of those who connect, who need a certificate of one of them.
    pub trusted_ca: Option<PathBuf>,
    /// Which name in the certificate of a client is that of its user; `None` if it names none.
    pub user_name: Option<CertificateUser>,
    /// Certificates that were taken back.
    pub revoked: Option<PathBuf>,
    /// If there are any, a certificate must have one of these common names.
    pub allowed_common_names: Vec<String>,
    /// If there are any, a certificate must be for one of these hosts.
    pub allowed_hostnames: Vec<String>,
    /// What this member shows where it connects; as it listens if `None`.
    pub outgoing: Option<CertificateFiles>,
    /// Whether a certificate that names hosts must come from one of them.
    pub checks_addresses: bool,
}

/// The name in a certificate that is its user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateUser {
    /// The common name of the subject, as in etcd.
    CommonName,
    /// The only host among the alternative names.
    Host,
    /// The only mail address among them.
    Email,
    /// The only URI among them, such as a SPIFFE id.
    Uri,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// Files that somebody keeps up to date.
    Files(CertificateFiles),
    /// Made by this member, and signed by nobody else.
    SelfSigned(SelfSigned),
}

/// A chain of certificates and the key of its first, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificates.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// A certificate that this member makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelfSigned {
    /// The folder that keeps it over restarts.
    pub folder: PathBuf,
    /// Host names and addresses that it is for.
    pub hosts: Vec<String>,
    /// How long it lasts.
    pub validity_years: u32,
}

/// What is spoken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsProtocol {
    /// TLS 1.2.
    pub has_tls12: bool,
    /// TLS 1.3.
    pub has_tls13: bool,
    /// Names of cipher suites of TLS 1.2; none for all that are safe.
    pub cipher_suites: Vec<String>,
}

impl Default for TlsProtocol {
    fn default() -> TlsProtocol {
        TlsProtocol { has_tls12: true, has_tls13: true, cipher_suites: Vec::new() }
    }
}
