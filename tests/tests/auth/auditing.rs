//! The audit log: who asked for what and how it ended, and never a value, a password or a token.

use std::path::Path;
use std::time::{Duration, Instant};

use ::http::Method;
use holdfast_proto::etcdserverpb as pb;
use holdfast_tests::Implementation;
use holdfast_tests::http;
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::ServerPlan;
use prost::Message;
use serde_json::Value;

use crate::subject::{Subject, password};

/// The lines once the one is there that is asked for last.
async fn lines(path: &Path, is_last: impl Fn(&Value) -> bool) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        if lines.iter().any(&is_last) {
            return lines;
        }
        assert!(start.elapsed() < Duration::from_secs(10), "the last line is not there: {text}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// A watch is written down once it is known whether it was made, each of a stream or a body by itself.
#[tokio::test]
async fn watches_are_written_down_with_their_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let flag = format!("--audit-log={}", path.display());
    let server = ServerPlan::new(Implementation::Holdfast).flag(flag).start().await.unwrap();
    let subject = Subject::new(&server).await;
    subject.set_up().await;
    let owner = subject.log_in("owner", &password("owner")).await;
    let (requests, feed) = tokio::sync::mpsc::channel(2);
    let mut answers = subject.watch(feed, Some(&owner)).await;
    for key in ["o/1", "x/1"] {
        let create = pb::WatchCreateRequest { key: key.into(), ..Default::default() };
        let request_union = Some(pb::watch_request::RequestUnion::CreateRequest(create));
        requests.send(pb::WatchRequest { request_union }.encode_to_vec()).await.unwrap();
        answers.message().await.unwrap().expect("watches are answered");
    }
    let body = r#"{"create_request":{"key":"by8y"}} {"create_request":{"key":"eC8y"}}"#;
    let headers = [("Content-Type", "application/json"), ("Authorization", owner.as_str())];
    let address = server.client_address();
    let mut gateway = http::open(address, Method::POST, "/v3/watch", &headers, body).await.unwrap();
    gateway.next(Duration::from_secs(10)).await.unwrap().expect("watches are answered");
    let keys_of = |line: &Value| line["keys"][0].as_str().unwrap_or_default().to_owned();
    let lines = lines(&path, |line| keys_of(line) == "x/2").await;
    let watches = lines.iter().filter(|line| line["rpc"] == "etcdserverpb.Watch/Watch");
    let told: Vec<_> = watches
        .map(|line| format!("{} {}: {}", line["user"], keys_of(line), line["outcome"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        ["owner o/1: Ok", "owner x/1: PermissionDenied", "owner o/2: Ok", "owner x/2: PermissionDenied"]
    );
}

#[tokio::test]
async fn requests_are_written_down_without_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    let flag = format!("--audit-log={}", path.display());
    let server = ServerPlan::new(Implementation::Holdfast).flag(flag).start().await.unwrap();
    let subject = Subject::new(&server).await;
    subject.set_up().await;
    let owner = subject.log_in("owner", &password("owner")).await;
    let put = |key: &str| pb::PutRequest {
        key: key.to_owned().into(),
        value: "a-value-to-look-for".into(),
        ..Default::default()
    };
    subject.put(put("o/1"), Some(&owner)).await.unwrap();
    subject.put(put("x/1"), Some(&owner)).await.unwrap_err();
    subject.try_log_in("owner", "a-wrong-password").await.unwrap_err();
    let json = r#"{"key":"by8x","range_end":"bzA="}"#;
    subject.http(Method::POST, "/v3/kv/range", Some(&owner), "application/json", json).await;
    subject.http(Method::GET, "/v2/keys/o/1", None, "", "").await;
    let lines = lines(&path, |line| line["route"] == "GET /v2/keys/o/1").await;
    let has = |rpc: &str, user: Value, keys: Value, outcome: &str| {
        lines.iter().any(|line| {
            line["rpc"] == rpc
                && line["user"] == user
                && line["keys"] == keys
                && line["outcome"] == outcome
                && line["address"] == "127.0.0.1"
                && line["time"].as_str().is_some_and(|time| time.ends_with('Z'))
        })
    };
    assert!(has("etcdserverpb.KV/Put", "owner".into(), serde_json::json!(["o/1"]), "Ok"), "{lines:#?}");
    assert!(has("etcdserverpb.KV/Put", "owner".into(), serde_json::json!(["x/1"]), "PermissionDenied"));
    assert!(has("etcdserverpb.KV/Range", "owner".into(), serde_json::json!([["o/1", "o0"]]), "Ok"));
    let failed = |line: &&Value| line["rpc"] == "etcdserverpb.Auth/Authenticate" && line["outcome"] != "Ok";
    assert_eq!(lines.iter().find(failed).expect("the failed login is there")["name"], "owner");
    let last = lines.iter().find(|line| line["route"] == "GET /v2/keys/o/1").unwrap();
    assert_eq!((&last["outcome"], &last["user"]), (&401.into(), &Value::Null));
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in ["a-value-to-look-for", "a-wrong-password", "owner-secret", owner.as_str()] {
        assert!(!text.contains(secret), "{secret} is in the audit log");
    }
}
