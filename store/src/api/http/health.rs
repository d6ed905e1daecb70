//! `/health`: one word on whether this member serves, with the first reason why it does not.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::checks::{self, query};
use super::{HttpState, plain};
use crate::node::Node;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

#[derive(Serialize)]
struct Health {
    health: &'static str,
    reason: String,
}

/// Answers GET.
pub(super) async fn health(State(state): State<Arc<HttpState>>, uri: Uri) -> Response {
    let query = query(&uri);
    let is_serializable = query.iter().find(|(name, _)| name == "serializable");
    let is_serializable = is_serializable.is_some_and(|(_, value)| value == "true");
    let is_excluded = |alarm: &str| query.iter().any(|(name, value)| name == "exclude" && value == alarm);
    match find_trouble(&state.node, is_serializable, is_excluded).await {
        None => {
            let health = Health { health: "true", reason: String::new() };
            ([(CONTENT_TYPE, TEXT)], to_json(&health)).into_response()
        }
        Some(reason) => {
            tracing::warn!(reason, "/health is false");
            let body = to_json(&Health { health: "false", reason });
            plain::text(StatusCode::SERVICE_UNAVAILABLE, body + "\n")
        }
    }
}

/// The first reason why this member does not serve.
async fn find_trouble(
    node: &Node,
    is_serializable: bool,
    is_excluded: impl Fn(&str) -> bool,
) -> Option<String> {
    let alarms = node.alarms();
    let mut alarms = alarms.iter().map(|alarm| checks::alarm_name(alarm.kind));
    if let Some(alarm) = alarms.find(|alarm| !is_excluded(alarm)) {
        return Some(format!("ALARM {alarm}"));
    }
    if !is_serializable && !node.has_leader() {
        return Some("RAFT NO LEADER".to_owned());
    }
    let read = checks::read(node, !is_serializable).await;
    read.err().map(|status| format!("RANGE ERROR:{status}"))
}

fn to_json(health: &Health) -> String {
    serde_json::to_string(health).expect("texts can be printed")
}
