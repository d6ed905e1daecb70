//! What clients ask of a watch stream, from the wire to the core's terms.

use bytes::Bytes;
use holdfast_core::key_range::KeyRange;
use holdfast_core::watch::{WatchCreate, WatchId};
use holdfast_proto::etcdserverpb as pb;
use pb::watch_create_request::FilterType;
use tokio::sync::mpsc;

use crate::limits::WATCH_REQUESTS_QUEUED_MAX;

/// The sending half of a stream: what the client asks.
#[derive(Clone)]
pub struct WatchRequests {
    sender: mpsc::Sender<pb::WatchRequest>,
}

impl WatchRequests {
    pub(super) fn channel() -> (WatchRequests, mpsc::Receiver<pb::WatchRequest>) {
        let (sender, receiver) = mpsc::channel(WATCH_REQUESTS_QUEUED_MAX);
        (WatchRequests { sender }, receiver)
    }

    /// Takes one request of the client: create, cancel or progress. Waits while the stream's own queue is full; does
    /// nothing once the stream is gone.
    pub async fn send(&self, request: pb::WatchRequest) {
        let _ = self.sender.send(request).await;
    }
}

/// Reads what a watcher is asked to be. Keys are copied: a watcher outlives the frame that its request came in.
pub(super) fn read_create(request: &pb::WatchCreateRequest) -> WatchCreate {
    let key = if request.key.is_empty() {
        // The smallest key there is stands for "no key" (etcd's rule).
        Bytes::from_static(&[0])
    } else {
        Bytes::copy_from_slice(&request.key)
    };
    WatchCreate {
        range: KeyRange::from_wire(key, Bytes::copy_from_slice(&request.range_end)),
        start_revision: request.start_revision,
        progress_notify: request.progress_notify,
        no_put: request.filters.contains(&FilterType::Noput.into()),
        no_delete: request.filters.contains(&FilterType::Nodelete.into()),
        prev_kv: request.prev_kv,
        watch_id: WatchId(request.watch_id),
        fragment: request.fragment,
    }
}
