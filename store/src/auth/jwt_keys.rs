//! Keys of JSON web tokens from PEM: what signs, and what checks. Without a public key it follows from the private one.
//! Must not read files.

use std::path::PathBuf;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JwtKeyError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no key at all, or none of the kind that is needed.
    #[error("no key: give {0}")]
    Missing(&'static str),
    /// What is there is no key for the algorithm.
    #[error("the {which} key is no key for {algorithm:?} in PEM; a private EC key must be in PKCS#8")]
    Unusable {
        /// Public or private.
        which: &'static str,
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The two do not belong together.
    #[error("the public and the private key do not belong together")]
    Mismatch,
}

/// Keys in use.
pub(super) struct Keys {
    /// None on a member that only checks.
    pub signing: Option<EncodingKey>,
    pub verifying: DecodingKey,
    /// What they were made from, to tell whether the files have changed.
    source: [Option<Vec<u8>>; 2],
}

impl Keys {
    /// Makes keys from the contents of the two files.
    pub fn new(
        algorithm: Algorithm,
        public: Option<Vec<u8>>,
        private: Option<Vec<u8>>,
    ) -> Result<Keys, JwtKeyError> {
        let unusable = |which| JwtKeyError::Unusable { which, algorithm };
        let signing = match &private {
            Some(private) => Some(signing(algorithm, private).ok_or_else(|| unusable("private"))?),
            None => None,
        };
        let verifying = match (&public, &private) {
            _ if is_symmetric(algorithm) => {
                let secret = private.as_deref().filter(|secret| !secret.is_empty());
                DecodingKey::from_secret(
                    secret.ok_or(JwtKeyError::Missing("priv-key, which holds the secret"))?,
                )
            }
            (Some(public), _) => verifying(algorithm, public).ok_or_else(|| unusable("public"))?,
            (None, Some(private)) => derived(algorithm, private).ok_or_else(|| unusable("private"))?,
            (None, None) => {
                return Err(JwtKeyError::Missing("priv-key to make tokens, or pub-key to check them"));
            }
        };
        let keys = Keys { signing, verifying, source: [public, private] };
        keys.check_pair(algorithm)?;
        Ok(keys)
    }

    /// Whether they were made from the same files.
    pub fn is_same(&self, other: &Keys) -> bool {
        self.source == other.source
    }

    /// What one signs, the other must accept.
    fn check_pair(&self, algorithm: Algorithm) -> Result<(), JwtKeyError> {
        let Some(signing) = &self.signing else { return Ok(()) };
        let mut validation = Validation::new(algorithm);
        validation.required_spec_claims.clear();
        let probe = serde_json::json!({});
        let token = jsonwebtoken::encode(&Header::new(algorithm), &probe, signing)
            .map_err(|_| JwtKeyError::Unusable { which: "private", algorithm })?;
        jsonwebtoken::decode::<serde_json::Value>(&token, &self.verifying, &validation)
            .map(|_| ())
            .map_err(|_| JwtKeyError::Mismatch)
    }
}

fn is_symmetric(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

fn signing(algorithm: Algorithm, private: &[u8]) -> Option<EncodingKey> {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => Some(EncodingKey::from_secret(private)),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(private).ok(),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(private).ok(),
        _ => EncodingKey::from_rsa_pem(private).ok(),
    }
}

fn verifying(algorithm: Algorithm, public: &[u8]) -> Option<DecodingKey> {
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(public).ok(),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(public).ok(),
        _ => DecodingKey::from_rsa_pem(public).ok(),
    }
}

/// The public part of a private key.
fn derived(algorithm: Algorithm, private: &[u8]) -> Option<DecodingKey> {
    let pem = pem::parse(private).ok()?;
    let der = pem.contents();
    let random = ring::rand::SystemRandom::new();
    let ec = |of| EcdsaKeyPair::from_pkcs8(of, der, &random).ok();
    match algorithm {
        Algorithm::ES256 => {
            let pair = ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)?;
            Some(DecodingKey::from_ec_der(pair.public_key().as_ref()))
        }
        Algorithm::ES384 => {
            let pair = ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)?;
            Some(DecodingKey::from_ec_der(pair.public_key().as_ref()))
        }
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
            Some(DecodingKey::from_ed_der(pair.public_key().as_ref()))
        }
        _ => {
            let pair = match pem.tag() {
                "RSA PRIVATE KEY" => ring::rsa::KeyPair::from_der(der).ok()?,
                _ => ring::rsa::KeyPair::from_pkcs8(der).ok()?,
            };
            let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
            Some(DecodingKey::from_rsa_raw_components(&public.n, &public.e))
        }
    }
}
