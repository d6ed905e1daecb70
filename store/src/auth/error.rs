//! Why nobody knows who a client is. The wire texts stand in `api/error.rs`.

use std::io;
use std::path::PathBuf;

use super::JwtKeyError;

/// Why a member cannot find out who its clients are.
#[derive(Debug, thiserror::Error)]
pub enum AuthStartError {
    /// The keys of tokens cannot be used.
    #[error("--auth-token: {0}")]
    TokenKeys(#[from] JwtKeyError),
    /// The audit log cannot be opened.
    #[error("--audit-log: {} cannot be opened: {source}; name a file in a folder that this member may write", path.display())]
    AuditLog {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why credentials are worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// Authentication is off.
    #[error("authentication is off")]
    NotEnabled,
    /// The user is not there, has no password, or has another one; which of these is not said.
    #[error("wrong user name or password")]
    Failed,
    /// The token was not made here, has run out, or its user is gone or has another password.
    #[error("the token is void")]
    InvalidToken,
    /// This member can check tokens, but has no key to make them.
    #[error("this member only verifies tokens; ask one that has the private key")]
    VerifyOnly,
    /// A password that bcrypt cannot take.
    #[error("a password has at most 72 bytes")]
    PasswordTooLong,
    /// Too many logins failed, or too many wait.
    #[error("too many logins")]
    TooMany,
}
