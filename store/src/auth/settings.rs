//! Settings of authentication. Plain data.

use std::path::PathBuf;
use std::time::Duration;

use jsonwebtoken::Algorithm;

/// How tokens are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenKind {
    /// Signed with a key in the replicated state, good on every member.
    Simple,
    /// JSON web tokens.
    Jwt(JwtSettings),
    /// No tokens: only passwords and certificates count.
    None,
}

/// How JSON web tokens are made and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtSettings {
    /// How they are signed.
    pub algorithm: Algorithm,
    /// The file with the key that checks; without it that follows from the private one.
    pub public_key: Option<PathBuf>,
    /// The file with the key that signs; without it this member only checks.
    pub private_key: Option<PathBuf>,
    /// How long they last.
    pub ttl: Duration,
}

/// Settings of authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthSettings {
    /// How tokens are made.
    pub tokens: TokenKind,
    /// How long a simple token lasts after its last use.
    pub token_ttl: Duration,
    /// Cost of new password hashes, as the power of two of bcrypt's rounds.
    pub bcrypt_cost: u32,
    /// Where is written who did what.
    pub audit_log: Option<PathBuf>,
}

impl Default for AuthSettings {
    fn default() -> AuthSettings {
        AuthSettings {
            tokens: TokenKind::Simple,
            token_ttl: Duration::from_secs(300),
            bcrypt_cost: 10,
            audit_log: None,
        }
    }
}
