//! A gRPC server directly on hyper's HTTP/2: path to method, frames to messages, statuses to trailers. Written by hand
//! because a general server layer costs more per call than the store behind it. What calls mean stands in `calls`.

mod body;
mod frame;
mod gathered_writes;
mod http2;
mod metadata;
mod method;
mod metrics;
mod stream;
mod streaming;
pub(super) mod timeout;
mod trailers;
mod unary;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use crate::api::audit;
use crate::api::error::{Code, Refusal, Status};
use crate::auth::Peer;
use crate::limits::GRPC_OVERHEAD_BYTES;
use crate::node::Node;
use frame::FrameReader;
use metadata::Metadata;

pub use body::GrpcBody;
pub use frame::PREFIX_LEN;
pub use gathered_writes::GatheredWrites;
pub use http2::{configure_h2, is_grpc};
pub use method::{Kind, Method};
pub(super) use metrics::CallCounter;
pub use metrics::{GrpcMetrics, MethodCounts};

/// Serves gRPC calls on a node.
pub struct GrpcService {
    node: Arc<Node>,
    metrics: Arc<GrpcMetrics>,
    message_bytes_max: usize,
}

/// A call whose headers are read.
struct Begun<B> {
    method: Method,
    metadata: Metadata,
    reader: FrameReader<B>,
    call: CallCounter,
    /// The request, for the audit log.
    audited: Option<Bytes>,
}

impl GrpcService {
    /// Serves `node`, counting into `metrics`.
    pub fn new(node: Arc<Node>, metrics: Arc<GrpcMetrics>) -> GrpcService {
        let message_bytes_max = node.settings().request_bytes_max.saturating_add(GRPC_OVERHEAD_BYTES);
        GrpcService { node, metrics, message_bytes_max }
    }

    /// Serves one call. Refusals are responses too. The headers are read before the future is made, so that it does
    /// not carry them through every move.
    pub fn call<B>(
        self: Arc<Self>,
        request: Request<B>,
        peer: &Peer,
    ) -> impl Future<Output = Response<GrpcBody>> + Send + 'static + use<B>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let begun = self.begin(request, peer);
        async move {
            match begun {
                Ok(begun) if begun.method.kind() == Kind::Unary => self.answer(begun).await,
                Ok(begun) => Box::pin(self.stream(begun)).await,
                Err(status) => trailers::refusal(&status),
            }
        }
    }

    fn begin<B>(&self, request: Request<B>, peer: &Peer) -> Result<Begun<B>, Status>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let (parts, body) = request.into_parts();
        let metadata = Metadata::read(&parts.headers, peer)?;
        let path = parts.uri.path();
        let method = Method::from_path(path).ok_or_else(|| method::unknown_path(path))?;
        let call = self.metrics.start(method);
        let reader = FrameReader::new(body, self.message_bytes_max);
        Ok(Begun { method, metadata, reader, call, audited: None })
    }

    async fn answer<B>(&self, mut begun: Begun<B>) -> Response<GrpcBody>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: std::fmt::Display,
    {
        let timeout = begun.metadata.timeout;
        let answer = {
            let work = pin!(self.unary(&mut begun));
            match timeout {
                None => work.await,
                Some(timeout) => tokio::time::timeout(timeout, work)
                    .await
                    .unwrap_or_else(|_| Err(Refusal::DeadlineExceeded.into())),
            }
        };
        if let Some(message) = begun.audited.take() {
            let ended = answer.as_ref().err();
            audit::call(&self.node, &begun.metadata.claim, begun.method, Some(&message), ended);
        }
        match answer {
            Ok(frame) => {
                begun.call.sent(frame.len() - frame::PREFIX_LEN);
                begun.call.outcome(Code::Ok);
                trailers::response(GrpcBody::Message(frame))
            }
            Err(status) => {
                begun.call.outcome(status.code);
                trailers::refusal(&status)
            }
        }
    }

    fn check_leader(&self, requires_leader: bool) -> Result<(), Status> {
        if requires_leader && !self.node.has_leader() {
            return Err(Refusal::NoLeader.into());
        }
        Ok(())
    }
}
