//! Who a certificate is for. Only certificates that were verified get here.

use std::net::IpAddr;
use std::sync::Arc;

use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::config::CertificateUser;

/// In the extensions of each request that came over TLS, and of no other.
#[derive(Debug, Clone)]
pub struct TlsPeer {
    /// The user that the verified certificate of the other side names, where `--client-cert-auth` asks for one.
    pub user: Option<Arc<str>>,
}

/// The names in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateName {
    /// The subject's common name, etcd's name of a user; empty when it has none.
    pub common_name: String,
    /// Host names, wildcards among them.
    pub dns_names: Vec<String>,
    /// Addresses.
    pub ip_addresses: Vec<IpAddr>,
    /// Mail addresses.
    pub emails: Vec<String>,
    /// URIs, such as SPIFFE ids.
    pub uris: Vec<String>,
    /// The serial number, in hexadecimal.
    pub serial: String,
}

impl CertificateName {
    /// Reads the names; a certificate that cannot be read has none.
    pub fn of(certificate: &CertificateDer<'_>) -> CertificateName {
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return CertificateName::default();
        };
        // As Go does, of several the last.
        let common_names = certificate.subject().iter_common_name();
        let common_name = common_names.filter_map(|name| name.as_str().ok()).last().unwrap_or_default();
        let mut name = CertificateName {
            common_name: common_name.to_owned(),
            serial: format!("{:x}", certificate.tbs_certificate.serial),
            ..CertificateName::default()
        };
        let Ok(Some(alternatives)) = certificate.subject_alternative_name() else { return name };
        for alternative in &alternatives.value.general_names {
            match alternative {
                GeneralName::DNSName(host) => name.dns_names.push((*host).to_owned()),
                GeneralName::RFC822Name(email) => name.emails.push((*email).to_owned()),
                GeneralName::URI(uri) => name.uris.push((*uri).to_owned()),
                GeneralName::IPAddress(bytes) => name.ip_addresses.extend(ip_address(bytes)),
                _ => {}
            }
        }
        name
    }

    /// The user that this is, if it has such a name. Of several that are equally good none is: who signs a certificate
    /// for one user must not make another of it by their order.
    pub fn user(&self, name: CertificateUser) -> Option<&str> {
        fn only(names: &[String]) -> Option<&str> {
            match names {
                [name] => Some(name),
                _ => None,
            }
        }
        let found = match name {
            CertificateUser::CommonName => Some(self.common_name.as_str()),
            CertificateUser::Host => only(&self.dns_names),
            CertificateUser::Email => only(&self.emails),
            CertificateUser::Uri => only(&self.uris),
        };
        found.filter(|name| !name.is_empty())
    }
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(bytes));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_the_only_name_of_its_kind() {
        let name = CertificateName {
            common_name: "c".to_owned(),
            dns_names: vec!["a.example".to_owned(), "b.example".to_owned()],
            emails: vec!["u@example".to_owned()],
            ..CertificateName::default()
        };
        assert_eq!(name.user(CertificateUser::CommonName), Some("c"));
        assert_eq!(name.user(CertificateUser::Host), None, "two are none");
        assert_eq!(name.user(CertificateUser::Email), Some("u@example"));
        assert_eq!(name.user(CertificateUser::Uri), None);
        assert_eq!(CertificateName::default().user(CertificateUser::CommonName), None, "nobody is no user");
    }
}
