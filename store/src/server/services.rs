//! What is served on which port: the client API, the routes of members, health and metrics. Must not know sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures::future::{Either, ready};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use tower::ServiceExt as _;

use super::connection::Service;
use super::whole_messages::WholeMessages;
use crate::api::grpc::is_grpc;
use crate::api::{ApiBody, BodyTime, ClientApi};
use crate::auth::Peer;
use crate::config::Http2Settings;
use crate::limits::{HTTP_BODY_TIMEOUT, PEER_STREAMS_MAX};

/// Which requests of clients a port takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Served {
    /// gRPC and HTTP.
    All,
    /// gRPC, since HTTP has ports of its own.
    GrpcOnly,
    /// HTTP.
    HttpOnly,
}

impl Served {
    /// What the ports for clients take, and what those for HTTP do, if there are any.
    pub(super) fn of(has_http_ports: bool) -> (Served, Served) {
        if has_http_ports { (Served::GrpcOnly, Served::HttpOnly) } else { (Served::All, Served::HttpOnly) }
    }

    fn has(self, is_grpc: bool) -> bool {
        match self {
            Served::All => true,
            Served::GrpcOnly => is_grpc,
            Served::HttpOnly => !is_grpc,
        }
    }
}

/// A port for clients; of each connection its own, which knows the other side.
#[derive(Clone)]
pub(super) struct Clients {
    api: Arc<ClientApi>,
    served: Served,
    http2: Http2Settings,
    peer: Peer,
}

impl Clients {
    pub(super) fn new(api: Arc<ClientApi>, served: Served, http2: Http2Settings) -> Clients {
        Clients { api, served, http2, peer: Peer::default() }
    }
}

impl Service for Clients {
    const GATHERS_WRITES: bool = true;
    type Body = ApiBody;

    fn http2(&self) -> Http2Settings {
        self.http2
    }

    fn for_peer(&self, peer: Peer) -> Clients {
        Clients { api: Arc::clone(&self.api), peer, ..*self }
    }

    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<ApiBody>> + Send + 'static + use<> {
        if self.served != Served::All && !self.served.has(is_grpc(&request)) {
            return Either::Left(ready(elsewhere(self.served)));
        }
        Either::Right(self.api.serve(request, &self.peer))
    }
}

fn elsewhere(served: Served) -> Response<ApiBody> {
    let text = if served == Served::HttpOnly {
        "gRPC is served at --listen-client-urls, not here\n"
    } else {
        "HTTP is served at --listen-client-http-urls, not here\n"
    };
    let mut response = Response::new(ApiBody::Http(text.into()));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A port with nothing but routes.
#[derive(Clone)]
pub(super) struct Routes {
    router: Router,
    body_timeout: Duration,
}

impl Routes {
    pub(super) fn new(router: Router) -> Routes {
        Routes { router, body_timeout: HTTP_BODY_TIMEOUT }
    }

    /// The same with less patience.
    #[cfg(test)]
    pub(super) fn with_body_timeout(self, body_timeout: Duration) -> Routes {
        Routes { body_timeout, ..self }
    }
}

impl Service for Routes {
    const GATHERS_WRITES: bool = false;
    type Body = axum::body::Body;

    fn http2(&self) -> Http2Settings {
        Http2Settings { streams_max: PEER_STREAMS_MAX, ..Http2Settings::default() }
    }

    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<axum::body::Body>> + Send + 'static + use<> {
        // What members send each other in streams has no end.
        let (request, body_time) = if is_grpc(&request) {
            (request.map(|body| axum::body::Body::new(WholeMessages::new(body))), None)
        } else {
            let (request, body_time) = BodyTime::begin(request, self.body_timeout);
            (request, Some(body_time))
        };
        let answer = self.router.clone().oneshot(request);
        async move {
            let Ok(response) = answer.await;
            match body_time {
                Some(body_time) => body_time.answered(response),
                None => response,
            }
        }
    }
}
