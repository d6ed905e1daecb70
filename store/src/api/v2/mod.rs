//! etcd's v2 API: files and directories by curl, on the keys of the v3 API. What a request means is decided in the core;
//! here are only forms, headers and JSON.

mod auth;
mod auth_error;
mod auth_json;
mod error;
mod form;
mod json;
mod keys;
mod listing;
mod members;
mod parameters;
mod stats;
mod time;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use axum::routing::any;

use crate::auth::{Claim, Peer};
use crate::node::{Node, NodeError};
use stats::StoreStats;

pub(super) use time::rfc3339;

const X_ETCD_CLUSTER_ID: HeaderName = HeaderName::from_static("x-etcd-cluster-id");

/// What the handlers share.
struct V2 {
    node: Arc<Node>,
    stats: StoreStats,
    started_unix_nanos: i64,
}

/// The routes below `/v2`.
pub fn routes(node: Arc<Node>) -> Router {
    let v2 = V2 { node, stats: StoreStats::default(), started_unix_nanos: crate::node::unix_nanos() };
    Router::new()
        .route(keys::PREFIX, any(keys::keys))
        .route("/v2/keys/", any(keys::keys))
        .route("/v2/keys/{*key}", any(keys::keys))
        .route("/v2/machines", any(members::machines))
        .route("/v2/members", any(members::members))
        .route("/v2/members/", any(members::members))
        .route("/v2/members/{*id}", any(members::members))
        .route("/v2/stats/self", any(stats::own))
        .route("/v2/stats/leader", any(stats::leader))
        .route("/v2/stats/store", any(stats::store))
        .route("/v2/auth/enable", any(auth::auth))
        .route("/v2/auth/users", any(auth::auth))
        .route("/v2/auth/users/", any(auth::auth))
        .route("/v2/auth/users/{*name}", any(auth::auth))
        .route("/v2/auth/roles", any(auth::auth))
        .route("/v2/auth/roles/", any(auth::auth))
        .route("/v2/auth/roles/{*name}", any(auth::auth))
        .with_state(Arc::new(v2))
}

impl V2 {
    /// Who the client says it is, when its Basic credentials, if there are any, are right.
    async fn checked(&self, mut claim: Claim) -> Result<Claim, NodeError> {
        self.node.check_credentials(&mut claim).await?;
        Ok(claim)
    }

    /// Refuses whoever is no user.
    async fn check_login(&self, claim: Claim) -> Result<(), NodeError> {
        let claim = self.checked(claim).await?;
        self.node.check_login(&claim).await
    }

    fn with_cluster_id(&self, mut response: Response) -> Response {
        let id = format!("{:x}", self.node.header().cluster_id.0);
        let id = HeaderValue::try_from(id).expect("hexadecimal digits make a header");
        response.headers_mut().insert(X_ETCD_CLUSTER_ID, id);
        response
    }
}

/// Who the client says it is.
fn claim(request: &Request) -> Claim {
    let peer = request.extensions().get::<Peer>().cloned().unwrap_or_default();
    Claim::of_http(request.headers(), &peer)
}

#[cfg(test)]
mod tests;

pub(crate) mod fuzzing {
    //! The reader of requests, for the crate's `fuzzing`.

    use super::form::{Form, unescape};
    use super::parameters::KeyRequest;

    pub(crate) fn read(method: &[u8], path: &[u8], query: &[u8], body: &[u8]) {
        let Ok(method) = axum::http::Method::from_bytes(method) else { return };
        let Ok(path) = unescape(path, false) else { return };
        let mut form = Form::default();
        let _ = form.add(body);
        let _ = form.add(query);
        let _ = KeyRequest::read(&method, &path, form);
    }
}
