//! A gRPC client of one member, on the published messages alone: what fails is seen as it came, nothing is retried and
//! no other member is asked. Must not decide what an answer means.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use holdfast_proto::etcdserverpb::request_op::Request as Operation;
use holdfast_proto::etcdserverpb::{
    CompactionRequest, CompactionResponse, DeleteRangeRequest, DeleteRangeResponse, HashKvRequest,
    HashKvResponse, PutRequest, PutResponse, RangeRequest, RangeResponse, RequestOp, StatusRequest,
    StatusResponse, TxnRequest, TxnResponse, WatchCreateRequest, WatchRequest, WatchResponse, watch_request,
};
use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

/// Largest answer taken: a scenario may read everything at once.
const ANSWER_BYTES_MAX: usize = 1 << 30;

/// A client of one member. Clones share the connection, which is made anew whenever it broke.
#[derive(Clone, Debug)]
pub struct Client {
    channel: Channel,
    deadline: Duration,
}

/// A watch stream and its watchers.
#[derive(Debug)]
pub struct WatchStream {
    // Kept open: a server may end a stream whose requests have ended.
    _requests: mpsc::UnboundedSender<WatchRequest>,
    responses: Streaming<WatchResponse>,
}

impl Client {
    /// A client of the member at `address`, each of whose calls may take `deadline`. Connects when first used.
    pub fn new(address: SocketAddr, deadline: Duration) -> Client {
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .expect("a socket address makes a URL")
            .connect_timeout(Duration::from_secs(1))
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(8 << 20);
        Client { channel: endpoint.connect_lazy(), deadline }
    }

    /// Calls a unary method by its path.
    pub async fn call<Q, A>(&self, path: &'static str, request: Q) -> Result<A, Status>
    where
        Q: prost::Message + Default + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        let call = async {
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let codec = ProstCodec::<Q, A>::default();
            grpc.unary(Request::new(request), PathAndQuery::from_static(path), codec).await
        };
        let answer = tokio::time::timeout(self.deadline, call).await;
        Ok(answer.map_err(|_| Status::deadline_exceeded("the test stopped waiting"))??.into_inner())
    }

    /// Writes one key.
    pub async fn put(&self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<PutResponse, Status> {
        let request = PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() };
        self.call("/etcdserverpb.KV/Put", request).await
    }

    /// Reads keys.
    pub async fn range(&self, request: RangeRequest) -> Result<RangeResponse, Status> {
        self.call("/etcdserverpb.KV/Range", request).await
    }

    /// Reads one key, through the leader.
    pub async fn get(&self, key: impl Into<Bytes>) -> Result<RangeResponse, Status> {
        self.range(RangeRequest { key: key.into(), ..RangeRequest::default() }).await
    }

    /// Deletes one key.
    pub async fn delete(&self, key: impl Into<Bytes>) -> Result<DeleteRangeResponse, Status> {
        let request = DeleteRangeRequest { key: key.into(), ..DeleteRangeRequest::default() };
        self.call("/etcdserverpb.KV/DeleteRange", request).await
    }

    /// Does several operations in one revision, without a condition.
    pub async fn all_of(&self, operations: Vec<Operation>) -> Result<TxnResponse, Status> {
        let success =
            operations.into_iter().map(|operation| RequestOp { request: Some(operation) }).collect();
        self.call("/etcdserverpb.KV/Txn", TxnRequest { success, ..TxnRequest::default() }).await
    }

    /// Compacts history below `revision`.
    pub async fn compact(&self, revision: i64) -> Result<CompactionResponse, Status> {
        let request = CompactionRequest { revision, physical: false };
        self.call("/etcdserverpb.KV/Compact", request).await
    }

    /// The hash of everything up to `revision` on this member.
    pub async fn hash_kv(&self, revision: i64) -> Result<HashKvResponse, Status> {
        self.call("/etcdserverpb.Maintenance/HashKV", HashKvRequest { revision }).await
    }

    /// Where this member stands.
    pub async fn status(&self) -> Result<StatusResponse, Status> {
        self.call("/etcdserverpb.Maintenance/Status", StatusRequest {}).await
    }

    /// Opens a watch stream and asks for watchers: a server may answer nothing before it is asked for one.
    pub async fn watch(&self, creations: Vec<WatchCreateRequest>) -> Result<WatchStream, Status> {
        let (requests, queued) = mpsc::unbounded_channel();
        for creation in creations {
            let union = watch_request::RequestUnion::CreateRequest(creation);
            requests.send(WatchRequest { request_union: Some(union) }).expect("the receiver is below");
        }
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        let open = async {
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let path = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
            let codec = ProstCodec::<WatchRequest, WatchResponse>::default();
            grpc.streaming(Request::new(UnboundedReceiverStream::new(queued)), path, codec).await
        };
        let answer = tokio::time::timeout(self.deadline, open).await;
        let answer = answer.map_err(|_| Status::deadline_exceeded("the test stopped waiting"))??;
        Ok(WatchStream { _requests: requests, responses: answer.into_inner() })
    }
}

impl WatchStream {
    /// The next message; `None` when the server ended the stream.
    pub async fn message(&mut self) -> Result<Option<WatchResponse>, Status> {
        self.responses.message().await
    }
}
