//! `/v2/members` and `/v2/machines`: who is in the cluster and where clients reach it. Members cannot be changed here
//! yet, as little as through the v3 API.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::V2;
use crate::api::error::Status;
use crate::api::http::plain;
use crate::node::{MemberInfo, NodeError};

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

/// Answers any method below `/v2/members`.
pub(super) async fn members(State(v2): State<Arc<V2>>, request: Request) -> Response {
    let response = match *request.method() {
        Method::GET => v2.members(request.uri().path()).await,
        Method::POST | Method::PUT | Method::DELETE => {
            message(StatusCode::NOT_IMPLEMENTED, "members of a running cluster cannot be changed yet")
        }
        _ => return plain::method_not_allowed("GET,POST,DELETE,PUT"),
    };
    v2.with_cluster_id(response)
}

impl V2 {
    async fn members(&self, path: &str) -> Response {
        let members = match self.node.members(false).await {
            Ok(members) => members,
            Err(error) => return failure(error),
        };
        match path.trim_start_matches("/v2/members").trim_start_matches('/') {
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

fn failure(error: NodeError) -> Response {
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
