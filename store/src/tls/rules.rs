//! Which of the certificates that a CA vouches for are let in: by revocation, common name and host. Pure.

use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, OtherError};
use rustls_pki_types::{CertificateDer, ServerName};

use super::certificate_name::CertificateName;
use super::revoked::Revoked;
use crate::config::PortTls;

/// A certificate that none of the allowed names fits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the certificate of \"{common_name}\" has none of the allowed {kind}: {allowed}")]
pub(super) struct NameNotAllowed {
    common_name: String,
    kind: &'static str,
    allowed: String,
}

/// The rules of one kind of port.
#[derive(Debug)]
pub(super) struct Rules {
    common_names: Vec<String>,
    hosts: Vec<ServerName<'static>>,
    revoked: Revoked,
}

impl Rules {
    /// The rules of `settings`.
    pub(super) fn new(settings: &PortTls, revoked: Revoked) -> Rules {
        let hosts = settings.allowed_hostnames.iter();
        Rules {
            common_names: settings.allowed_common_names.clone(),
            // The configuration has none that is no host.
            hosts: hosts.filter_map(|host| ServerName::try_from(host.clone()).ok()).collect(),
            revoked,
        }
    }

    /// Refuses a chain that was verified.
    pub(super) fn check(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        if self.revoked.has_any_of(std::iter::once(end_entity).chain(intermediates)) {
            return Err(Error::InvalidCertificate(CertificateError::Revoked));
        }
        if !self.hosts.is_empty() {
            let parsed = ParsedCertificate::try_from(end_entity)?;
            if !self.hosts.iter().any(|host| verify_server_name(&parsed, host).is_ok()) {
                let allowed = self.hosts.iter().map(|host| host.to_str().into_owned()).collect();
                return Err(not_allowed(end_entity, "hosts", allowed));
            }
        }
        if !self.common_names.is_empty() {
            let name = CertificateName::of(end_entity).common_name;
            if !self.common_names.contains(&name) {
                return Err(not_allowed(end_entity, "common names", self.common_names.clone()));
            }
        }
        Ok(())
    }
}

fn not_allowed(end_entity: &CertificateDer<'_>, kind: &'static str, allowed: Vec<String>) -> Error {
    let common_name = CertificateName::of(end_entity).common_name;
    let refused = NameNotAllowed { common_name, kind, allowed: allowed.join(", ") };
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(refused))))
}
