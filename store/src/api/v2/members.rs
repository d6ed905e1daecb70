//! `/v2/members` and `/v2/machines`: who is in the cluster and where clients reach it, and changes of it. What is
//! allowed is decided elsewhere, as for the v3 API.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_consensus::handle::{ChangeError, MemberChange, MemberRefusal};
use holdfast_core::ids::MemberId;
use http_body_util::{BodyExt as _, Limited};
use serde::{Deserialize, Serialize};

use super::V2;
use super::error::unauthorized;
use crate::api::audit;
use crate::api::error::Status;
use crate::api::http::plain;
use crate::api::member_urls;
use crate::auth::Claim;
use crate::limits::MEMBER_BODY_BYTES_MAX;
use crate::node::{MemberInfo, NodeError};

const METHODS: &str = "GET,POST,DELETE,PUT";

#[derive(Serialize)]
struct Member {
    id: String,
    name: String,
    #[serde(rename = "peerURLs")]
    peer_urls: Vec<String>,
    #[serde(rename = "clientURLs")]
    client_urls: Vec<String>,
}

#[derive(Serialize)]
struct Members {
    members: Vec<Member>,
}

#[derive(Serialize)]
struct Message<'m> {
    message: &'m str,
}

impl From<MemberInfo> for Member {
    fn from(member: MemberInfo) -> Member {
        Member {
            id: format!("{:x}", member.id.0),
            name: member.name,
            peer_urls: member.peer_urls,
            client_urls: member.client_urls,
        }
    }
}

/// What is sent for a member that is added or moved.
#[derive(Deserialize)]
struct Description {
    #[serde(rename = "peerURLs", default)]
    peer_urls: Vec<String>,
}

/// Answers any method below `/v2/members`.
pub(super) async fn members(State(v2): State<Arc<V2>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    if ![Method::GET, Method::POST, Method::PUT, Method::DELETE].contains(&method) {
        return plain::method_not_allowed(METHODS);
    }
    let claim = super::claim(&request);
    let name = path.trim_start_matches("/v2/members").trim_start_matches('/');
    let response = match v2.check_members(claim.clone(), &method).await {
        Ok(()) => v2.with_cluster_id(v2.serve_members(&method, name, request).await),
        Err(error) => failure(error),
    };
    audit::route(&v2.node, Some(&claim), &method, &path, response.status().as_u16());
    response
}

/// The peer URLs in a request's body, or the refusal.
async fn description(request: Request) -> Result<Vec<String>, Response> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = match content_type.unwrap_or_default().split_once(';') {
        Some((kind, _)) => kind.to_lowercase().trim().to_owned(),
        None => content_type.unwrap_or_default().to_owned(),
    };
    if content_type != "application/json" {
        let text = format!("Bad Content-Type {content_type}, accept application/json");
        return Err(message(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text));
    }
    let bad = |text: &str| message(StatusCode::BAD_REQUEST, text);
    let body = Limited::new(request.into_body(), MEMBER_BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|error| bad(&error.to_string()))?.to_bytes();
    if body.is_empty() {
        return Err(bad("unexpected end of JSON input"));
    }
    let description: Description = serde_json::from_slice(&body).map_err(|error| bad(&error.to_string()))?;
    member_urls::parse(&description.peer_urls).map_err(|error| bad(&error))
}

fn no_such(name: &str) -> Response {
    message(StatusCode::NOT_FOUND, &format!("No such member: {name}"))
}

/// The refusal of a change of member `id`.
fn refused(id: MemberId, error: NodeError) -> Response {
    let NodeError::Change(ChangeError::Refused(refusal)) = error else { return failure(error) };
    match refusal {
        MemberRefusal::NotFound(_) => no_such(&format!("{:x}", id.0)),
        MemberRefusal::Removed(_) => {
            message(StatusCode::GONE, &format!("Member permanently removed: {:x}", id.0))
        }
        MemberRefusal::Exists(_) => message(StatusCode::CONFLICT, "membership: ID exists"),
        MemberRefusal::PeerUrlExists => message(StatusCode::CONFLICT, "membership: peerURL exists"),
        // etcd keeps the reason to its log.
        other => {
            tracing::warn!(reason = %other, "members are not changed");
            message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        }
    }
}

impl V2 {
    async fn serve_members(&self, method: &Method, name: &str, request: Request) -> Response {
        match *method {
            Method::GET => self.members(name).await,
            Method::POST => match description(request).await {
                Ok(peer_urls) => self.add(peer_urls).await,
                Err(refusal) => refusal,
            },
            _ if name.is_empty() => plain::method_not_allowed(METHODS),
            _ => match u64::from_str_radix(name, 16) {
                Err(_) => no_such(name),
                Ok(id) if *method == Method::DELETE => self.remove(MemberId(id)).await,
                Ok(id) => match description(request).await {
                    Ok(peer_urls) => self.update(MemberId(id), peer_urls).await,
                    Err(refusal) => refusal,
                },
            },
        }
    }

    /// Any user may look at the members; to change them takes the role `root`.
    async fn check_members(&self, claim: Claim, method: &Method) -> Result<(), NodeError> {
        if method == Method::GET {
            return self.check_login(claim).await;
        }
        let claim = self.checked(claim).await?;
        self.node.check_root(&claim).await
    }

    async fn add(&self, peer_urls: Vec<String>) -> Response {
        let id = self.node.new_member_id(&peer_urls);
        match self.node.add_member(peer_urls, false).await {
            Ok(added) => json(StatusCode::CREATED, &Member::from(added), "\n"),
            Err(error) => refused(id, error),
        }
    }

    async fn remove(&self, id: MemberId) -> Response {
        match self.node.change_members(MemberChange::Remove(id)).await {
            Ok(_) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => refused(id, error),
        }
    }

    async fn update(&self, id: MemberId, peer_urls: Vec<String>) -> Response {
        match self.node.change_members(MemberChange::Update { member: id, peer_urls }).await {
            Ok(_) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => refused(id, error),
        }
    }

    async fn members(&self, name: &str) -> Response {
        let members = match self.node.members(false).await {
            Ok(members) => members,
            Err(error) => return failure(error),
        };
        match name {
            "" => {
                let members = members.into_iter().map(Member::from).collect();
                json(StatusCode::OK, &Members { members }, "\n")
            }
            "leader" => {
                let leader = self.node.leadership().borrow().1;
                match members.into_iter().find(|member| Some(member.id) == leader) {
                    Some(leader) => json(StatusCode::OK, &Member::from(leader), "\n"),
                    None => message(StatusCode::SERVICE_UNAVAILABLE, "During election"),
                }
            }
            _ => message(StatusCode::NOT_FOUND, "Not found"),
        }
    }
}

/// The client URLs of all members, for clients that look for the others.
pub(super) async fn machines(State(v2): State<Arc<V2>>, request: Request) -> Response {
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return plain::method_not_allowed("GET,HEAD");
    }
    if let Err(error) = v2.check_login(super::claim(&request)).await {
        return failure(error);
    }
    match v2.node.members(false).await {
        Ok(members) => {
            let mut urls: Vec<String> = members.into_iter().flat_map(|member| member.client_urls).collect();
            urls.sort();
            let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
            (headers, urls.join(", ")).into_response()
        }
        Err(error) => failure(error),
    }
}

/// The answer when there is none; to whoever may not ask, in etcd's words.
pub(super) fn failure(error: NodeError) -> Response {
    if matches!(error, NodeError::Permission(_) | NodeError::Login(_)) {
        return unauthorized();
    }
    message(StatusCode::INTERNAL_SERVER_ERROR, &Status::from(error).message)
}

/// A text in the form of errors outside of `/v2/keys`.
pub(super) fn message(status: StatusCode, message: &str) -> Response {
    json(status, &Message { message }, "")
}

/// A body of JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize, end: &str) -> Response {
    let body = serde_json::to_string(value).expect("plain data has a form in JSON") + end;
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
