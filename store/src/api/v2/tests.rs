//! The v2 API on a running node: both APIs on one tree, waits, time, input that is no request.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use holdfast_core::command::Operation;
use holdfast_core::ids::{LeaseId, Revision};
use holdfast_core::key_range::KeyRange;
use holdfast_core::request::{DeleteRangeRequest, PutRequest};
use http_body_util::BodyExt as _;

use crate::api::test_node::{Answer, TestNode, open_settings};
use crate::auth::Claim;
use crate::limits::{V2_LIST_STEP_BYTES, WATCH_REVISIONS_QUEUED_MAX};

/// Longest wait for anything; only a test that fails takes as long.
const PATIENCE: Duration = Duration::from_secs(30);

async fn start() -> TestNode {
    TestNode::start(&open_settings()).await
}

async fn send(node: &TestNode, method: &str, path: &str, form: impl Into<Body>) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    node.send(request.body(form.into()).unwrap()).await
}

async fn set(node: &TestNode, key: &str, form: &str) -> String {
    let answer = send(node, "PUT", &format!("/v2/keys{key}"), form.to_owned()).await;
    assert!(answer.status.is_success(), "{key} {form}: {}", answer.body);
    answer.body
}

async fn put_v3(node: &TestNode, key: &'static [u8], value: &'static [u8], lease: LeaseId) {
    let put = PutRequest { key: key.into(), value: value.into(), lease, ..PutRequest::default() };
    node.node.propose(Operation::Put(put)).await.unwrap();
}

/// Begins a wait; its lines come from `line`.
async fn wait(node: &TestNode, path: &str) -> Body {
    let (head, body) = node.open(Request::get(path).body(Body::empty()).unwrap()).await.into_parts();
    assert_eq!(head.status.as_u16(), 200, "{path}");
    body
}

async fn line(body: &mut Body) -> Option<String> {
    let frame = tokio::time::timeout(PATIENCE, body.frame()).await.expect("a line comes")?;
    Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
}

fn node_json(key: &str, value: &str, modified: i64, created: i64) -> String {
    format!(r#"{{"key":"{key}","value":"{value}","modifiedIndex":{modified},"createdIndex":{created}}}"#)
}

#[tokio::test]
async fn what_v3_writes_is_there_for_v2_and_the_other_way_round() {
    let node = start().await;
    put_v3(&node, b"/a/b", b"1", LeaseId::NONE).await;
    put_v3(&node, b"/a/bytes", b"\xff<", LeaseId::NONE).await;
    put_v3(&node, b"a/hidden", b"1", LeaseId::NONE).await;
    let answer = node.get("/v2/keys/?recursive=true").await;
    let listed = concat!(
        r#"{"action":"get","node":{"dir":true,"nodes":[{"key":"/a","dir":true,"nodes":["#,
        r#"{"key":"/a/b","value":"1","modifiedIndex":2,"createdIndex":2},"#,
        r#"{"key":"/a/bytes","value":"\ufffd\u003c","modifiedIndex":3,"createdIndex":3}],"#,
        r#""modifiedIndex":2,"createdIndex":2}]}}"#,
        "\n"
    );
    assert_eq!(answer.body, listed);
    assert_eq!(answer.header("x-etcd-index"), Some("4"));
    assert_eq!(answer.header("x-etcd-cluster-id"), Some("c"));
    let answer = set(&node, "/a/b", "value=2").await;
    let expected = format!(
        "{{\"action\":\"set\",\"node\":{},\"prevNode\":{}}}\n",
        node_json("/a/b", "2", 5, 5),
        node_json("/a/b", "1", 2, 2)
    );
    assert_eq!(answer, expected);
    let kv = node.node.view().get(b"/a/b").unwrap().unwrap();
    assert_eq!((kv.value, kv.create_revision, kv.version), ("2".into(), Revision(5), 1));
    // A directory of its own is an empty key with a slash at its end.
    let kv = node.node.view().get(b"/a/").unwrap().unwrap();
    assert_eq!((kv.value, kv.mod_revision), (Bytes::new(), Revision(5)));
}

#[tokio::test]
async fn a_file_and_a_directory_of_one_name_are_told_apart_by_the_slash() {
    let node = start().await;
    put_v3(&node, b"/both", b"file", LeaseId::NONE).await;
    put_v3(&node, b"/both/x", b"1", LeaseId::NONE).await;
    let file = format!("{{\"action\":\"get\",\"node\":{}}}\n", node_json("/both", "file", 2, 2));
    assert_eq!(node.get("/v2/keys/both").await.body, file);
    let directory = format!(
        "{{\"action\":\"get\",\"node\":{{\"key\":\"/both\",\"dir\":true,\"nodes\":[{}],\"modifiedIndex\":3,\"createdIndex\":3}}}}\n",
        node_json("/both/x", "1", 3, 3)
    );
    for path in ["/v2/keys/both/", "/v2/keys/both?recursive=true", "/v2/keys/both?dir=true"] {
        assert_eq!(node.get(path).await.body, directory, "{path}");
    }
}

#[tokio::test]
async fn waits_are_told_from_memory_from_storage_and_as_it_comes() {
    let node = start().await;
    for value in 2..6 {
        set(&node, "/a", &format!("value={value}")).await;
    }
    // Nobody was there to keep anything in memory for.
    let from_storage = node.get("/v2/keys/a?wait=true&waitIndex=3").await;
    assert!(from_storage.body.contains(r#""value":"3""#), "{}", from_storage.body);
    assert_eq!(from_storage.header("x-etcd-index"), Some("5"));
    let mut stream = wait(&node, "/v2/keys/a?wait=true&stream=true&waitIndex=4").await;
    let mut later = wait(&node, "/v2/keys/a?wait=true&waitIndex=7").await;
    let mut other = wait(&node, "/v2/keys/a/b?wait=true").await;
    for value in 6..9 {
        set(&node, "/a", &format!("value={value}")).await;
    }
    for value in 4..9 {
        assert!(
            line(&mut stream).await.unwrap().contains(&format!(r#""node":{{"key":"/a","value":"{value}""#))
        );
    }
    assert!(line(&mut later).await.unwrap().contains(r#""node":{"key":"/a","value":"7""#));
    assert_eq!(line(&mut later).await, None);
    let from_memory = node.get("/v2/keys/a?wait=true&waitIndex=6").await;
    assert!(from_memory.body.contains(r#""node":{"key":"/a","value":"6""#), "{}", from_memory.body);
    assert_eq!(node.node.watches().watcher_count(), 2);
    drop(stream);
    send(&node, "DELETE", "/v2/keys/a", "").await;
    set(&node, "/a/b", "value=1").await;
    assert!(line(&mut other).await.unwrap().contains(r#""action":"set","node":{"key":"/a/b""#));
    drop(other);
    assert_eq!((node.node.watches().watcher_count(), node.node.watches().stream_count()), (0, 0));
}

#[tokio::test]
async fn a_wait_for_compacted_history_is_refused() {
    let node = start().await;
    for value in 2..6 {
        set(&node, "/a", &format!("value={value}")).await;
    }
    node.node.propose(Operation::Compact { revision: Revision(4) }).await.unwrap();
    let answer = node.get("/v2/keys/a?wait=true&waitIndex=3").await;
    let expected = concat!(
        r#"{"errorCode":401,"message":"The event in requested index is outdated and cleared","#,
        r#""cause":"the requested history has been cleared [4/3]","index":5}"#,
        "\n"
    );
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (400, expected));
    assert_eq!(answer.header("x-etcd-index"), Some("5"));
    assert!(node.get("/v2/keys/a?wait=true&waitIndex=4").await.body.contains(r#""value":"4""#));
}

#[tokio::test]
async fn a_stream_that_is_not_read_misses_nothing() {
    let node = start().await;
    let mut stream = wait(&node, "/v2/keys/d?wait=true&stream=true&recursive=true").await;
    let count = WATCH_REVISIONS_QUEUED_MAX + 200;
    let puts =
        (0..count).map(|number| set(&node, "/d/k", if number % 2 == 0 { "value=0" } else { "value=1" }));
    futures::future::join_all(puts).await;
    let mut last = 1;
    for _ in 0..count {
        let line = line(&mut stream).await.unwrap();
        let index = line.split("\"modifiedIndex\":").nth(1).unwrap();
        let index: i64 = index.split(',').next().unwrap().parse().unwrap();
        assert_eq!(index, last + 1, "{line}");
        last = index;
    }
}

#[tokio::test]
async fn thousands_of_waits_are_woken_by_one_change_and_leave_nothing() {
    const WAITS: usize = 10_000;
    let node = start().await;
    let mut waits = Vec::new();
    for number in 0..WAITS {
        let path =
            if number % 2 == 0 { "/v2/keys/d/a?wait=true" } else { "/v2/keys/d?wait=true&recursive=true" };
        waits.push(wait(&node, path).await);
    }
    assert_eq!(node.node.watches().watcher_count(), WAITS);
    // Half of the clients vanish.
    let rest = waits.split_off(WAITS / 2);
    drop(waits);
    assert_eq!(node.node.watches().stream_count(), WAITS / 2);
    set(&node, "/d/a", "value=1").await;
    for mut wait in rest {
        assert!(line(&mut wait).await.unwrap().starts_with(r#"{"action":"set","node":{"key":"/d/a""#));
        assert_eq!(line(&mut wait).await, None);
    }
    assert_eq!((node.node.watches().watcher_count(), node.node.watches().stream_count()), (0, 0));
}

#[tokio::test]
async fn nodes_end_in_time_and_a_renewed_one_goes_on() {
    let node = start().await;
    set(&node, "/d", "dir=true&ttl=1").await;
    set(&node, "/d/a/b", "value=1").await;
    set(&node, "/renewed", "value=1&ttl=1").await;
    set(&node, "/renewed", "refresh=true&ttl=100&prevExist=true").await;
    let mut below = wait(&node, "/v2/keys/d/a/b?wait=true").await;
    let expiry = line(&mut below).await.unwrap();
    assert!(
        expiry.starts_with(r#"{"action":"expire","node":{"key":"/d","dir":true,"modifiedIndex":6,"#),
        "{expiry}"
    );
    assert_eq!(node.node.view().count(&KeyRange::prefix(b"/d"), None).unwrap(), 0);
    let renewed = node.get("/v2/keys/renewed").await.body;
    assert!(renewed.contains(r#""key":"/renewed","value":"1","expiration":"#), "{renewed}");
    assert_eq!(node.node.view().leases().unwrap().len(), 1);
    let stats = node.get("/v2/stats/store").await.body;
    assert!(stats.contains(r#""setsSuccess":3"#) && stats.contains(r#""expireCount":1"#), "{stats}");
}

#[tokio::test]
async fn a_v3_deletion_of_a_directory_tells_each_wait_of_its_own_file() {
    let node = start().await;
    set(&node, "/a/b", "value=1").await;
    set(&node, "/a/c", "value=1").await;
    let mut b = wait(&node, "/v2/keys/a/b?wait=true").await;
    let mut c = wait(&node, "/v2/keys/a/c?wait=true").await;
    let delete = DeleteRangeRequest { range: KeyRange::prefix(b"/a"), prev_kv: false };
    node.node.propose(Operation::DeleteRange(delete)).await.unwrap();
    assert!(line(&mut b).await.unwrap().starts_with(r#"{"action":"delete","node":{"key":"/a/b""#));
    assert!(line(&mut c).await.unwrap().starts_with(r#"{"action":"delete","node":{"key":"/a/c""#));
}

#[tokio::test]
async fn input_that_is_no_request_is_refused_clearly() {
    let node = start().await;
    let deep = format!("/v2/keys{}", "/a".repeat(129));
    let long = format!("/v2/keys/{}", "a".repeat(33 << 10));
    let refused = [
        ("PUT", deep.as_str(), "value=1", "\"errorCode\":209", "the key has more than 128 levels"),
        ("GET", long.as_str(), "", "\"errorCode\":209", "the key is longer than 32768 bytes"),
        (
            "PUT",
            "/v2/keys/a",
            "ttl=9999999999999&value=1",
            "\"errorCode\":202",
            "invalid value for \\\"ttl\\\"",
        ),
        ("PUT", "/v2/keys/a", "value=%q1", "\"errorCode\":210", "invalid URL escape \\\"%q1\\\""),
    ];
    for (method, path, form, code, cause) in refused {
        let answer = send(&node, method, path, form).await;
        assert_eq!(answer.status.as_u16(), 400, "{code}");
        assert!(answer.body.contains(code) && answer.body.contains(cause), "{}", answer.body);
    }
    let value = format!("value={}", "v".repeat(1 << 20));
    let answer = send(&node, "PUT", "/v2/keys/a", value.clone()).await;
    assert!(answer.body.contains("etcdserver: request is too large"), "{}", answer.body);
    let fits = &value[..value.len() - 100];
    assert_eq!(send(&node, "PUT", "/v2/keys/a", fits.to_owned()).await.status.as_u16(), 201);
    let broken = futures::stream::iter([Ok("value=1"), Err(std::io::Error::other("gone"))]);
    let answer = send(&node, "PUT", "/v2/keys/b", Body::from_stream(broken)).await;
    assert!(answer.body.contains("unexpected EOF"), "{}", answer.body);
    let answer = send(&node, "PUT", "/v2/keys/b", vec![b'a'; crate::limits::V2_BODY_BYTES_MAX + 1]).await;
    assert!(answer.body.contains("http: POST too large"), "{}", answer.body);
    // A value of another type than a form is none, as with etcd.
    let json = Request::put("/v2/keys/json").header("content-type", "application/json");
    let answer = node.send(json.body(Body::from("value=1")).unwrap()).await;
    assert!(answer.body.contains(r#""value":"""#), "{}", answer.body);
}

#[tokio::test]
async fn a_full_store_refuses_what_adds_and_lets_delete() {
    let node = start().await;
    set(&node, "/a", "value=1").await;
    let alarm = holdfast_core::response::AlarmKind::NoSpace;
    node.node.alarm(&Claim::default(), true, holdfast_core::ids::MemberId(0xa), Some(alarm)).await.unwrap();
    let answer = send(&node, "PUT", "/v2/keys/b", "value=1").await;
    assert_eq!(answer.status.as_u16(), 500);
    assert!(
        answer.body.contains(r#""errorCode":300"#) && answer.body.contains("space exceeded"),
        "{}",
        answer.body
    );
    assert_eq!(send(&node, "DELETE", "/v2/keys/a", "").await.status.as_u16(), 200);
}

#[tokio::test]
async fn a_large_directory_comes_in_pieces_as_it_was_at_one_moment() {
    const FILES: usize = 1500;
    let node = start().await;
    let value = "v".repeat(2 << 10);
    let puts = (0..FILES).map(|number| {
        let (key, value) = (format!("/d/{number:04}"), value.clone());
        let put = PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() };
        node.node.propose(Operation::Put(put))
    });
    futures::future::try_join_all(puts).await.unwrap();
    let mut expected = Vec::new();
    for number in 0..FILES {
        let key = format!("/d/{number:04}");
        let found = node.node.view().get(key.as_bytes()).unwrap().unwrap();
        expected.push(node_json(&key, &value, found.mod_revision.0, found.create_revision.0));
    }
    for path in ["/v2/keys/d?recursive=true", "/v2/keys/d?sorted=true", "/v2/keys/d"] {
        let mut body = wait(&node, path).await;
        let mut pieces = vec![line(&mut body).await.unwrap()];
        assert!(pieces[0].len() < 3 * V2_LIST_STEP_BYTES, "{} bytes at once", pieces[0].len());
        // What happens while it is read is not in it.
        set(&node, "/d/later", "value=1").await;
        send(&node, "DELETE", "/v2/keys/d/later", "").await;
        while let Some(piece) = line(&mut body).await {
            pieces.push(piece);
        }
        assert!(pieces.len() > 3, "{} pieces", pieces.len());
        let listed = pieces.concat();
        let nodes = listed.split_once("\"nodes\":[").unwrap().1.split_once("],\"modifiedIndex\"").unwrap().0;
        assert!(nodes == expected.join(","), "{path}: {} bytes", nodes.len());
        assert!(listed.starts_with(r#"{"action":"get","node":{"key":"/d","dir":true,"nodes":[{"#));
        assert!(listed.ends_with("}}\n"));
    }
    // A client that goes away, and one that wants the head only.
    drop(wait(&node, "/v2/keys/d?recursive=true").await);
    assert_eq!(send(&node, "HEAD", "/v2/keys/d?recursive=true", "").await.status.as_u16(), 200);
}

#[tokio::test]
async fn history_tells_the_time_that_is_left_now() {
    let node = start().await;
    set(&node, "/long", "value=1&ttl=100").await;
    set(&node, "/short", "value=1&ttl=1").await;
    let mut short = wait(&node, "/v2/keys/short?wait=true").await;
    assert!(line(&mut short).await.unwrap().starts_with(r#"{"action":"expire""#));
    let long = node.get("/v2/keys/long?wait=true&waitIndex=1").await.body;
    let left: u64 = long.split("\"ttl\":").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
    assert!((60..100).contains(&left), "{long}");
    let over = node.get("/v2/keys/short?wait=true&waitIndex=1").await.body;
    assert!(over.contains(r#""action":"set""#) && over.contains(r#""expiration":""#), "{over}");
    assert!(!over.contains("\"ttl\":"), "{over}");
}
