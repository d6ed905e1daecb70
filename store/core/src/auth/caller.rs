//! On whose behalf a command runs, as the log carries it. Must not decide anything.

use crate::ids::AuthRevision;

/// Who asks. An entry written before there were users reads as `Nobody`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Caller {
    /// A client that did not say who it is.
    #[default]
    Nobody,
    /// A client that showed who it is.
    User {
        /// The user.
        name: String,
        /// Revision of the users and roles under which that was found; what changed since makes it stale.
        auth_revision: AuthRevision,
    },
    /// A member on its own behalf: compaction by time, alarms. Never a client.
    Member,
}

impl Caller {
    /// The user's name, if it is one.
    pub fn name(&self) -> Option<&str> {
        match self {
            Caller::User { name, .. } => Some(name),
            Caller::Nobody | Caller::Member => None,
        }
    }
}
