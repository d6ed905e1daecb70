//! Who a client is: what it shows, and what that is worth to the replicated users. What a user may do is decided in the
//! core. Must not keep a password, nor print one.

mod audit_log;
mod authenticator;
mod claim;
mod error;
mod failed_logins;
pub(crate) mod fuzzing;
mod jwt;
mod jwt_keys;
mod password;
mod password_threads;
mod peer;
mod refusals;
mod settings;
mod simple_token;
mod tokens;
mod verified_logins;

pub use audit_log::AuditLog;
pub use authenticator::Authenticator;
pub use claim::{Claim, Shown};
pub use error::{AuthStartError, LoginError};
pub(crate) use jwt::algorithm as jwt_algorithm;
pub use jwt_keys::JwtKeyError;
pub use password::Password;
pub use peer::{CertificateName, Peer};
pub use refusals::RefusalReason;
pub use settings::{AuthSettings, JwtSettings, TokenKind};
