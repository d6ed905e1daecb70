//! What the replicated state knows of simple tokens: those that are in use for longer than they were made for, and until
//! when. Tokens that are not renewed leave no trace here.

use std::fmt;

/// Tells a token from all others; drawn at random by whoever makes it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TokenId(pub [u8; 16]);

impl fmt::Debug for TokenId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Enough to find it in two logs.
        write!(formatter, "TokenId({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// A token that was used and lasts longer for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenRenewal {
    /// The token.
    pub id: TokenId,
    /// Until when it is good, in seconds since 1970.
    pub until_unix_seconds: u64,
}
