//! The peer port: Raft's calls, and the two plain documents that etcd shows there. Must not serve clients.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::json;

use crate::api::grpc::GrpcMetrics;
use crate::api::http;
use crate::node::Node;

/// The routes of the peer port.
pub(super) fn routes(node: &Arc<Node>, metrics: &Arc<GrpcMetrics>) -> Router {
    let members = Router::new().route("/members", get(members)).with_state(Arc::clone(node));
    node.consensus()
        .peer_routes()
        .into_axum_router()
        .merge(members)
        .merge(http::versions(Arc::clone(node), Arc::clone(metrics)))
}

async fn members(State(node): State<Arc<Node>>) -> Response {
    let members = match node.members(false).await {
        Ok(members) => members,
        Err(error) => return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    };
    let listed: Vec<serde_json::Value> = members
        .into_iter()
        .map(|member| {
            json!({
                "id": member.id.0,
                "name": member.name,
                "peerURLs": member.peer_urls,
                "clientURLs": member.client_urls,
                "isLearner": member.is_learner,
            })
        })
        .collect();
    let cluster_id = format!("{:x}", node.header().cluster_id.0);
    ([("x-etcd-cluster-id", cluster_id)], Json(listed)).into_response()
}
