//! JSON web tokens: made and checked with keys from files, so that others than members can make them, too. They carry the
//! revision of users and roles that they were made under; any change makes them stale (etcd's rule). Whether their user
//! is there is for the caller to find out.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_core::ids::AuthRevision;
use jsonwebtoken::{Algorithm, Header, Validation};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::LoginError;
use super::jwt_keys::{JwtKeyError, Keys};
use super::settings::JwtSettings;
use crate::limits::VERIFIED_TOKENS_MAX;

/// What a token says, in etcd's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub username: String,
    pub revision: u64,
    /// Seconds since 1970. Tokens that others made may go without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
}

/// Makes and checks tokens.
pub(super) struct JwtTokens {
    settings: JwtSettings,
    keys: ArcSwap<Keys>,
    /// Tokens whose signature was right, since checking one again costs more than most requests. For these keys only.
    verified: Mutex<BTreeMap<Box<str>, Claims>>,
}

impl JwtTokens {
    /// Reads the keys.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn load(settings: JwtSettings) -> Result<JwtTokens, JwtKeyError> {
        let keys = ArcSwap::from_pointee(read_keys(&settings)?);
        Ok(JwtTokens { settings, keys, verified: Mutex::default() })
    }

    /// Takes up keys that were changed meanwhile. Broken ones are told of and left; the old ones stay in use.
    pub fn reload(&self) {
        match read_keys(&self.settings) {
            Ok(keys) if keys.is_same(&self.keys.load()) => {}
            Ok(keys) => {
                self.keys.store(Arc::new(keys));
                self.verified.lock().clear();
                tracing::info!("the keys of JSON web tokens were read anew");
            }
            Err(error) => {
                tracing::warn!(%error, "keys of JSON web tokens are broken; the old ones stay in use")
            }
        }
    }

    /// What a token says, if its signature is right and it has not run out.
    pub fn verify(&self, token: &str, now_unix_seconds: u64) -> Result<(String, AuthRevision), LoginError> {
        let known = self.verified.lock().get(token).cloned();
        let claims = match known {
            Some(claims) => claims,
            None => self.check(token)?,
        };
        if claims.exp.is_some_and(|exp| exp <= now_unix_seconds) {
            return Err(LoginError::InvalidToken);
        }
        Ok((claims.username, AuthRevision(claims.revision)))
    }

    fn check(&self, token: &str) -> Result<Claims, LoginError> {
        // The algorithm is ours, whatever the token says: none, or another key's, is not taken.
        let mut validation = Validation::new(self.settings.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_aud = false;
        validation.validate_nbf = true;
        validation.leeway = 0;
        let keys = self.keys.load_full();
        let decoded = jsonwebtoken::decode::<Claims>(token, &keys.verifying, &validation);
        let claims = decoded.map_err(|_| LoginError::InvalidToken)?.claims;
        let mut verified = self.verified.lock();
        if verified.len() >= VERIFIED_TOKENS_MAX {
            verified.clear();
        }
        // Keys that came meanwhile may not know the token.
        if Arc::ptr_eq(&keys, &self.keys.load_full()) {
            verified.insert(token.into(), claims.clone());
        }
        Ok(claims)
    }

    /// A token for a user.
    pub fn issue(
        &self,
        user: &str,
        revision: AuthRevision,
        now_unix_seconds: u64,
    ) -> Result<String, LoginError> {
        let keys = self.keys.load_full();
        let signing = keys.signing.as_ref().ok_or(LoginError::VerifyOnly)?;
        let claims = Claims {
            username: user.to_owned(),
            revision: revision.0,
            exp: Some(now_unix_seconds.saturating_add(self.settings.ttl.as_secs())),
        };
        let header = Header::new(self.settings.algorithm);
        jsonwebtoken::encode(&header, &claims, signing).map_err(|_| LoginError::VerifyOnly)
    }
}

impl JwtTokens {
    /// With a secret that is none.
    pub(super) fn for_fuzzing() -> JwtTokens {
        let settings = JwtSettings {
            algorithm: Algorithm::HS256,
            public_key: None,
            private_key: None,
            ttl: std::time::Duration::from_secs(300),
        };
        let keys = Keys::new(settings.algorithm, None, Some(b"no secret".to_vec()));
        let keys = ArcSwap::from_pointee(keys.expect("a secret is all that it takes"));
        JwtTokens { settings, keys, verified: Mutex::default() }
    }

    /// A token that says just that, under a signature that is right.
    pub(super) fn signed(&self, claims: &[u8]) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let message = format!("{}.{}", encode(br#"{"typ":"JWT","alg":"HS256"}"#), encode(claims));
        let keys = self.keys.load_full();
        let key = keys.signing.as_ref().expect("it was made with one");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, self.settings.algorithm);
        format!("{message}.{}", signature.expect("any bytes can be signed"))
    }
}

fn read_keys(settings: &JwtSettings) -> Result<Keys, JwtKeyError> {
    let read = |path: &Path| {
        fs::read(path).map_err(|source| JwtKeyError::Unreadable { path: path.to_path_buf(), source })
    };
    let public = settings.public_key.as_deref().map(read).transpose()?;
    let private = settings.private_key.as_deref().map(read).transpose()?;
    Keys::new(settings.algorithm, public, private)
}

/// The algorithm of etcd's name for it.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        "HS256" => Algorithm::HS256,
        "HS384" => Algorithm::HS384,
        "HS512" => Algorithm::HS512,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
