//! etcd's JSON gateway: HTTP paths to calls, JSON to wire messages and back, statuses to error bodies. What calls mean
//! stands in `calls`; nothing is decided here.

mod documents;
mod json;
mod json_error;
mod keep_alive;
mod reply;
mod routes;
mod unary;
mod watch;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::ORIGIN;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::routing::MethodRouter;

use crate::api::error::{Code, Refusal, Status};
use crate::api::grpc::{GrpcMetrics, timeout};
use crate::auth::{Claim, Peer};
use crate::limits::{GATEWAY_BODY_FACTOR, GRPC_OVERHEAD_BYTES};
use crate::node::Node;

const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// gRPC metadata comes in HTTP headers under this prefix; `hasleader` is the one that means something.
const HAS_LEADER: HeaderName = HeaderName::from_static("grpc-metadata-hasleader");

/// Where clients of different ages look for the gateway; all get the same.
const PREFIXES: [&str; 3] = ["/v3", "/v3beta", "/v3alpha"];

/// Where calls are that etcd does not have, and all the others by a rule of our own: a certificate's name counts there.
const OWN_PREFIX: &str = "/holdfast/v1";

/// The handlers of one path.
type Route = MethodRouter<Arc<Gateway>>;

/// What all gateway handlers share.
struct Gateway {
    node: Arc<Node>,
    metrics: Arc<GrpcMetrics>,
    /// Largest request, counted as the wire message that it stands for.
    message_bytes_max: usize,
    /// A certificate says who the client is. etcd's paths do not take that.
    takes_certificates: bool,
}

impl Gateway {
    /// Largest body that is read. JSON carries bytes as base64 and numbers as text, so it may be larger than its message.
    fn body_bytes_max(&self) -> usize {
        self.message_bytes_max.saturating_mul(GATEWAY_BODY_FACTOR)
    }

    /// Who the client says it is. Basic credentials are checked here. On etcd's paths a certificate's name is not taken, and
    /// refused where it would have been meant to count (etcd's rule).
    ///
    /// On our own it is taken, but not from a page in a browser, which sends its user's certificate along with whatever a
    /// foreign page asks for, and then names that page as the origin.
    async fn claim(&self, parts: &Parts) -> Result<Claim, Status> {
        let mut claim = Claim::of_http(&parts.headers, &peer(parts));
        if self.takes_certificates {
            if parts.headers.contains_key(ORIGIN) {
                claim.peer.certificate = None;
            }
        } else if claim.peer.certificate.take().is_some() && self.node.is_guarded() {
            return Err(Refusal::CertificateNameAtGateway.into());
        }
        self.node.check_credentials(&mut claim).await?;
        Ok(claim)
    }

    fn check_leader(&self, headers: &HeaderMap) -> Result<(), Status> {
        let required = headers.get(HAS_LEADER).is_some_and(|value| value == "true");
        if required && !self.node.has_leader() {
            return Err(Refusal::NoLeader.into());
        }
        Ok(())
    }
}

/// The other side of the connection.
fn peer(parts: &Parts) -> Peer {
    parts.extensions.get::<Peer>().cloned().unwrap_or_default()
}

/// The routes of the gateway, for every prefix that clients use.
pub fn routes(node: Arc<Node>, metrics: Arc<GrpcMetrics>) -> Router {
    let message_bytes_max = node.settings().request_bytes_max.saturating_add(GRPC_OVERHEAD_BYTES);
    let gateway = |takes_certificates| {
        let (node, metrics) = (Arc::clone(&node), Arc::clone(&metrics));
        Arc::new(Gateway { node, metrics, message_bytes_max, takes_certificates })
    };
    let own = routes::own().merge(routes::all()).with_state(gateway(true));
    let routes = routes::all().with_state(gateway(false));
    let router =
        PREFIXES.into_iter().fold(Router::new(), |router, prefix| router.nest(prefix, routes.clone()));
    router.nest(OWN_PREFIX, own)
}

/// How long the client waits, when it says so.
fn client_timeout(headers: &HeaderMap) -> Result<Option<Duration>, Status> {
    let Some(value) = headers.get(GRPC_TIMEOUT) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    match timeout::parse(&text) {
        Ok(timeout) => Ok(Some(timeout)),
        Err(_) => Err(Status::new(Code::InvalidArgument, format!("invalid grpc-timeout: {text}"))),
    }
}

pub(crate) mod fuzzing {
    //! The reader of requests, for the crate's `fuzzing`.

    use super::{Status, json};

    pub(crate) fn decode<Q: prost::Message + serde::de::DeserializeOwned + Default>(
        body: &[u8],
    ) -> Result<Q, Status> {
        json::decode(body)
    }
}
