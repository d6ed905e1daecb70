//! What the client port serves over HTTP besides gRPC: the JSON gateway, health, version and metrics, behind one guard
//! that knows hosts and origins. The routes of the metrics-only port are a part of the same.

mod access;
mod checks;
mod health;
mod metrics;
pub(super) mod plain;
mod vars;
mod version;

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::middleware;
use axum::routing::{MethodFilter, MethodRouter, get};

use super::grpc::GrpcMetrics;
use super::{gateway, v2};
use crate::config::HttpSettings;
use crate::node::Node;
use access::Access;

/// What the handlers share.
struct HttpState {
    node: Arc<Node>,
    metrics: Arc<GrpcMetrics>,
}

/// Everything on the client port that is no gRPC call.
pub fn routes(node: Arc<Node>, metrics: Arc<GrpcMetrics>, settings: &HttpSettings) -> Router {
    if settings.has_extensive_metrics {
        metrics.measure_durations();
    }
    let mut routes = watched(node.clone(), metrics.clone());
    if settings.has_gateway {
        routes = routes.merge(gateway::routes(node.clone(), metrics.clone()));
    }
    let access = Arc::new(Access::new(settings));
    let state = Arc::new(HttpState { node: node.clone(), metrics: metrics.clone() });
    routes
        .merge(Router::new().route("/debug/vars", get_only(vars::variables)).with_state(state))
        .merge(v2::routes(node.clone()))
        .merge(versions(node, metrics))
        .fallback(plain::not_found)
        .layer(middleware::from_fn_with_state(access, access::guard))
}

/// What is served on a port for monitoring only.
pub fn metrics_routes(node: Arc<Node>, metrics: Arc<GrpcMetrics>) -> Router {
    watched(node, metrics).fallback(plain::not_found)
}

/// What monitoring asks for.
fn watched(node: Arc<Node>, metrics: Arc<GrpcMetrics>) -> Router {
    checks::routes()
        .route("/health", get_only(health::health))
        .route("/metrics", get(metrics::metrics))
        .with_state(Arc::new(HttpState { node, metrics }))
}

/// `/version`, which members serve to each other too.
pub fn versions(node: Arc<Node>, metrics: Arc<GrpcMetrics>) -> Router {
    Router::new()
        .route("/version", get_only(version::version))
        .with_state(Arc::new(HttpState { node, metrics }))
}

/// Answers GET and nothing else; even HEAD is refused, as by etcd.
fn get_only<H, T>(handler: H) -> MethodRouter<Arc<HttpState>>
where
    H: Handler<T, Arc<HttpState>>,
    T: 'static,
{
    MethodRouter::new()
        .on(MethodFilter::GET, handler)
        .on(MethodFilter::HEAD, plain::only_get_allowed)
        .fallback(plain::only_get_allowed)
}

#[cfg(test)]
mod tests;
