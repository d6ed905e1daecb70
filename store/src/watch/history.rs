//! Reads a step of history for the watchers of one stream, off the async threads. Must not know how the events reach
//! the client.

use std::pin::Pin;
use std::sync::Arc;

use holdfast_core::error::{RangeError, RevisionError};
use holdfast_core::ids::Revision;
use holdfast_core::read::ReadView;
use holdfast_core::watch::{WatchId, WatchIndex};
use tokio::sync::Semaphore;

use super::revision::SharedRevision;
use crate::limits::{WATCH_SCAN_BYTES_AIM, WATCH_SCAN_EVENTS_FIRST, WATCH_SCAN_EVENTS_MAX};

/// A step that was read.
pub(super) struct Scanned {
    pub revisions: Vec<SharedRevision>,
    /// The first revision that was not looked at.
    pub until: Revision,
    /// The revision of the view that was read.
    pub head: Revision,
}

/// Why a step could not be read.
pub(super) enum ScanError {
    /// The history is compacted, up to this revision.
    Compacted(Revision),
    /// Storage failed, or the server stops.
    Failed(String),
}

/// A step under way.
pub(super) type Scan = Pin<Box<dyn Future<Output = Result<Scanned, ScanError>> + Send>>;

/// How many events a stream reads in a step: few when they are large.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Budget {
        Budget(WATCH_SCAN_EVENTS_FIRST)
    }
}

impl Budget {
    /// Learns from a step.
    pub fn adapt(&mut self, scanned: &Scanned) {
        let size_bytes: usize = scanned.revisions.iter().map(SharedRevision::size_bytes).sum();
        if size_bytes > WATCH_SCAN_BYTES_AIM {
            self.0 = (self.0 / 2).max(1);
        } else if size_bytes < WATCH_SCAN_BYTES_AIM / 2 {
            self.0 = (self.0 * 2).min(WATCH_SCAN_EVENTS_MAX);
        }
    }

    /// Begins to read what `wanted` watches, from `from` on, as soon as one of the `scans` permits is free.
    pub fn scan(
        &self,
        view: ReadView,
        from: Revision,
        wanted: Arc<WatchIndex<WatchId>>,
        scans: Arc<Semaphore>,
    ) -> Scan {
        let budget = self.0;
        Box::pin(async move {
            let permit = scans.acquire_owned().await;
            let read = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                read(&view, from, budget, &wanted)
            });
            read.await.unwrap_or_else(|error| Err(ScanError::Failed(error.to_string())))
        })
    }
}

fn read(
    view: &ReadView,
    from: Revision,
    budget: usize,
    wanted: &WatchIndex<WatchId>,
) -> Result<Scanned, ScanError> {
    match view.events(from, budget, &mut |key| wanted.is_watched(key)) {
        Ok((revisions, until)) => Ok(Scanned {
            revisions: revisions.into_iter().map(SharedRevision::new).collect(),
            until,
            head: view.head().revision,
        }),
        Err(RangeError::Revision(RevisionError::Compacted { compacted })) => {
            Err(ScanError::Compacted(compacted))
        }
        Err(error) => Err(ScanError::Failed(error.to_string())),
    }
}
