//! Watches at run time: the hub hears of applied entries and hands events to client streams; streams that are late
//! read history. The rules are in `holdfast_core::watch`; here are only queues, tasks and encoding.

use std::sync::Arc;

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;

/// Connects applied entries with watch streams. One for each member.
pub struct Hub {}

/// One client's watch stream (a gRPC stream or one `/v3/watch` request).
pub struct WatchStream {}

/// The sending half of a stream: what the client asks.
#[derive(Clone)]
pub struct WatchRequests {}

impl Hub {
    /// Opens a stream. It ends when both halves are dropped.
    pub fn open(self: &Arc<Self>) -> (WatchRequests, WatchStream) {
        todo!()
    }
}

impl WatchRequests {
    /// Takes one request of the client: create, cancel or progress. Waits while the stream's own queue is full.
    pub async fn send(&self, request: pb::WatchRequest) {
        let _ = request;
        todo!()
    }
}

impl WatchStream {
    /// The next encoded `etcdserverpb.WatchResponse`, in order; `None` when the server stops.
    pub async fn next(&mut self) -> Option<Bytes> {
        todo!()
    }
}
