//! Makes keys and certificates. Must not know where they are kept or when they are due.

use std::collections::BTreeSet;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SignatureAlgorithm, date_time_ymd,
};
use thiserror::Error;
use zeroize::Zeroizing;

use super::time::UnixSeconds;
use crate::crd::KeyAlgorithm;
use crate::limits;

/// A certificate or a key that cannot be made, or an authority that cannot sign.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct MakingError(#[from] rcgen::Error);

/// A certificate and its key, as PEM texts.
pub struct Pair {
    /// The certificate; more of them behind it where a chain is needed.
    pub certificate: String,
    /// The key, as PKCS #8.
    pub key: Zeroizing<String>,
}

/// What a leaf is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafUse {
    /// To be shown by members, who also connect to each other with it.
    Member,
    /// To be shown by clients alone.
    Client,
}

/// What a leaf is to say.
#[derive(Clone, Debug)]
pub struct LeafContents<'a> {
    /// The subject's common name.
    pub common_name: &'a str,
    /// Host names and addresses.
    pub names: &'a BTreeSet<String>,
    /// What it is for.
    pub purpose: LeafUse,
    /// How long it is good for.
    pub lifetime: Duration,
    /// Kind of its key.
    pub algorithm: KeyAlgorithm,
}

/// Makes an authority that signs leaves and nothing else.
///
/// `name` tells people what it is for. Every generation gets a subject of its own, so that clients which look for an issuer
/// by its name find the right one.
///
/// # Errors
/// When no key can be made.
pub fn make_authority(
    name: &str,
    lifetime: Duration,
    algorithm: KeyAlgorithm,
    now: UnixSeconds,
) -> Result<Pair, MakingError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("{name} {}", now.0));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    set_dates(&mut params, lifetime, now);
    let key = KeyPair::generate_for(signature(algorithm))?;
    let certificate = params.self_signed(&key)?;
    Ok(Pair { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
}

/// Makes a leaf that `authority` signs.
///
/// # Errors
/// When the authority's certificate or key cannot be read, or a name is no name.
pub fn make_leaf(
    authority: &Pair,
    contents: &LeafContents<'_>,
    now: UnixSeconds,
) -> Result<Pair, MakingError> {
    let issuer = Issuer::from_ca_cert_pem(&authority.certificate, KeyPair::from_pem(&authority.key)?)?;
    let mut params = CertificateParams::new(contents.names.iter().cloned().collect::<Vec<_>>())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, contents.common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = match contents.purpose {
        LeafUse::Member => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
        LeafUse::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
    };
    params.use_authority_key_identifier_extension = true;
    set_dates(&mut params, contents.lifetime, now);
    let key = KeyPair::generate_for(signature(contents.algorithm))?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(Pair { certificate: certificate.pem(), key: Zeroizing::new(key.serialize_pem()) })
}

fn set_dates(params: &mut CertificateParams, lifetime: Duration, now: UnixSeconds) {
    let now = date_time_ymd(1970, 1, 1) + Duration::from_secs(now.0);
    params.not_before = now - limits::CLOCK_SKEW;
    params.not_after = now + lifetime;
}

fn signature(algorithm: KeyAlgorithm) -> &'static SignatureAlgorithm {
    match algorithm {
        KeyAlgorithm::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyAlgorithm::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyAlgorithm::Ed25519 => &rcgen::PKCS_ED25519,
    }
}
