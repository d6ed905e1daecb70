//! What is served on which port: the client API, the routes of members, health and metrics. Must not know sockets.

use std::sync::Arc;

use axum::Router;
use http::{Request, Response};
use hyper::body::Incoming;
use tower::ServiceExt as _;

use super::connection::Service;
use crate::api::{ApiBody, ClientApi};
use crate::auth::Peer;

/// The client port; of each connection its own, which knows the other side.
#[derive(Clone)]
pub(super) struct Clients {
    api: Arc<ClientApi>,
    peer: Peer,
}

impl Clients {
    pub(super) fn new(api: Arc<ClientApi>) -> Clients {
        Clients { api, peer: Peer::default() }
    }
}

impl Service for Clients {
    const GATHERS_WRITES: bool = true;
    type Body = ApiBody;

    fn for_peer(&self, peer: Peer) -> Clients {
        Clients { api: Arc::clone(&self.api), peer }
    }

    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<ApiBody>> + Send + 'static + use<> {
        self.api.serve(request, &self.peer)
    }
}

/// A port with nothing but routes.
#[derive(Clone)]
pub(super) struct Routes(pub(super) Router);

impl Service for Routes {
    const GATHERS_WRITES: bool = false;
    type Body = axum::body::Body;

    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<axum::body::Body>> + Send + 'static + use<> {
        let answer = self.0.clone().oneshot(request.map(axum::body::Body::new));
        async move {
            let Ok(response) = answer.await;
            response
        }
    }
}
