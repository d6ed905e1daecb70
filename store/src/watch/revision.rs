//! A revision's events as streams share them: each event is encoded once, when the first watcher needs it. Must not
//! know who watches.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use holdfast_core::ids::Revision;
use holdfast_core::response::{KeyValue, RevisionEvents};

use super::wire;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct SharedRevision(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    revision: RevisionEvents,
    encoded: Box<[EncodedEvent]>,
    size_bytes: usize,
}

#[derive(Debug, Default)]
struct EncodedEvent {
    plain: OnceLock<Bytes>,
    with_prev_kv: OnceLock<Bytes>,
}

impl SharedRevision {
    pub fn new(revision: RevisionEvents) -> SharedRevision {
        let encoded = revision.events.iter().map(|_| EncodedEvent::default()).collect();
        let kv_bytes = |kv: &KeyValue| kv.key.len() + kv.value.len();
        let event_bytes = revision.events.iter().map(|event| {
            size_of::<EncodedEvent>() + kv_bytes(&event.kv) + event.prev_kv.as_ref().map_or(0, kv_bytes)
        });
        let size_bytes = event_bytes.sum();
        SharedRevision(Arc::new(Inner { revision, encoded, size_bytes }))
    }

    /// The revision's number.
    pub fn number(&self) -> Revision {
        self.0.revision.revision
    }

    /// About what the revision takes in memory.
    pub fn size_bytes(&self) -> usize {
        self.0.size_bytes
    }

    /// One event as a field of `WatchResponse`, tag and length included.
    pub fn encoded(&self, position: u32, with_prev_kv: bool) -> &Bytes {
        let event = &self.0.revision.events[position as usize];
        let encoded = &self.0.encoded[position as usize];
        if with_prev_kv && event.prev_kv.is_some() {
            encoded.with_prev_kv.get_or_init(|| wire::event_field(event, true))
        } else {
            encoded.plain.get_or_init(|| wire::event_field(event, false))
        }
    }
}

impl AsRef<RevisionEvents> for SharedRevision {
    fn as_ref(&self) -> &RevisionEvents {
        &self.0.revision
    }
}
