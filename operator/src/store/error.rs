//! How a request to a member can fail, told apart by what the caller does next.

use thiserror::Error;

/// Why a request to a member has failed. The text names the member.
#[derive(Debug, Error)]
pub enum StoreError {
    /// There was no connection; nothing was asked.
    #[error("{member} cannot be reached: {cause}")]
    Unreachable {
        /// Who was asked.
        member: String,
        /// What went wrong.
        cause: String,
    },
    /// The TLS handshake failed: somebody does not trust somebody.
    #[error("{member} refuses or fails the TLS handshake: {cause}")]
    Handshake {
        /// Who was asked.
        member: String,
        /// What went wrong.
        cause: String,
    },
    /// The connection broke or time ran out after the request was sent: it may have been carried out.
    #[error("{member} did not answer {path}: {cause}")]
    Unanswered {
        /// Who was asked.
        member: String,
        /// What for.
        path: String,
        /// What went wrong.
        cause: String,
    },
    /// The member answered with an error.
    #[error("{member} refused {path}: {message} (HTTP {status}, code {code})")]
    Refused {
        /// Who was asked.
        member: String,
        /// What for.
        path: String,
        /// HTTP status.
        status: u16,
        /// The gRPC code in the body, 0 if there was none.
        code: i64,
        /// The member's words.
        message: String,
    },
    /// The answer cannot be understood.
    #[error("{member} answered {path} with something else than expected: {cause}")]
    Unreadable {
        /// Who was asked.
        member: String,
        /// What for.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl StoreError {
    /// Whether a member answered and said no, with these words somewhere in it.
    #[must_use]
    pub fn is_refusal_with(&self, words: &str) -> bool {
        matches!(self, Self::Refused { message, .. } if message.contains(words))
    }
}
