//! The client APIs on one port: gRPC by its own layer, everything else by the HTTP routes. Wire messages stop here: the
//! node behind knows core types only.

pub mod calls;
pub mod convert;
pub mod error;
pub mod grpc;

mod body;

use std::sync::Arc;

use bytes::Bytes;
use ::http::{Request, Response};
use http_body::Body;
use tower::ServiceExt;

use crate::node::Node;
use grpc::{GrpcMetrics, GrpcService};

pub use body::ApiBody;

/// Everything that is served on the client port.
pub struct ClientApi {
    grpc: GrpcService,
    routes: axum::Router,
}

impl ClientApi {
    /// Serves gRPC calls on `node`, counting into `metrics`, and every other request by `routes`.
    pub fn new(node: Arc<Node>, metrics: Arc<GrpcMetrics>, routes: axum::Router) -> Arc<ClientApi> {
        Arc::new(ClientApi { grpc: GrpcService::new(node, metrics), routes })
    }

    /// Serves one request. Connections are to be set up with `grpc::configure_h2`.
    pub async fn serve<B>(self: Arc<Self>, request: Request<B>) -> Response<ApiBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        if grpc::is_grpc(&request) {
            return self.grpc.call(request).await.map(ApiBody::Grpc);
        }
        let routes = self.routes.clone();
        let Ok(response) = Box::pin(routes.oneshot(request.map(axum::body::Body::new))).await;
        response.map(ApiBody::Http)
    }
}
