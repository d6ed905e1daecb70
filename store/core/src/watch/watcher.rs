//! One watcher: what it wants and how far it has come. Must not know of the others on its stream.

use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::response::{Event, EventKind};

/// Names a watcher within its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WatchId(pub i64);

/// What a client asks for when it makes a watcher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchCreate {
    /// The keys.
    pub range: KeyRange,
    /// The first revision to see; 0 for what comes from now on.
    pub start_revision: i64,
    /// Tell from time to time how far the watcher has come.
    pub progress_notify: bool,
    /// Leave writes out.
    pub no_put: bool,
    /// Leave deletions out.
    pub no_delete: bool,
    /// Send the versions before along.
    pub prev_kv: bool,
    /// The wanted id; 0 lets the server choose.
    pub watch_id: WatchId,
    /// Cut large messages into fragments.
    pub fragment: bool,
}

impl WatchCreate {
    /// A watcher of `range` from now on, without any option.
    pub fn new(range: KeyRange) -> WatchCreate {
        WatchCreate {
            range,
            start_revision: 0,
            progress_notify: false,
            no_put: false,
            no_delete: false,
            prev_kv: false,
            watch_id: WatchId(0),
            fragment: false,
        }
    }
}

/// A watcher under way.
#[derive(Debug, Clone)]
pub(super) struct Watcher {
    pub create: WatchCreate,
    /// Events below this revision were sent, or are not wanted.
    pub next: Revision,
    /// Whether it sees new events as they come; else it has to read history first.
    pub is_synced: bool,
    /// Whether the stream's owner was told to hand it new events.
    pub is_indexed: bool,
    /// Whether the next round of progress includes it: no event went out since the last.
    pub is_progress_due: bool,
}

impl Watcher {
    /// Whether the watcher's filters let the event pass.
    pub fn wants(&self, event: &Event) -> bool {
        match event.kind {
            EventKind::Put => !self.create.no_put,
            EventKind::Delete => !self.create.no_delete,
        }
    }

    /// Whether the watcher may be told that everything up to `revision` was sent. Not before its start revision was
    /// reached: a client would take the revision as a point to resume from (etcd #20221).
    pub fn has_reached(&self, revision: Revision) -> bool {
        self.is_synced && self.create.start_revision <= revision.0
    }
}
