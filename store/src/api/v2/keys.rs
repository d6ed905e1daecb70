//! `/v2/keys`: reads, changes and waits. Every change is one proposal, decided in the core; nothing here reads before
//! it writes.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::stream;
use holdfast_core::command::Operation;
use holdfast_core::ids::Revision;
use holdfast_core::response::Response as Applied;
use holdfast_core::v2::{V2Action, V2Event, V2Get, V2Operation, V2Path, V2Request, V2TimeToLive, V2Watch};

use super::V2;
use super::error::{BadForm, KeyError, X_ETCD_INDEX};
use super::form::{Form, unescape};
use super::parameters::{KeyRequest, What, Write};
use super::{json, listing};
use crate::api::audit;
use crate::api::error::mismatched_answer;
use crate::api::http::plain;
use crate::auth::Claim;
use crate::limits::V2_BODY_BYTES_MAX;
use crate::node::{Node, unix_nanos};
use crate::watch::NodeWait;

/// What is in front of a key.
pub(super) const PREFIX: &str = "/v2/keys";

const METHODS: &str = "HEAD,GET,PUT,POST,DELETE";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const X_RAFT_INDEX: HeaderName = HeaderName::from_static("x-raft-index");
const X_RAFT_TERM: HeaderName = HeaderName::from_static("x-raft-term");

/// Answers any method.
pub(super) async fn keys(State(v2): State<Arc<V2>>, request: Request) -> Response {
    if ![Method::HEAD, Method::GET, Method::PUT, Method::POST, Method::DELETE].contains(request.method()) {
        return plain::method_not_allowed(METHODS);
    }
    let raw_path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    let Ok(raw_path) = unescape(raw_path.as_bytes(), false) else { return bad_escape() };
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let claim = super::claim(&request);
    let shown = audit::is_on(&v2.node).then(|| claim.clone());
    let answer = match v2.checked(claim).await {
        Ok(claim) => v2.serve(claim, raw_path, request).await,
        Err(error) => Err(error.into()),
    };
    let answer = answer.unwrap_or_else(KeyError::into_response);
    audit::route(&v2.node, shown.as_ref(), &method, &path, answer.status().as_u16());
    v2.with_cluster_id(answer)
}

/// What Go's server says of a URL that it cannot read.
fn bad_escape() -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CONNECTION, "close")];
    (StatusCode::BAD_REQUEST, headers, "400 Bad Request").into_response()
}

impl V2 {
    async fn serve(&self, claim: Claim, raw_path: Vec<u8>, request: Request) -> Result<Response, KeyError> {
        let method = request.method().clone();
        let form = read_form(request).await?;
        let KeyRequest { path, what, omits_nodes } = KeyRequest::read(&method, &raw_path, form)?;
        match what {
            What::Get { get, is_linearizable } => {
                let answer = self.get(&claim, path, get, is_linearizable).await;
                self.stats.count_get(answer.is_ok());
                answer
            }
            What::Wait { watch, since, is_stream } => self.wait(claim, watch, since, is_stream),
            What::Put(write) => self.change(&claim, path, |node| put(node, write), omits_nodes).await,
            What::Post(write) => self.change(&claim, path, |node| post(node, write), omits_nodes).await,
            What::Delete { is_directory, is_recursive, expected } => {
                let operation = if expected.is_given() {
                    V2Operation::CompareAndDelete { prev_value: expected.value, prev_index: expected.index }
                } else {
                    V2Operation::Delete { is_directory, is_recursive }
                };
                self.change(&claim, path, |_| Ok(operation), omits_nodes).await
            }
        }
    }

    async fn get(
        &self,
        claim: &Claim,
        path: V2Path,
        get: V2Get,
        is_linearizable: bool,
    ) -> Result<Response, KeyError> {
        let view = self.node.read_as(claim, is_linearizable, |guard| guard.v2_get(&path, get)).await?;
        let index = view.head().revision;
        let raft_index = view.head().applied.index.0;
        let body = listing::read(view, path, get).await?;
        Ok((self.headers(index, raft_index), body).into_response())
    }

    async fn change(
        &self,
        claim: &Claim,
        path: V2Path,
        operation: impl FnOnce(&Node) -> Result<V2Operation, KeyError>,
        omits_nodes: bool,
    ) -> Result<Response, KeyError> {
        let operation = operation(&self.node)?;
        let kind = super::stats::Counted::of(&operation);
        check_len(&self.node, &path, &operation)?;
        let answer = self.node.propose_as(claim, Operation::V2(V2Request { path, operation })).await;
        self.stats.count_change(kind, answer.is_ok());
        match answer? {
            (header, Applied::V2(event)) => {
                let status = if event.is_creation() { StatusCode::CREATED } else { StatusCode::OK };
                let raft_index = self.node.view().head().applied.index.0;
                let body = json::event(&event, !(omits_nodes && may_omit(&event)), unix_nanos());
                Ok((status, self.headers(header.revision, raft_index), body).into_response())
            }
            _ => Err(mismatched_answer().into()),
        }
    }

    fn wait(&self, claim: Claim, watch: V2Watch, since: u64, is_stream: bool) -> Result<Response, KeyError> {
        let wait = self.node.watches().wait_node(self.node.asker(claim), watch, since);
        let wait = wait.map_err(|error| KeyError::no_wait(error, since))?;
        let headers = self.headers(wait.begun_at(), self.node.view().head().applied.index.0);
        let lines = stream::unfold(Some((wait, is_stream)), next_line);
        Ok((headers, Body::from_stream(lines)).into_response())
    }

    fn headers(&self, index: Revision, raft_index: u64) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(5);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(X_ETCD_INDEX, index.0.into());
        headers.insert(X_RAFT_INDEX, raft_index.into());
        headers.insert(X_RAFT_TERM, self.node.header_at(index).raft_term.0.into());
        headers
    }
}

/// The next line of a wait, which ends after the first unless it is a stream.
async fn next_line(
    wait: Option<(NodeWait, bool)>,
) -> Option<(Result<String, Infallible>, Option<(NodeWait, bool)>)> {
    let (mut wait, is_stream) = wait?;
    let event = wait.next().await?;
    Some((Ok(json::event(&event, true, unix_nanos())), is_stream.then_some((wait, is_stream))))
}

/// The fields of the query and, where there may be one, of a form in the body. Go reads no form from a body of GET,
/// HEAD or DELETE.
async fn read_form(request: Request) -> Result<Form, KeyError> {
    let mut form = Form::default();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let mut outcome = Ok(());
    if matches!(*request.method(), Method::PUT | Method::POST) && has_form(request.headers()) {
        let body = axum::body::to_bytes(request.into_body(), V2_BODY_BYTES_MAX).await;
        let body = body.map_err(|error| KeyError::form(BadForm::Form, body_failure(error)))?;
        outcome = form.add(&body);
    }
    outcome.and(form.add(query.as_bytes())).map_err(|reason| KeyError::form(BadForm::Form, reason))?;
    Ok(form)
}

fn has_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Why a body cannot be had, in the words of Go.
fn body_failure(error: axum::Error) -> &'static str {
    match error.into_inner().downcast::<http_body_util::LengthLimitError>() {
        Ok(_) => "http: POST too large",
        Err(_) => "unexpected EOF",
    }
}

fn time_to_live(node: &Node, ttl_seconds: Option<u64>) -> Result<Option<V2TimeToLive>, KeyError> {
    let Some(ttl_seconds) = ttl_seconds else { return Ok(None) };
    let time_to_live = node.time_to_live(ttl_seconds);
    time_to_live.map(Some).ok_or_else(|| KeyError::form(BadForm::TimeToLive, "invalid value for \"ttl\""))
}

fn put(node: &Node, write: Write) -> Result<V2Operation, KeyError> {
    let Write { value, is_directory, prev_exist, expected, ttl_seconds, is_refresh } = write;
    let time_to_live = time_to_live(node, ttl_seconds)?;
    Ok(match (prev_exist, expected.is_given()) {
        (Some(false), _) => V2Operation::Create { value, is_directory, time_to_live, is_in_order: false },
        (_, true) => V2Operation::CompareAndSwap {
            prev_value: expected.value,
            prev_index: expected.index,
            value,
            time_to_live,
            is_refresh,
        },
        (Some(true), false) => V2Operation::Update { value, time_to_live, is_refresh },
        (None, false) => V2Operation::Set { value, is_directory, time_to_live, is_refresh },
    })
}

fn post(node: &Node, write: Write) -> Result<V2Operation, KeyError> {
    let Write { value, is_directory, ttl_seconds, .. } = write;
    let time_to_live = time_to_live(node, ttl_seconds)?;
    Ok(V2Operation::Create { value, is_directory, time_to_live, is_in_order: true })
}

/// Refuses what is larger than any request may be.
fn check_len(node: &Node, path: &V2Path, operation: &V2Operation) -> Result<(), KeyError> {
    let values_len = match operation {
        V2Operation::Set { value, .. }
        | V2Operation::Create { value, .. }
        | V2Operation::Update { value, .. } => value.len(),
        V2Operation::CompareAndSwap { value, prev_value, .. } => value.len() + prev_value.len(),
        V2Operation::CompareAndDelete { prev_value, .. } => prev_value.len(),
        V2Operation::Delete { .. } => 0,
    };
    if path.as_bytes().len() + values_len > node.settings().request_bytes_max {
        return Err(KeyError::form(BadForm::Form, "etcdserver: request is too large"));
    }
    Ok(())
}

/// Whether the answer may leave its nodes out: deletions always tell what was deleted.
fn may_omit(event: &V2Event) -> bool {
    let action = event.action;
    !matches!(action, V2Action::Delete | V2Action::CompareAndDelete | V2Action::Expire)
}
