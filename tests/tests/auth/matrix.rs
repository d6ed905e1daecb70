//! Every call by every kind of caller on both servers: the outcomes must be equal.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::Duration;

use holdfast_proto::etcdserverpb as pb;
use holdfast_tests::Implementation;
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::server::ServerPlan;
use prost::Message;

use crate::calls::{self, Call, Form};
use crate::differences::{ROWS, allowed, is_missing};
use crate::subject::{Subject, password, show};

/// Tokens live this long without use.
const TOKEN_TTL: Duration = Duration::from_secs(4);

/// Fewer outcomes than this would not be the matrix that was promised.
const OUTCOMES_MIN: usize = 2000;

/// Whom a caller claims to be.
#[derive(Clone, Copy)]
enum Caller {
    Nobody,
    Garbage,
    Expired,
    Deleted,
    Changed,
    User(&'static str),
}

const CALLERS: [(&str, Caller); 10] = [
    ("nobody", Caller::Nobody),
    ("a token that is none", Caller::Garbage),
    ("an expired token", Caller::Expired),
    ("a token of a deleted user", Caller::Deleted),
    ("a token from before the password changed", Caller::Changed),
    ("bare", Caller::User("bare")),
    ("guest", Caller::User("guest")),
    ("writer", Caller::User("writer")),
    ("owner", Caller::User("owner")),
    ("root", Caller::User("root")),
];

struct Tokens {
    expired: String,
    deleted: String,
    changed: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_by_every_caller_ends_as_at_etcd() {
    if !have_reference("every_call_by_every_caller_ends_as_at_etcd", &[ReferenceTool::Etcd]) {
        return;
    }
    let (reference, ours) = tokio::join!(outcomes(Implementation::Etcd), outcomes(Implementation::Holdfast));
    assert_eq!(reference.len(), ours.len());
    assert!(reference.len() >= OUTCOMES_MIN, "only {} outcomes", reference.len());
    let mut different = String::new();
    let mut used = BTreeSet::new();
    for ((call, expected), (_, outcome)) in reference.iter().zip(&ours) {
        if expected == outcome || is_missing(call, outcome) {
            continue;
        }
        let name = call.split(" by ").next().unwrap();
        match allowed(name, expected, outcome) {
            Some(row) => {
                used.insert(row);
            }
            None => {
                writeln!(different, "{call}:\n    etcd:     {expected}\n    holdfast: {outcome}").unwrap()
            }
        }
    }
    assert!(different.is_empty(), "{different}");
    let unused: Vec<_> =
        (0..ROWS.len()).filter(|row| !used.contains(row)).map(|row| ROWS[row].reason).collect();
    assert!(unused.is_empty(), "differences that do not occur any more: {unused:#?}");
}

/// The outcome of every call by every caller, in an order that is the same for both servers.
async fn outcomes(implementation: Implementation) -> Vec<(String, String)> {
    let ttl = format!("--auth-token-ttl={}", TOKEN_TTL.as_secs());
    let plan = ServerPlan::new(implementation).flag(ttl).flag("--bcrypt-cost=4");
    let server = plan.start().await.unwrap();
    let subject = Subject::new(&server).await;
    subject.set_up().await;
    let tokens = spoil_tokens(&subject).await;
    let mut outcomes = Vec::new();
    for (tag, (name, caller)) in (0..).zip(CALLERS) {
        for call in calls::all(tag) {
            // Each call with a token of its own, so that none runs out on a busy machine.
            let token = token(&subject, caller, &tokens).await;
            let outcome = grpc(&subject, &call, token.as_deref()).await;
            outcomes.push((format!("{} by {name}", call.name), outcome));
        }
        for call in calls::all(tag + 100).iter().filter(|call| !call.http.is_empty()) {
            let token = token(&subject, caller, &tokens).await;
            let outcome = gateway(&subject, call, token.as_deref()).await;
            outcomes.push((format!("{} by {name} through the gateway", call.name), outcome));
        }
    }
    let root = subject.log_in("root", &password("root")).await;
    let disable = pb::AuthDisableRequest {}.encode_to_vec();
    let guest = subject.log_in("guest", &password("guest")).await;
    for (name, token) in [("guest", &guest), ("root", &root)] {
        let outcome = subject.unary("etcdserverpb.Auth/AuthDisable", disable.clone(), Some(token)).await;
        outcomes.push((format!("disable by {name}"), text(outcome.map(|_| "done".to_owned()))));
    }
    let read = subject.range("x/1", None).await;
    outcomes
        .push(("range afterwards by nobody".to_owned(), text(read.map(|answer| answer.count.to_string()))));
    outcomes
}

/// A token that ran out, one of a user that is gone, and one from before a change of password.
async fn spoil_tokens(subject: &Subject) -> Tokens {
    let expired = subject.log_in("owner", &password("owner")).await;
    tokio::time::sleep(TOKEN_TTL + TOKEN_TTL / 2).await;
    let deleted = subject.log_in("gone", &password("gone")).await;
    let changed = subject.log_in("changed", &password("changed")).await;
    let root = subject.log_in("root", &password("root")).await;
    subject.delete_user("gone", Some(&root)).await;
    subject.change_password("changed", "other", Some(&root)).await;
    Tokens { expired, deleted, changed }
}

async fn token(subject: &Subject, caller: Caller, tokens: &Tokens) -> Option<String> {
    match caller {
        Caller::Nobody => None,
        Caller::Garbage => Some("of-nobody.7".to_owned()),
        Caller::Expired => Some(tokens.expired.clone()),
        Caller::Deleted => Some(tokens.deleted.clone()),
        Caller::Changed => Some(tokens.changed.clone()),
        Caller::User(user) => Some(subject.log_in(user, &password(user)).await),
    }
}

async fn grpc(subject: &Subject, call: &Call, token: Option<&str>) -> String {
    let message = call.message.clone();
    text(match call.form {
        Form::Unary => subject.unary(call.grpc, message, token).await.map(|_| "done".to_owned()),
        Form::Stream => subject.stream(call.grpc, message, token).await.map(|_| "done".to_owned()),
        Form::Watch => subject.first(call.grpc, message, token).await.map(|answer| {
            let answer = pb::WatchResponse::decode(answer.as_slice()).unwrap();
            format!("created {} canceled {} {}", answer.created, answer.canceled, answer.cancel_reason)
        }),
        Form::KeepAlive => subject.first(call.grpc, message, token).await.map(|answer| {
            let answer = pb::LeaseKeepAliveResponse::decode(answer.as_slice()).unwrap();
            format!("{} s", answer.ttl)
        }),
    })
}

fn text(outcome: Result<String, tonic::Status>) -> String {
    outcome.unwrap_or_else(|status| show(&status))
}

async fn gateway(subject: &Subject, call: &Call, token: Option<&str>) -> String {
    let post = ::http::Method::POST;
    let answer = subject.http(post, call.http, token, "application/json", &call.json).await;
    if answer.status.is_success() {
        return "done".to_owned();
    }
    let body: serde_json::Value = answer.json().unwrap_or_default();
    format!("{} {}", answer.status.as_u16(), body["message"])
}
