//! The kinds of number that the store counts with, each its own type so that one cannot stand in for another.
//! Must not hold behaviour beyond ordering and printing.

use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

number!(
    /// A store revision (etcd's main revision). A fresh store stands at 1; the first write makes 2.
    Revision(i64)
);
number!(
    /// A lease's id; 0 means "no lease".
    LeaseId(i64)
);
number!(
    /// A member's id; never 0 for a real member.
    MemberId(u64)
);
number!(
    /// A cluster's id; never 0.
    ClusterId(u64)
);
number!(
    /// A position in the Raft log.
    LogIndex(u64)
);
number!(
    /// A Raft term.
    Term(u64)
);
number!(
    /// Counts the changes of users and roles. A fresh store stands at 1 (etcd's convention).
    AuthRevision(u64)
);

impl Revision {
    /// The revision of a store in which nothing was written.
    pub const FRESH: Revision = Revision(1);

    /// The revision after this one.
    pub fn next(self) -> Revision {
        Revision(self.0 + 1)
    }
}

impl LeaseId {
    /// No lease.
    pub const NONE: LeaseId = LeaseId(0);

    /// Whether this is "no lease".
    pub fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Where the log stands: the term and index of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LogPosition {
    /// The entry's term.
    pub term: Term,
    /// The entry's index.
    pub index: LogIndex,
}

impl AuthRevision {
    /// Before anything was changed.
    pub const FRESH: AuthRevision = AuthRevision(1);

    /// The one that follows.
    pub(crate) fn next(self) -> AuthRevision {
        AuthRevision(self.0 + 1)
    }
}
