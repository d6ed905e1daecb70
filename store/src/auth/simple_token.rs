//! Simple tokens: a user's name, until when and since which credentials, signed with a key that is part of the replicated
//! state. Every member can check one, none has to remember it. Must not look at a clock.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use holdfast_core::auth::{AuthState, TokenId};
use holdfast_core::ids::AuthRevision;
use ring::hmac;

const FORMAT: u8 = 1;
/// Format, id, end, revision of the credentials.
const FIXED_LEN: usize = 1 + 16 + 8 + 8;
/// A separator that no text in base64 has.
const SEPARATOR: char = '.';

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimpleToken {
    /// Tells it from all others.
    pub id: TokenId,
    /// Until when it is good in any case, in seconds since 1970.
    pub expires_unix_seconds: u64,
    /// The credentials it was given for.
    pub credentials_since: AuthRevision,
    /// The user.
    pub user: String,
}

impl SimpleToken {
    /// The token as the client gets it.
    pub fn sign(&self, auth: &AuthState) -> String {
        let mut payload = Vec::with_capacity(FIXED_LEN + self.user.len());
        payload.push(FORMAT);
        payload.extend_from_slice(&self.id.0);
        payload.extend_from_slice(&self.expires_unix_seconds.to_be_bytes());
        payload.extend_from_slice(&self.credentials_since.0.to_be_bytes());
        payload.extend_from_slice(self.user.as_bytes());
        let signature = hmac::sign(&key(auth), &payload);
        let mut text = URL_SAFE_NO_PAD.encode(&payload);
        text.push(SEPARATOR);
        URL_SAFE_NO_PAD.encode_string(signature, &mut text);
        text
    }

    /// Reads a token whose signature is right. Whether it is still good is for the caller to find out.
    pub fn verify(text: &str, auth: &AuthState) -> Option<SimpleToken> {
        if auth.token_key().is_empty() {
            return None;
        }
        let (payload, signature) = text.split_once(SEPARATOR)?;
        let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Compares in constant time.
        hmac::verify(&key(auth), &payload, &signature).ok()?;
        SimpleToken::read(&payload)
    }

    /// Reads what was signed.
    pub fn read(payload: &[u8]) -> Option<SimpleToken> {
        let (&[format], rest) = payload.split_first_chunk::<1>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (expires, rest) = rest.split_first_chunk::<8>()?;
        let (since, user) = rest.split_first_chunk::<8>()?;
        (format == FORMAT).then_some(())?;
        Some(SimpleToken {
            id: TokenId(*id),
            expires_unix_seconds: u64::from_be_bytes(*expires),
            credentials_since: AuthRevision(u64::from_be_bytes(*since)),
            user: String::from_utf8(user.to_vec()).ok()?,
        })
    }
}

fn key(auth: &AuthState) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, auth.token_key().expose())
}
