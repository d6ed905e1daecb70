//! A managed member without data: it answers who it waits for, and waits until it is initialised, once, as the first of
//! a new cluster, or until a leader of its cluster says which member it is. Must not touch the data folder.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, get};
use holdfast_consensus::handle::{Founding, MemberIdentity, Peer, Told, blank_routes};
use holdfast_core::ids::ClusterId;
use holdfast_proto::admin as pb;
use tokio::sync::mpsc;

use super::Bound;
use super::error::StartupError;
use super::first_start::waiting;
use super::listening::Listening;
use super::room::Room;
use super::services::Routes;
use crate::config::{ManagedPlan, added_member_id};
use crate::limits::BLANK_CONNECTIONS_MAX;
use crate::tls::Tls;

const WAITS: &str = "this member is blank: it waits to be initialised, or to be taken into a cluster";

/// What the routes share.
struct Blank {
    plan: ManagedPlan,
    initialized: mpsc::Sender<Founding>,
}

/// Waits on `bound` until this member is told who it is.
pub(super) async fn wait(bound: Bound, plan: &ManagedPlan, tls: &Tls) -> Result<Founding, StartupError> {
    let (initialized, mut founding) = mpsc::channel(1);
    let (tell, mut told) = mpsc::channel(1);
    let room = Room::new(BLANK_CONNECTIONS_MAX, BLANK_CONNECTIONS_MAX);
    let runtime = tokio::runtime::Handle::current();
    let blank = Arc::new(Blank { plan: plan.clone(), initialized });
    let peers = Routes::new(blank_routes(plan.expected, plan.peer_urls.clone(), tell).into_axum_router());
    let clients = Routes::new(routes(blank));
    let secured = tls.clients();
    let mut listening = [
        Listening::start(bound.peers, &peers, &room, tls.peers(&runtime).as_ref(), &runtime),
        Listening::start(bound.clients, &clients, &room, secured.as_ref(), &runtime),
        Listening::start(bound.clients_http, &clients, &room, secured.as_ref(), &runtime),
        Listening::start(bound.metrics, &clients, &room, secured.as_ref(), &runtime),
    ];
    tracing::info!(
        cluster = format_args!("{:x}", plan.expected.0),
        "blank: waiting to be initialised, or to be taken into the cluster"
    );
    let outcome = tokio::select! {
        Some(founding) = founding.recv() => Ok(founding),
        Some(told) = told.recv() => match told {
            Told::Adopted(identity) => Ok(waiting(identity)),
            Told::OtherCluster(ClusterId(found)) => {
                Err(StartupError::OtherPeers { found, expected: plan.expected.0 })
            }
        },
    };
    for listening in &mut listening {
        listening.stop().await;
    }
    outcome
}

fn routes(blank: Arc<Blank>) -> Router {
    Router::new()
        .route("/holdfast/v1/state", any(state))
        .route("/holdfast/v1/initialize", axum::routing::post(initialize))
        .route("/livez", get(|| async { "ok" }))
        .fallback(unavailable)
        .with_state(blank)
}

async fn state(State(blank): State<Arc<Blank>>) -> Response {
    Json(state_of(&blank.plan, None)).into_response()
}

async fn initialize(State(blank): State<Arc<Blank>>, body: axum::body::Bytes) -> Response {
    let request: pb::InitializeRequest = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, 3, &error.to_string()),
    };
    let expected = blank.plan.expected.0;
    if request.cluster_id != expected {
        let text =
            format!("holdfast: this member waits for cluster {expected:x}, not {:x}", request.cluster_id);
        return refusal(StatusCode::BAD_REQUEST, 9, &text);
    }
    let founding = founding_of(&blank.plan);
    let answer = state_of(&blank.plan, Some(founding.identity));
    match blank.initialized.try_send(founding) {
        Ok(()) => Json(answer).into_response(),
        Err(_) => refusal(StatusCode::BAD_REQUEST, 9, "holdfast: this member is being initialised already"),
    }
}

/// Everything else has to wait; gRPC clients are told in their own form.
async fn unavailable(headers: HeaderMap) -> Response {
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.starts_with("application/grpc") {
        return tonic::Status::unavailable(WAITS).into_http::<axum::body::Body>();
    }
    refusal(StatusCode::SERVICE_UNAVAILABLE, 14, WAITS)
}

/// An error as the JSON gateway writes it.
fn refusal(status: StatusCode, code: u32, text: &str) -> Response {
    let body = serde_json::json!({ "error": text, "code": code, "message": text });
    (status, Json(body)).into_response()
}

fn state_of(plan: &ManagedPlan, identity: Option<MemberIdentity>) -> pb::StateResponse {
    pb::StateResponse {
        is_blank: identity.is_none(),
        cluster_id: plan.expected.0,
        member_id: identity.map_or(0, |identity| identity.member_id.0),
        name: plan.name.clone(),
        peer_urls: plan.peer_urls.clone(),
    }
}

/// The only member of a new cluster.
fn founding_of(plan: &ManagedPlan) -> Founding {
    let unix_seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let id = added_member_id(plan.peer_urls.iter().map(String::as_str), unix_seconds);
    let only = Peer { id, peer_urls: plan.peer_urls.clone(), name: plan.name.clone(), is_learner: false };
    let identity = MemberIdentity { cluster_id: plan.expected, member_id: id };
    Founding { identity, members: vec![only] }
}
