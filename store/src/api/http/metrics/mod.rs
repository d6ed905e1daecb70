//! `/metrics`: what the server has counted, under the names of etcd, in Prometheus' text format. Everything is read when
//! it is asked for; nothing here runs while calls are served.

mod exposition;
mod grpc;
mod process;
mod server;

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::HttpState;
use exposition::Exposition;

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Answers GET.
pub(super) async fn metrics(State(state): State<Arc<HttpState>>) -> Response {
    let mut exposition = Exposition::default();
    server::add(&mut exposition, &state.node);
    grpc::add(&mut exposition, &state.metrics);
    process::add(&mut exposition);
    ([(CONTENT_TYPE, TEXT_FORMAT)], exposition.into_text()).into_response()
}
