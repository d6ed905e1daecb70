//! The gateway on a running node: bodies byte by byte, since clients depend on what is left out as much as on what is
//! there. Shapes are those of etcd 3.7.3, errors with the fields of 3.5 beside them.

use axum::http::{Request, StatusCode};
use holdfast_proto::etcdserverpb as pb;

use crate::api::test_node::{TestNode, open_settings};
use crate::auth::{CertificateName, Claim, Peer};

/// The header of a fresh node's answers at `revision`.
fn header(node: &TestNode, revision: u64) -> String {
    let term = node.node.header().raft_term.0;
    format!(r#""header":{{"cluster_id":"12","member_id":"10","revision":"{revision}","raft_term":"{term}"}}"#)
}

fn error(code: i32, text: &str) -> String {
    format!(r#"{{"error":"{text}","code":{code},"message":"{text}"}}"#)
}

async fn start() -> TestNode {
    TestNode::start(&open_settings()).await
}

/// POSTs and expects success.
async fn ok(node: &TestNode, path: &str, body: &str) -> String {
    let answer = node.post(path, body.to_owned()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("grpc-metadata-content-type"), Some("application/grpc"));
    answer.body
}

/// POSTs and expects a refusal.
async fn refused(node: &TestNode, path: &str, body: &str) -> (u16, String) {
    let answer = node.post(path, body.to_owned()).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn keys_are_put_read_and_deleted() {
    let node = start().await;
    assert_eq!(
        ok(&node, "/v3/kv/range", r#"{"key":"Zm9v"}"#).await,
        format!("{{{}}}", header(&node, 1)),
        "a miss is a header alone"
    );
    let put = ok(&node, "/v3/kv/put", r#"{"key":"Zm9v","value":"YmFy"}"#).await;
    assert_eq!(put, format!("{{{}}}", header(&node, 2)));
    let kv = r#"{"key":"Zm9v","create_revision":"2","mod_revision":"2","version":"1","value":"YmFy"}"#;
    for prefix in ["/v3", "/v3beta", "/v3alpha"] {
        let range = ok(&node, &format!("{prefix}/kv/range"), r#"{"key":"Zm9v"}"#).await;
        assert_eq!(range, format!(r#"{{{},"kvs":[{kv}],"count":"1"}}"#, header(&node, 2)));
    }
    let delete = ok(&node, "/v3/kv/deleterange", r#"{"key":"Zm9v","prevKv":true}"#).await;
    assert_eq!(delete, format!(r#"{{{},"deleted":"1","prev_kvs":[{kv}]}}"#, header(&node, 3)));
    let delete = ok(&node, "/v3/kv/deleterange", r#"{"key":"Zm9v"}"#).await;
    assert_eq!(delete, format!("{{{}}}", header(&node, 3)), "zeroes are left out");
}

#[tokio::test]
async fn a_failed_transaction_says_nothing_of_success() {
    let node = start().await;
    ok(&node, "/v3/kv/put", r#"{"key":"Zm9v","value":"YmFy"}"#).await;
    let compare = r#""compare":[{"target":"VALUE","key":"Zm9v","value":"eA=="}]"#;
    let put = r#""success":[{"request_put":{"key":"YQ=="}}]"#;
    let txn = ok(&node, "/v3/kv/txn", &format!("{{{compare},{put}}}")).await;
    assert_eq!(txn, format!("{{{}}}", header(&node, 2)));
    let otherwise = r#""failure":[{"requestRange":{"key":"Zm9v"}}]"#;
    let txn = ok(&node, "/v3/kv/txn", &format!("{{{compare},{put},{otherwise}}}")).await;
    let kv = r#"{"key":"Zm9v","create_revision":"2","mod_revision":"2","version":"1","value":"YmFy"}"#;
    let range = format!(r#"{{"response_range":{{"header":{{"revision":"2"}},"kvs":[{kv}],"count":"1"}}}}"#);
    assert_eq!(txn, format!(r#"{{{},"responses":[{range}]}}"#, header(&node, 2)));
}

#[tokio::test]
async fn a_stream_without_a_request_ends_without_an_answer() {
    let node = start().await;
    let answer = node.post("/v3/lease/keepalive", String::new()).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
}

#[tokio::test]
async fn alarms_of_an_unknown_kind_are_none() {
    let node = start().await;
    ok(&node, "/v3/maintenance/alarm", r#"{"action":"ACTIVATE","alarm":"NOSPACE"}"#).await;
    let all = ok(&node, "/v3/maintenance/alarm", "{}").await;
    assert!(all.contains("NOSPACE"), "{all}");
    let request = pb::AlarmRequest { alarm: 3, ..Default::default() };
    let none = crate::api::calls::maintenance::alarm(&node.node, &Claim::default(), request).await.unwrap();
    assert!(none.alarms.is_empty());
}

#[tokio::test]
async fn leases_are_granted_kept_alive_and_revoked() {
    let node = start().await;
    let grant = ok(&node, "/v3/lease/grant", r#"{"TTL":60,"ID":"77"}"#).await;
    assert_eq!(grant, format!(r#"{{{},"ID":"77","TTL":"60"}}"#, header(&node, 1)));
    let kept = ok(&node, "/v3/lease/keepalive", r#"{"ID":77}{"ID":99}"#).await;
    let line = |rest: &str| format!("{{\"result\":{{{},{rest}}}}}\n", header(&node, 1));
    assert_eq!(
        kept,
        line(r#""ID":"77","TTL":"60""#) + &line(r#""ID":"99""#),
        "a lease that is gone has no TTL"
    );
    let pieces = node.post_for_pieces("/v3/lease/keepalive", r#"{"ID":77}{"ID":99}"#, 2).await;
    assert_eq!(pieces, [line(r#""ID":"77","TTL":"60""#), line(r#""ID":"99""#)], "one document in each piece");
    let gone = error(5, "etcdserver: requested lease not found");
    assert_eq!(refused(&node, "/v3/lease/revoke", r#"{"ID":99}"#).await, (404, gone.clone()));
    assert_eq!(refused(&node, "/v3/kv/put", r#"{"key":"YQ==","lease":99}"#).await, (404, gone));
    for path in ["/v3/lease/revoke", "/v3/kv/lease/revoke"] {
        ok(&node, "/v3/lease/grant", r#"{"TTL":60,"ID":78}"#).await;
        assert_eq!(ok(&node, path, r#"{"ID":78}"#).await, format!("{{{}}}", header(&node, 1)));
    }
}

#[tokio::test]
async fn a_watch_is_one_document_in_each_piece() {
    let node = start().await;
    ok(&node, "/v3/kv/put", r#"{"key":"Zm9v","value":"YmFy"}"#).await;
    let create = r#"{"create_request":{"key":"Zm9v","start_revision":2}}"#;
    let pieces = node.post_for_pieces("/v3/watch", create, 2).await;
    let kv = r#"{"key":"Zm9v","create_revision":"2","mod_revision":"2","version":"1","value":"YmFy"}"#;
    let created = format!("{{\"result\":{{{},\"created\":true}}}}\n", header(&node, 2));
    let event = format!("{{\"result\":{{{},\"events\":[{{\"kv\":{kv}}}]}}}}\n", header(&node, 2));
    assert_eq!(pieces, [created.clone(), event]);
    let create = r#"{"createRequest":{"key":"Zm9v"}}{"cancel_request":{"watch_id":"0"}}"#;
    let pieces = node.post_for_pieces("/v3/watch", create, 2).await;
    assert_eq!(pieces, [created, format!("{{\"result\":{{{},\"canceled\":true}}}}\n", header(&node, 2))]);
}

#[tokio::test]
async fn a_watch_from_compacted_history_is_cancelled_without_a_revision() {
    let node = start().await;
    for value in ["YQ==", "Yg==", "Yw=="] {
        ok(&node, "/v3/kv/put", &format!(r#"{{"key":"Zm9v","value":"{value}"}}"#)).await;
    }
    ok(&node, "/v3/kv/compaction", r#"{"revision":"3"}"#).await;
    let create = r#"{"create_request":{"key":"Zm9v","start_revision":1}}"#;
    let pieces = node.post_for_pieces("/v3/watch", create, 2).await;
    let bare = header(&node, 4).replace(r#""revision":"4","#, "");
    let cancelled = format!("{{\"result\":{{{bare},\"canceled\":true,\"compact_revision\":\"3\"}}}}\n");
    assert_eq!(pieces[1], cancelled);
    let compacted = "etcdserver: mvcc: required revision has been compacted";
    let range = refused(&node, "/v3/kv/range", r#"{"key":"Zm9v","revision":1}"#).await;
    assert_eq!(range, (400, error(11, compacted)));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_and_what_is_unknown_passed_over() {
    let node = start().await;
    let empty = error(3, "etcdserver: key is not provided");
    assert_eq!(refused(&node, "/v3/kv/put", "").await, (400, empty.clone()));
    assert_eq!(refused(&node, "/v3/kv/put", r#"{"unknown":1}"#).await, (400, empty));
    let bad = error(3, "invalid character 'b' looking for beginning of object key string");
    assert_eq!(refused(&node, "/v3/kv/put", "{bad}").await, (400, bad));
    let (status, body) = refused(&node, "/v3/kv/put", r#"{"key":"!!"}"#).await;
    assert!(status == 400 && body.contains("invalid value for"), "{body}");
    for path in ["/v3/watch", "/v3/lease/keepalive"] {
        let (status, body) = refused(&node, path, "{bad}").await;
        assert!(status == 400 && body.starts_with(r#"{"error":{"grpc_code":3,"http_code":400,"#), "{body}");
    }
}

#[tokio::test]
async fn a_broken_request_ends_a_stream_with_a_line() {
    let node = start().await;
    let kept = ok(&node, "/v3/lease/keepalive", r#"{"ID":99}{bad}"#).await;
    let last = kept.lines().last().unwrap();
    assert!(last.starts_with(r#"{"error":{"grpc_code":3,"http_code":400,"code":3,"#), "{kept}");
}

#[tokio::test]
async fn paths_and_methods_that_lead_nowhere_are_told() {
    let node = start().await;
    assert_eq!(refused(&node, "/v3/nothing", "{}").await, (404, error(5, "Not Found")));
    let text = node.post("/nothing", "{}").await;
    assert_eq!((text.status.as_u16(), text.body.as_str()), (404, "404 page not found\n"));
    for method in ["GET", "PUT"] {
        let request = Request::builder().method(method).uri("/v3/kv/put").body("".into()).unwrap();
        let answer = node.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (405, "Method Not Allowed\n"));
        assert_eq!(answer.header("allow"), Some("POST"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
}

#[tokio::test]
async fn calls_that_need_users_or_are_not_there_yet_are_refused() {
    let node = start().await;
    let expected = error(9, "etcdserver: authentication is not enabled");
    assert_eq!(refused(&node, "/v3/auth/authenticate", r#"{"name":"a"}"#).await, (400, expected));
    let expected = error(3, "etcdserver: user name is empty");
    assert_eq!(refused(&node, "/v3/auth/user/add", "{}").await, (400, expected));
    let expected = error(12, "unknown service v3lockpb.Lock");
    assert_eq!(refused(&node, "/v3/lock/lock", "{}").await, (501, expected));
    let (status, body) = refused(&node, "/v3/maintenance/snapshot", "{}").await;
    assert!(status == 501 && body.starts_with(r#"{"error":{"grpc_code":12,"http_code":501,"#), "{body}");
}

#[tokio::test]
async fn a_member_list_names_this_member() {
    let node = start().await;
    let list = ok(&node, "/v3/cluster/member/list", "{}").await;
    let member = r#"{"ID":"10","name":"one","peerURLs":["http://localhost:2380"],"clientURLs":["http://localhost:2379"]}"#;
    let bare = header(&node, 1).replace(r#""revision":"1","#, "");
    assert_eq!(list, format!(r#"{{{bare},"members":[{member}]}}"#));
}

#[tokio::test]
async fn deadlines_and_sizes_are_kept() {
    let node = start().await;
    let request = Request::post("/v3/kv/put").header("grpc-timeout", "0n");
    let late = node.send(request.body(r#"{"key":"YQ=="}"#.into()).unwrap()).await;
    assert_eq!((late.status.as_u16(), late.body), (504, error(4, "context deadline exceeded")));
    let large = format!(r#"{{"key":"YQ==","value":"{}"}}"#, "YWFh".repeat(400_000));
    let expected = error(3, "etcdserver: request is too large");
    assert_eq!(refused(&node, "/v3/kv/put", &large).await, (400, expected));
    let huge = " ".repeat(4 << 20);
    let (status, body) = refused(&node, "/v3/kv/put", &huge).await;
    assert!(status == 429 && body.contains("received message larger than max"), "{body}");
}

#[tokio::test]
async fn calls_are_counted_with_their_outcome() {
    let node = start().await;
    ok(&node, "/v3/kv/put", r#"{"key":"YQ=="}"#).await;
    refused(&node, "/v3/kv/put", "{}").await;
    let put = crate::api::grpc::Method::Put;
    let counts = node.metrics.methods().find(|counts| counts.method == put).unwrap();
    assert_eq!((counts.started, counts.messages_received, counts.messages_sent), (2, 2, 1));
    assert_eq!((counts.handled[0], counts.handled[3]), (1, 1));
}

#[tokio::test]
async fn a_call_that_requires_a_leader_is_refused_without_one() {
    let node = TestNode::start_without_leader(&open_settings()).await;
    let ask = |path: &str| {
        let request = Request::post(path).header("grpc-metadata-hasleader", "true");
        node.send(request.body(r#"{"create_request":{},"serializable":true,"key":"YQ=="}"#.into()).unwrap())
    };
    let refused = ask("/v3/kv/range").await;
    assert_eq!((refused.status.as_u16(), refused.body), (503, error(14, "etcdserver: no leader")));
    let refused = ask("/v3/watch").await;
    assert_eq!(refused.status.as_u16(), 503);
    assert!(refused.body.starts_with(r#"{"error":{"grpc_code":14,"http_code":503,"#), "{}", refused.body);
}

/// POSTs as somebody who has shown a certificate in this name, from a page if there is an origin.
async fn by_certificate(
    node: &TestNode,
    name: &str,
    path: &str,
    body: &str,
    origin: Option<&str>,
) -> (u16, String) {
    let peer = Peer { address: None, certificate: CertificateName::verified(name) };
    let mut request = Request::post(path).extension(peer);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    let answer = node.send(request.body(body.to_owned().into()).unwrap()).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn a_certificate_says_who_calls_on_our_own_paths_alone() {
    const PUT: &str = r#"{"key":"Zm9v","value":"YmFy"}"#;
    let node = start().await;
    for (path, body) in [
        ("user/add", r#"{"name":"root","password":"secret"}"#),
        ("user/add", r#"{"name":"operator","options":{"no_password":true}}"#),
        ("role/add", r#"{"name":"root"}"#),
        ("user/grant", r#"{"user":"root","role":"root"}"#),
        ("user/grant", r#"{"user":"operator","role":"root"}"#),
        ("enable", "{}"),
    ] {
        ok(&node, &format!("/v3/auth/{path}"), body).await;
    }
    let put = async |path: &str, name: &str, origin: Option<&str>| {
        by_certificate(&node, name, path, PUT, origin).await
    };
    let (status, body) = put("/holdfast/v1/kv/put", "operator", None).await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = by_certificate(&node, "operator", "/holdfast/v1/auth/user/list", "{}", None).await;
    assert!(status == 200 && body.contains(r#""users":["operator","root"]"#), "{body}");
    let (status, body) = by_certificate(&node, "operator", "/holdfast/v1/membership", "{}", None).await;
    assert!(status == 200 && body.contains("configuration"), "{body}");

    let (status, body) = put("/v3/kv/put", "operator", None).await;
    assert!(status == 400 && body.contains("CommonName of client"), "{body}");
    let (_, body) = put("/holdfast/v1/kv/put", "operator", Some("https://page.example")).await;
    assert!(body.contains("user name is empty"), "{body}");
    let (_, body) = put("/holdfast/v1/kv/put", "stranger", None).await;
    assert!(body.contains("permission denied"), "{body}");
    let (status, _) = by_certificate(&node, "operator", "/holdfast/v1/nothing", "{}", None).await;
    assert_eq!(status, 404);
}
