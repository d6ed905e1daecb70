//! A gRPC server directly on hyper's HTTP/2: path to method, frames to messages, statuses to trailers. Written by hand
//! because a general server layer costs more per call than the store behind it. What calls mean stands in `calls`.

mod body;
mod frame;
mod http2;
mod metadata;
mod method;
mod metrics;
mod stream;
mod streaming;
mod timeout;
mod trailers;
mod unary;

use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use crate::api::error::{Code, Refusal, Status};
use crate::limits::GRPC_OVERHEAD_BYTES;
use crate::node::Node;
use frame::FrameReader;
use metadata::Metadata;

pub use body::GrpcBody;
pub use http2::{configure_h2, is_grpc};
pub use method::{Kind, Method};
pub use metrics::{GrpcMetrics, MethodCounts};

/// Serves gRPC calls on a node.
pub struct GrpcService {
    node: Arc<Node>,
    metrics: Arc<GrpcMetrics>,
    message_bytes_max: usize,
}

impl GrpcService {
    /// Serves `node`, counting into `metrics`.
    pub fn new(node: Arc<Node>, metrics: Arc<GrpcMetrics>) -> GrpcService {
        let message_bytes_max = node.settings().request_bytes_max.saturating_add(GRPC_OVERHEAD_BYTES);
        GrpcService { node, metrics, message_bytes_max }
    }

    /// Serves one call. Refusals are responses too.
    pub async fn call<B>(&self, request: Request<B>) -> Response<GrpcBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let (parts, body) = request.into_parts();
        let metadata = match Metadata::read(&parts.headers) {
            Ok(metadata) => metadata,
            Err(status) => return trailers::refusal(&status),
        };
        let Some(method) = Method::from_path(parts.uri.path()) else {
            return trailers::refusal(&method::unknown_path(parts.uri.path()));
        };
        let mut call = self.metrics.start(method);
        let reader = FrameReader::new(body, self.message_bytes_max);
        if method.kind() != Kind::Unary {
            return self.stream(method, metadata, reader, call).await;
        }
        let answer = {
            let work = pin!(self.unary(method, metadata.requires_leader, reader, &call));
            match metadata.timeout {
                None => work.await,
                Some(timeout) => tokio::time::timeout(timeout, work)
                    .await
                    .unwrap_or_else(|_| Err(Refusal::DeadlineExceeded.into())),
            }
        };
        match answer {
            Ok(frame) => {
                call.sent(frame.len() - frame::PREFIX_LEN);
                call.outcome(Code::Ok);
                trailers::response(GrpcBody::Message(frame))
            }
            Err(status) => {
                call.outcome(status.code);
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
