//! `/version`. Clients take the parts of these numbers apart, so nothing but digits and dots may stand in them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::HttpState;
use crate::version::{CLUSTER_VERSION, ETCD_VERSION, HOLDFAST_VERSION, STORAGE_VERSION};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

#[derive(Serialize)]
struct Versions<'a> {
    etcdserver: &'a str,
    etcdcluster: &'a str,
    storage: &'a str,
    holdfast: &'a str,
}

/// Answers GET. Before the cluster has decided on its version, the one that this member would propose is told: etcd's
/// word for "not yet" makes clients fall over that read it as a number.
pub(super) async fn version(State(state): State<Arc<HttpState>>) -> Response {
    let decided = state.node.view().cluster_version().ok().flatten();
    let versions = Versions {
        etcdserver: ETCD_VERSION,
        etcdcluster: decided.as_deref().unwrap_or(CLUSTER_VERSION),
        storage: STORAGE_VERSION,
        holdfast: HOLDFAST_VERSION,
    };
    let body = serde_json::to_vec(&versions).expect("texts can be printed");
    ([(CONTENT_TYPE, JSON)], body).into_response()
}
