//! Health, versions and the guard on a running node.

use axum::body::Body;
use axum::http::Request;
use holdfast_core::ids::MemberId;
use holdfast_core::response::AlarmKind;

use crate::api::test_node::{TestNode, open_settings};
use crate::config::HttpSettings;
use crate::version::HOLDFAST_VERSION;

async fn start() -> TestNode {
    TestNode::start(&open_settings()).await
}

async fn get(node: &TestNode, path: &str) -> (u16, String) {
    let answer = node.get(path).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn versions_are_plain_numbers() {
    let node = start().await;
    let answer = node.get("/version").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let expected = format!(
        r#"{{"etcdserver":"3.7.3","etcdcluster":"3.7.0","storage":"3.7.0","holdfast":"{HOLDFAST_VERSION}"}}"#
    );
    assert_eq!(answer.body, expected);
}

#[tokio::test]
async fn health_is_false_while_an_alarm_is_up() {
    let node = start().await;
    let well = (200, r#"{"health":"true","reason":""}"#.to_owned());
    assert_eq!(get(&node, "/health").await, well);
    assert_eq!(get(&node, "/health?serializable=true").await, well);
    node.node.alarm(true, MemberId(0xa), Some(AlarmKind::NoSpace)).await.unwrap();
    let full = (503, "{\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n".to_owned());
    assert_eq!(get(&node, "/health").await, full);
    assert_eq!(get(&node, "/health?serializable=true").await, full);
    assert_eq!(get(&node, "/health?exclude=NOSPACE").await, well);
    assert_eq!(get(&node, "/readyz").await, (200, "ok\n".to_owned()));
    node.node.alarm(true, MemberId(0xa), Some(AlarmKind::Corrupt)).await.unwrap();
    let corrupt = (503, "{\"health\":\"false\",\"reason\":\"ALARM CORRUPT\"}\n".to_owned());
    assert_eq!(get(&node, "/health?exclude=NOSPACE").await, corrupt);
    assert_eq!(get(&node, "/health?exclude=NOSPACE&exclude=CORRUPT").await, well);
    let lines = "[-]data_corruption failed: alarm activated: CORRUPT\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\n\n";
    assert_eq!(get(&node, "/readyz").await, (503, lines.to_owned()));
    assert_eq!(get(&node, "/readyz?exclude=data_corruption").await, (200, "ok\n".to_owned()));
    assert_eq!(get(&node, "/livez").await, (200, "ok\n".to_owned()));
}

#[tokio::test]
async fn health_is_false_without_a_leader() {
    let node = TestNode::start_without_leader(&open_settings()).await;
    let (status, body) = get(&node, "/health").await;
    assert_eq!((status, body.as_str()), (503, "{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n"));
    assert_eq!(get(&node, "/health?serializable=true").await.0, 200);
    assert_eq!(get(&node, "/livez").await.0, 200);
    assert_eq!(get(&node, "/readyz?exclude=linearizable_read").await.0, 200);
}

#[tokio::test]
async fn checks_are_told_by_name_when_asked() {
    let node = start().await;
    let one = "[+]serializable_read ok\nok\n".to_owned();
    assert_eq!(get(&node, "/livez?verbose").await, (200, one.clone()));
    assert_eq!(get(&node, "/livez/serializable_read?verbose").await, (200, one));
    assert_eq!(get(&node, "/readyz/non_learner").await, (200, "ok\n".to_owned()));
    let three = "[+]data_corruption ok\n[+]serializable_read ok\n[+]non_learner ok\nok\n".to_owned();
    assert_eq!(get(&node, "/readyz?verbose&exclude=linearizable_read").await, (200, three));
    let nowhere = (404, "404 page not found\n".to_owned());
    for path in ["/readyz/nothing", "/livez/linearizable_read", "/readyz/", "/"] {
        assert_eq!(get(&node, path).await, nowhere, "{path}");
    }
}

#[tokio::test]
async fn only_get_is_answered() {
    let node = start().await;
    for path in ["/health", "/livez", "/readyz/non_learner", "/version"] {
        for method in ["POST", "HEAD", "PUT"] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let answer = node.send(request).await;
            assert_eq!(
                (answer.status.as_u16(), answer.header("allow")),
                (405, Some("GET")),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn any_origin_may_call_when_all_are_allowed() {
    let node = start().await;
    let request = Request::options("/v3/kv/put").header("origin", "http://a").body(Body::empty()).unwrap();
    for answer in [node.send(request).await, node.get("/version").await, node.get("/nothing").await] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let methods = answer.header("access-control-allow-methods");
        assert_eq!(methods, Some("POST, GET, OPTIONS, PUT, DELETE"));
        let headers = answer.header("access-control-allow-headers");
        assert_eq!(headers, Some("accept, content-type, authorization"));
    }
}

#[tokio::test]
async fn only_listed_origins_and_hosts_may_call() {
    let settings = HttpSettings {
        has_gateway: false,
        cors_origins: vec!["http://a".into()],
        host_whitelist: vec!["localhost".into(), "::1".into()],
        ..open_settings()
    };
    let node = TestNode::start(&settings).await;
    let ask = |host: &str, origin: &str| {
        let request = Request::get("/version").header("host", host).header("origin", origin);
        node.send(request.body(Body::empty()).unwrap())
    };
    let listed = ask("localhost:2379", "http://a").await;
    assert_eq!(
        (listed.status.as_u16(), listed.header("access-control-allow-origin")),
        (200, Some("http://a"))
    );
    let other = ask("[::1]:2379", "http://b").await;
    assert_eq!((other.status.as_u16(), other.header("access-control-allow-origin")), (200, None));
    for host in ["evil.example:2379", "localhost.evil.example", ""] {
        let refused = ask(host, "http://a").await;
        assert_eq!(refused.status.as_u16(), 421, "{host}");
        assert!(refused.body.contains("--host-whitelist"), "{}", refused.body);
    }
    let over_http2 = Request::get("http://localhost:2379/version").body(Body::empty()).unwrap();
    assert_eq!(node.send(over_http2).await.status.as_u16(), 200);
    let off = Request::post("http://localhost/v3/kv/put").body(Body::from("{}")).unwrap();
    assert_eq!(node.send(off).await.body, "404 page not found\n");
}
