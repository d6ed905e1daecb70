//! Reads certificates and keys out of Secrets into what `holdfast_plan::trust` decides on. Pure: the
//! moment comes from the caller.

use std::collections::BTreeSet;
use std::net::IpAddr;

use holdfast_plan::trust::{Anchor, Fingerprint, Leaf};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::time::UnixSeconds;

/// SHA-256 of a certificate.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> Fingerprint {
    Fingerprint(crate::store::fingerprint(certificate))
}

/// The certificates in a PEM text, in their order.
///
/// # Errors
/// When it holds none, or one that cannot be read; in words for people.
pub fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let found = found.map_err(|error| format!("it is not PEM: {error}"))?;
    if found.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    for certificate in &found {
        parsed(certificate)?;
    }
    Ok(found)
}

/// Which certificates a PEM text holds.
///
/// # Errors
/// As [`certificates`].
pub fn fingerprints(pem: &str) -> Result<BTreeSet<Fingerprint>, String> {
    Ok(certificates(pem)?.iter().map(|certificate| fingerprint(certificate)).collect())
}

/// Puts PEM texts behind each other, each certificate once.
///
/// # Errors
/// As [`certificates`].
pub fn bundle(pems: &[&str]) -> Result<String, String> {
    let mut seen = BTreeSet::new();
    let mut text = String::new();
    for pem in pems {
        for certificate in certificates(pem)? {
            if seen.insert(fingerprint(&certificate)) {
                let block = pem::Pem::new("CERTIFICATE", certificate.to_vec());
                let plain = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
                text.push_str(&pem::encode_config(&block, plain));
            }
        }
    }
    Ok(text)
}

/// What an authority's certificate, and its key if there is one, say.
///
/// # Errors
/// When they cannot be read or do not belong together; in words for people.
pub fn anchor(pem: &str, key: Option<&str>, now: UnixSeconds) -> Result<Anchor, String> {
    let found = certificates(pem)?;
    if let Some(key) = key {
        check_key(&found[0], key)?;
    }
    let ends = found.iter().map(|certificate| ends(certificate)).collect::<Result<Vec<_>, _>>()?;
    let first_end = ends.into_iter().min().unwrap_or(now);
    Ok(Anchor {
        certificates: found.iter().map(|certificate| fingerprint(certificate)).collect(),
        has_key: key.is_some(),
        seconds_left: first_end.since(now),
    })
}

/// What a leaf, its key and the authorities beside it say. `authorities` are those that may have signed it.
///
/// # Errors
/// When they cannot be read or do not belong together; in words for people.
pub fn leaf(
    pem: &str,
    key: &str,
    trusted: &str,
    authorities: &[CertificateDer<'_>],
    now: UnixSeconds,
) -> Result<Leaf, String> {
    let chain = certificates(pem).map_err(|cause| format!("tls.crt: {cause}"))?;
    check_key(&chain[0], key)?;
    let certificate = parsed(&chain[0])?;
    let common_name = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).last();
    Ok(Leaf {
        fingerprint: fingerprint(&chain[0]),
        common_name: common_name.unwrap_or_default().to_owned(),
        names: names(&certificate),
        seconds_left: ends(&chain[0])?.since(now),
        signed_by: signer(&certificate, authorities),
        // A text that is no bundle trusts nobody; it differs from what is wanted and is written anew.
        trusts: fingerprints(trusted).unwrap_or_default(),
    })
}

/// When a certificate ends.
///
/// # Errors
/// When it cannot be read; in words for people.
pub fn ends(certificate: &CertificateDer<'_>) -> Result<UnixSeconds, String> {
    let end = parsed(certificate)?.validity().not_after.timestamp();
    Ok(UnixSeconds(u64::try_from(end).unwrap_or(0)))
}

/// When the first certificate of a PEM text ends, if there is one.
#[must_use]
pub fn first_end(pem: &str) -> Option<UnixSeconds> {
    certificates(pem).ok().and_then(|found| ends(found.first()?).ok())
}

fn parsed<'a>(certificate: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, String> {
    let (_, certificate) =
        X509Certificate::from_der(certificate).map_err(|error| format!("it is no certificate: {error}"))?;
    Ok(certificate)
}

/// A key that does not belong to its certificate would be refused by everybody who loads the pair.
fn check_key(certificate: &CertificateDer<'_>, key: &str) -> Result<(), String> {
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|error| format!("tls.key: it is no key in PEM: {error}"))?;
    let key = rustls::crypto::ring::sign::any_supported_type(&key)
        .map_err(|error| format!("tls.key: it cannot be used: {error}"))?;
    let pair = rustls::sign::CertifiedKey::new(vec![certificate.clone().into_owned()], key);
    pair.keys_match().map_err(|_| "tls.key does not belong to tls.crt".to_owned())
}

fn names(certificate: &X509Certificate<'_>) -> BTreeSet<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return BTreeSet::new() };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(host) => Some((*host).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(IpAddr::from(bytes));
    }
    <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from)
}

fn signer(leaf: &X509Certificate<'_>, authorities: &[CertificateDer<'_>]) -> Option<Fingerprint> {
    let signed = |authority: &&CertificateDer<'_>| {
        parsed(authority).is_ok_and(|authority| {
            authority.subject().as_raw() == leaf.issuer().as_raw()
                && leaf.verify_signature(Some(authority.public_key())).is_ok()
        })
    };
    authorities.iter().find(signed).map(|authority| fingerprint(authority))
}
