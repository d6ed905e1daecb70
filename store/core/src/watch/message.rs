//! What a client stream is told. Must not know how it is written on the wire.

use super::watcher::WatchId;
use crate::ids::Revision;

/// Events of a message: the revision's events that an event belongs to, and its position among them.
pub type EventList<R> = Vec<(R, u32)>;

/// Why a watcher was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WatchRefusal {
    /// The range holds no key.
    #[error("the watched range is empty")]
    EmptyRange,
    /// The stream has a watcher of this id.
    #[error("the watch id is taken")]
    DuplicateId,
    /// The start revision is negative; etcd tells such a client that the revision is compacted.
    #[error("the start revision is negative")]
    NegativeStart,
    /// The client did not say who it is.
    #[error("nobody may watch")]
    Nobody,
    /// What it showed is void.
    #[error("the token is void")]
    InvalidToken,
    /// It may not read the range.
    #[error("the user may not read the range")]
    Denied,
    /// Users or roles have changed since its token was made.
    #[error("users or roles have changed meanwhile")]
    OldAuthRevision,
}

/// One message of a watch stream. `R` gives access to a revision's events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchMessage<R> {
    /// A watcher was made; comes before any of its events.
    Created {
        /// The watcher.
        watch_id: WatchId,
        /// The store revision, from which a client that gave no start revision counts.
        revision: Revision,
    },
    /// A watcher was asked for and not made: created and canceled at once, under the id -1.
    Refused {
        /// The store revision.
        revision: Revision,
        /// Why.
        refusal: WatchRefusal,
    },
    /// A watcher ended at the client's wish.
    Canceled {
        /// The watcher.
        watch_id: WatchId,
        /// The store revision.
        revision: Revision,
    },
    /// A watcher ended because its client may no longer watch there.
    Revoked {
        /// The watcher.
        watch_id: WatchId,
        /// The store revision.
        revision: Revision,
        /// Why.
        refusal: WatchRefusal,
    },
    /// A watcher ended because what it still had to see is compacted. The header carries no revision, and there is
    /// no cancel reason.
    Compacted {
        /// The watcher.
        watch_id: WatchId,
        /// The compacted revision.
        compacted: Revision,
    },
    /// Every event up to `revision` was sent before this message.
    Progress {
        /// The watcher, or none for all of the stream (-1 on the wire).
        watch_id: Option<WatchId>,
        /// The revision.
        revision: Revision,
    },
    /// Events of one watcher; never empty.
    Events {
        /// The watcher.
        watch_id: WatchId,
        /// The revision of the events when they are news, the store revision when they are history.
        revision: Revision,
        /// Whether the versions before are to be sent along.
        prev_kv: bool,
        /// Whether a large message may be cut into fragments.
        fragment: bool,
        /// The events, in the order of their revisions and sub-revisions.
        events: EventList<R>,
    },
}
