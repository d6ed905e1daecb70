//! The client APIs on one port: gRPC by its own layer, everything else by the HTTP routes. Wire messages stop here: the
//! node behind knows core types only.

pub mod calls;
pub mod convert;
pub mod error;
pub mod gateway;
pub mod grpc;
pub mod http;
mod learner;
mod member_urls;
pub mod v2;

mod audit;
mod body;
mod body_time;
#[cfg(test)]
mod test_node;
mod watch_audit;

use std::sync::Arc;

use ::http::{Request, Response};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::Either;
use http_body::Body;
use tower::ServiceExt as _;

use crate::auth::Peer;
use crate::limits::HTTP_BODY_TIMEOUT;
use crate::node::Node;
use grpc::{GrpcMetrics, GrpcService};

pub use body::ApiBody;
pub use body_time::BodyTime;

/// Everything that is served on the client port.
pub struct ClientApi {
    grpc: Arc<GrpcService>,
    routes: axum::Router,
}

impl ClientApi {
    /// Serves gRPC calls on `node`, counting into `metrics`, and every other request by `routes`.
    pub fn new(node: Arc<Node>, metrics: Arc<GrpcMetrics>, routes: axum::Router) -> Arc<ClientApi> {
        Arc::new(ClientApi { grpc: Arc::new(GrpcService::new(node, metrics)), routes })
    }

    /// Serves one request that came from `peer`. Connections are to be set up with `grpc::configure_h2`.
    pub fn serve<B>(
        &self,
        mut request: Request<B>,
        peer: &Peer,
    ) -> impl Future<Output = Response<ApiBody>> + Send + 'static + use<B>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        if grpc::is_grpc(&request) {
            return Either::Left(
                self.grpc.clone().call(request, peer).map(|response| response.map(ApiBody::Grpc)),
            );
        }
        request.extensions_mut().insert(peer.clone());
        let (request, body_time) = BodyTime::begin(request, HTTP_BODY_TIMEOUT);
        let response = self.routes.clone().oneshot(request);
        Either::Right(Box::pin(async move {
            let Ok(response) = response.await;
            body_time.answered(response).map(ApiBody::Http)
        }))
    }
}
