//! The kinds of tokens behind one face. Must not look at users.

use holdfast_core::auth::{AuthState, TokenId};
use holdfast_core::ids::AuthRevision;

use super::jwt::JwtTokens;
use super::simple_token::SimpleToken;
use super::{JwtKeyError, LoginError, TokenKind};

/// Tokens of the kind that is set.
pub(super) enum Tokens {
    Simple,
    Jwt(JwtTokens),
    None,
}

/// What a token says, with what makes it void.
pub(super) enum Token {
    /// Good for exactly these credentials, until its end or that of its renewal.
    Simple(SimpleToken),
    /// Good as long as users and roles are as they were, and for credentials from before.
    Jwt { user: String, revision: AuthRevision },
}

impl Tokens {
    /// Reads the keys that are needed.
    pub fn load(kind: &TokenKind) -> Result<Tokens, JwtKeyError> {
        Ok(match kind {
            TokenKind::Simple => Tokens::Simple,
            TokenKind::Jwt(settings) => Tokens::Jwt(JwtTokens::load(settings.clone())?),
            TokenKind::None => Tokens::None,
        })
    }

    /// Takes up keys that were changed.
    pub fn reload(&self) {
        if let Tokens::Jwt(tokens) = self {
            tokens.reload();
        }
    }

    /// Reads a token whose signature is right.
    pub fn verify(&self, token: &str, auth: &AuthState, now_unix_seconds: u64) -> Result<Token, LoginError> {
        match self {
            Tokens::Simple => {
                SimpleToken::verify(token, auth).map(Token::Simple).ok_or(LoginError::InvalidToken)
            }
            Tokens::Jwt(tokens) => {
                let (user, revision) = tokens.verify(token, now_unix_seconds)?;
                Ok(Token::Jwt { user, revision })
            }
            Tokens::None => Err(LoginError::InvalidToken),
        }
    }

    /// Makes a token; `id` and `end` are for those that are renewed.
    pub fn issue(
        &self,
        user: (&str, AuthRevision),
        auth: &AuthState,
        now_unix_seconds: u64,
        (id, expires_unix_seconds): (TokenId, u64),
    ) -> Result<String, LoginError> {
        let (user, credentials_since) = user;
        match self {
            Tokens::Simple => {
                let user = user.to_owned();
                Ok(SimpleToken { id, expires_unix_seconds, credentials_since, user }.sign(auth))
            }
            Tokens::Jwt(tokens) => tokens.issue(user, auth.revision(), now_unix_seconds),
            Tokens::None => Err(LoginError::VerifyOnly),
        }
    }
}
