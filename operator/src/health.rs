//! `/livez`, `/readyz` and `/metrics`. Knows whether the parts of the process run, and nothing of clusters.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;

/// How the process fares.
#[derive(Debug, Default)]
pub struct Health {
    has_ended: AtomicBool,
    is_ready: AtomicBool,
}

impl Health {
    /// The API server has answered: this process acts, or waits for its turn.
    pub fn set_ready(&self) {
        self.is_ready.store(true, Ordering::Relaxed);
    }

    /// Something that must not end has ended.
    pub fn set_ended(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }
}

/// What is served.
#[derive(Clone, Debug)]
pub struct Served {
    /// How the process fares.
    pub health: Arc<Health>,
    /// What is measured.
    pub registry: Arc<Registry>,
}

/// Serves on an address until the process ends.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(address: SocketAddr, served: Served) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    let routes = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(served);
    axum::serve(listener, routes).await
}

async fn livez(State(served): State<Served>) -> Response {
    answer(!served.health.has_ended.load(Ordering::Relaxed), "a part of the operator has ended")
}

async fn readyz(State(served): State<Served>) -> Response {
    answer(served.health.is_ready.load(Ordering::Relaxed), "the API server has not answered yet")
}

fn answer(is_well: bool, problem: &'static str) -> Response {
    if is_well { "ok\n".into_response() } else { (StatusCode::SERVICE_UNAVAILABLE, problem).into_response() }
}

async fn metrics(State(served): State<Served>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &served.registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
