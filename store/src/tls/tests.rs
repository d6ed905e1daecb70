//! Files as they come from other tools, and what becomes of them; connections are tried on real processes.

use std::path::Path;
use std::time::Duration;

use rcgen::{
    CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, IsCa, KeyIdMethod, KeyPair,
    RevokedCertParams, SerialNumber, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

use super::certificate_name::CertificateName;
use super::error::TlsFileProblem;
use super::revoked::Revoked;
use super::{file, self_signed, validity};
use crate::config::SelfSigned;

struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new(name: &str) -> Ca {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Ca(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, serial: u64, names: &[&str]) -> CertificateDer<'static> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.serial_number = Some(SerialNumber::from(serial));
        params.distinguished_name.push(DnType::CommonName, "leaf");
        params.not_after = date_time_ymd(2100, 1, 1);
        params.signed_by(&KeyPair::generate().unwrap(), &self.0).unwrap().der().clone()
    }

    fn revoke(&self, serial: u64) -> rcgen::CertificateRevocationList {
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2020, 1, 1),
            next_update: date_time_ymd(2020, 2, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: vec![RevokedCertParams {
                serial_number: SerialNumber::from(serial),
                revocation_time: date_time_ymd(2020, 1, 1),
                reason_code: None,
                invalidity_date: None,
            }],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0).unwrap()
    }
}

#[test]
fn lists_of_revoked_certificates_are_read_in_both_forms() {
    let (ca, other) = (Ca::new("ca"), Ca::new("other"));
    // 0x80 stands first in its byte, so that a zero is written before it.
    let (revoked, fine, namesake) = (ca.issue(0x80, &[]), ca.issue(0x81, &[]), other.issue(0x80, &[]));
    let list = ca.revoke(0x80);
    let both = format!("{}{}", list.pem().unwrap(), other.revoke(0x99).pem().unwrap());
    for (bytes, count) in [(both.as_bytes(), 2), (&list.der()[..], 1)] {
        let lists = Revoked::parse(bytes).unwrap();
        assert_eq!(lists.count(), count);
        assert!(lists.has_any_of([&fine, &revoked]));
        assert!(!lists.has_any_of([&fine, &namesake]));
        assert_eq!(lists.next_update_seconds(), Some(1_580_515_200));
    }
    for bytes in [
        &b"words"[..],
        b"",
        b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n",
        ca.0.pem().as_bytes(),
    ] {
        assert!(matches!(Revoked::parse(bytes), Err(TlsFileProblem::RevokedList(_))));
    }
}

#[test]
fn names_are_read_from_where_they_stand() {
    let certificate = Ca::new("ca").issue(0x1234, &["a.example", "*.b.example", "10.0.0.1", "::1"]);
    let name = CertificateName::of(&certificate);
    assert_eq!(name.common_name, "leaf");
    assert_eq!(name.dns_names, ["a.example", "*.b.example"]);
    assert_eq!(
        name.ip_addresses,
        ["10.0.0.1", "::1"].map(|address| address.parse::<std::net::IpAddr>().unwrap())
    );
    assert_eq!(name.serial, "1234");
    assert_eq!(CertificateName::of(&CertificateDer::from(vec![1, 2, 3])), CertificateName::default());
    assert_eq!(validity::end_seconds([&certificate]), Some(4_102_444_800));
}

fn own(folder: &Path, validity_years: u32) -> SelfSigned {
    SelfSigned {
        folder: folder.join("tls"),
        hosts: vec!["localhost".to_owned(), "::1".to_owned()],
        validity_years,
    }
}

#[test]
fn a_certificate_of_this_members_own_is_kept_until_it_ends_soon() {
    let folder = tempfile::tempdir().unwrap();
    let read = |own: &SelfSigned| {
        let files = self_signed::ensure(own, "auto-tls").unwrap();
        let key = file::key(&std::fs::read(&files.key).unwrap()).unwrap();
        let chain = file::certificates(&std::fs::read(&files.certificate).unwrap()).unwrap();
        let provider = rustls::crypto::ring::default_provider();
        assert!(file::certified_key(chain.clone(), key, &provider).unwrap().is_some());
        chain[0].clone()
    };
    let first = read(&own(folder.path(), 1));
    assert_eq!(read(&own(folder.path(), 1)), first);
    let left = validity::end_seconds([&first]).unwrap() - validity::now_seconds();
    let year = Duration::from_secs(365 * 24 * 60 * 60).as_secs();
    assert!((left - i64::try_from(year).unwrap()).abs() < 120, "{left}");
    // Of twelve years one is less than a tenth.
    assert_ne!(read(&own(folder.path(), 12)), first);
    std::fs::remove_file(folder.path().join("tls/key.pem")).unwrap();
    assert_ne!(read(&own(folder.path(), 1)), first);
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let error = self_signed::ensure(&own(&blocked, 1), "auto-tls").unwrap_err().to_string();
    assert!(error.starts_with("--auto-tls: ") && error.contains("cannot be made"), "{error}");
}
