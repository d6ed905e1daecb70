//! `/metrics`: what the server has counted, under the names of etcd. Everything is read when it is asked for; nothing here runs while calls are served.

mod exposition;
mod grpc;
mod process;
mod server;
mod tls;

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::HttpState;
use crate::tls::TlsStatus;
use exposition::{Exposition, Format};

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Answers GET.
pub(super) async fn metrics(
    State(state): State<Arc<HttpState>>,
    tls: Option<Extension<Arc<TlsStatus>>>,
    headers: HeaderMap,
) -> Response {
    let mut exposition = Exposition::default();
    server::add(&mut exposition, &state.node);
    grpc::add(&mut exposition, &state.metrics);
    process::add(&mut exposition);
    if let Some(Extension(status)) = tls {
        tls::add(&mut exposition, &status);
    }
    let format = Format::asked_for(headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()));
    let content_type = match format {
        Format::Text => TEXT_FORMAT,
        Format::OpenMetrics => OPEN_METRICS,
    };
    ([(CONTENT_TYPE, content_type)], exposition.into_text(format)).into_response()
}
