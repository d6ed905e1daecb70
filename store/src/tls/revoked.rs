//! Certificates that their CA took back, from lists in files. As in etcd the file itself is trusted, like the file of
//! CAs beside it: signatures of lists are not checked, and a list stays in force when its next one is late.

use std::collections::BTreeSet;

use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::revocation_list::CertificateRevocationList;

use super::error::TlsFileProblem;

/// Revoked certificates by issuer and serial number, both as they stand in the certificate.
#[derive(Debug, Default)]
pub(super) struct Revoked {
    serials: BTreeSet<(Vec<u8>, Vec<u8>)>,
    next_update_seconds: Option<i64>,
}

impl Revoked {
    /// Reads lists in PEM, or one in DER.
    pub(super) fn parse(bytes: &[u8]) -> Result<Revoked, TlsFileProblem> {
        let mut revoked = Revoked::default();
        if !bytes.starts_with(b"-----") && !bytes.windows(11).any(|window| window == b"-----BEGIN ") {
            revoked.add(bytes)?;
            return Ok(revoked);
        }
        let mut is_empty = true;
        for list in CertificateRevocationListDer::pem_slice_iter(bytes) {
            let list = list.map_err(|error| TlsFileProblem::RevokedList(error.to_string()))?;
            revoked.add(&list)?;
            is_empty = false;
        }
        if is_empty {
            Err(TlsFileProblem::RevokedList("there is no list in it".to_owned()))
        } else {
            Ok(revoked)
        }
    }

    fn add(&mut self, der: &[u8]) -> Result<(), TlsFileProblem> {
        let list = CertificateRevocationList::from_der(der);
        let (_, list) = list.map_err(|error| TlsFileProblem::RevokedList(error.to_string()))?;
        let issuer = list.issuer().as_raw().to_vec();
        for entry in list.iter_revoked_certificates() {
            self.serials.insert((issuer.clone(), trimmed(entry.raw_serial())));
        }
        if let Some(next) = list.next_update() {
            let next = next.timestamp();
            self.next_update_seconds = Some(self.next_update_seconds.map_or(next, |first| first.min(next)));
        }
        Ok(())
    }

    /// Whether one of the certificates was taken back.
    pub(super) fn has_any_of<'a>(&self, chain: impl IntoIterator<Item = &'a CertificateDer<'a>>) -> bool {
        if self.serials.is_empty() {
            return false;
        }
        chain.into_iter().any(|certificate| {
            X509Certificate::from_der(certificate).is_ok_and(|(_, certificate)| {
                let serial = trimmed(certificate.raw_serial());
                self.serials.contains(&(certificate.issuer().as_raw().to_vec(), serial))
            })
        })
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.serials.len()
    }

    /// When the first list should be replaced, in seconds since 1970.
    pub(super) fn next_update_seconds(&self) -> Option<i64> {
        self.next_update_seconds
    }
}

/// Without the zero that keeps a number positive.
fn trimmed(serial: &[u8]) -> Vec<u8> {
    let zeros = serial.iter().take_while(|byte| **byte == 0).count();
    serial[zeros.min(serial.len().saturating_sub(1))..].to_vec()
}
