//! Health, versions and the guard on a running node.

use axum::body::Body;
use axum::http::Request;
use holdfast_core::ids::MemberId;
use holdfast_core::response::AlarmKind;

use crate::api::test_node::{TestNode, open_settings};
use crate::auth::Claim;
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
    node.node.alarm(&Claim::default(), true, MemberId(0xa), Some(AlarmKind::NoSpace)).await.unwrap();
    let full = (503, "{\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n".to_owned());
    assert_eq!(get(&node, "/health").await, full);
    assert_eq!(get(&node, "/health?serializable=true").await, full);
    assert_eq!(get(&node, "/health?exclude=NOSPACE").await, well);
    assert_eq!(get(&node, "/readyz").await, (200, "ok\n".to_owned()));
    node.node.alarm(&Claim::default(), true, MemberId(0xa), Some(AlarmKind::Corrupt)).await.unwrap();
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

/// The values of all samples whose line begins with `name`, which may include labels.
fn values(text: &str, name: &str) -> Vec<f64> {
    let samples = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    samples.map(|value| value.parse().unwrap()).collect()
}

#[tokio::test]
async fn metrics_have_the_names_that_alerts_and_dashboards_ask_for() {
    let node = start().await;
    node.post("/v3/kv/put", r#"{"key":"YQ=="}"#).await;
    let answer = node.get("/metrics").await;
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let value = |name: &str| match values(&answer.body, name)[..] {
        [value] => value,
        ref other => panic!("{name}: {other:?}"),
    };
    assert_eq!(value("etcd_server_has_leader"), 1.0);
    assert_eq!(value("etcd_server_is_leader"), 1.0);
    assert_eq!(value("etcd_server_is_learner"), 0.0);
    assert_eq!(value("etcd_server_leader_changes_seen_total"), 1.0);
    assert!(value("etcd_server_proposals_committed_total") >= value("etcd_server_proposals_applied_total"));
    assert!(value("etcd_server_proposals_applied_total") > 1.0);
    assert_eq!(value("etcd_server_proposals_pending"), 0.0);
    assert_eq!(value("etcd_server_proposals_failed_total"), 0.0);
    assert_eq!(value("etcd_server_quota_backend_bytes"), 0.0);
    assert!(value("etcd_mvcc_db_total_size_in_bytes") > 0.0);
    assert!(value("etcd_mvcc_db_total_size_in_use_in_bytes") > 0.0);
    assert_eq!(value("etcd_debugging_mvcc_current_revision"), 2.0);
    assert_eq!(value("etcd_debugging_mvcc_keys_total"), 1.0);
    assert_eq!(value("etcd_debugging_mvcc_watcher_total"), 0.0);
    let syncs = value("etcd_disk_wal_fsync_duration_seconds_count");
    assert!(syncs >= 1.0);
    assert_eq!(value("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"+Inf\"}"), syncs);
    assert!(value("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"8.192\"}") <= syncs);
    assert!(value("etcd_disk_backend_commit_duration_seconds_bucket{le=\"+Inf\"}") >= 1.0);
    assert!(value("etcd_network_client_grpc_received_bytes_total") > 0.0);
    assert!(value("etcd_network_client_grpc_sent_bytes_total") > 0.0);
    assert_eq!(value("etcd_server_version{server_version=\"3.7.3\"}"), 1.0);
    assert_eq!(value("etcd_cluster_version{cluster_version=\"3.7\"}"), 1.0);
    assert_eq!(value("etcd_server_id{server_id=\"a\"}"), 1.0);
    assert!(value("process_cpu_seconds_total") > 0.0);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") < value("process_max_fds"));
    assert!(value("process_start_time_seconds") > 1.7e9);
}

#[tokio::test]
async fn every_method_and_code_is_there_from_the_start() {
    let node = start().await;
    node.post("/v3/kv/put", r#"{"key":"YQ=="}"#).await;
    node.post("/v3/kv/put", "{}").await;
    let text = node.get("/metrics").await.body;
    let put = r#"grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}"#;
    assert_eq!(values(&text, &format!("grpc_server_started_total{{{put}")), [2.0]);
    assert_eq!(values(&text, &format!("grpc_server_msg_received_total{{{put}")), [2.0]);
    assert_eq!(values(&text, &format!("grpc_server_msg_sent_total{{{put}")), [1.0]);
    for (code, count) in [("OK", 1.0), ("InvalidArgument", 1.0), ("Unavailable", 0.0)] {
        let name = format!("grpc_server_handled_total{{grpc_code=\"{code}\",{put}");
        assert_eq!(values(&text, &name), [count], "{code}");
    }
    let handled = text.lines().filter(|line| line.starts_with("grpc_server_handled_total{")).count();
    assert_eq!(handled, crate::api::grpc::Method::ALL.len() * 17);
    assert!(!text.contains("grpc_server_handling_seconds"));
}

#[tokio::test]
async fn extensive_metrics_tell_how_long_calls_took() {
    let settings = HttpSettings { has_extensive_metrics: true, ..open_settings() };
    let node = TestNode::start(&settings).await;
    node.post("/v3/kv/put", r#"{"key":"YQ=="}"#).await;
    let text = node.get("/metrics").await.body;
    let put = r#"{grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"}"#;
    assert_eq!(values(&text, &format!("grpc_server_handling_seconds_count{put}")), [1.0]);
}

#[tokio::test]
async fn the_metrics_of_a_member_name_its_peers() {
    let node = TestNode::start_without_leader(&open_settings()).await;
    let text = node.get("/metrics").await.body;
    assert_eq!(values(&text, "etcd_server_has_leader"), [0.0]);
    assert_eq!(values(&text, r#"etcd_network_known_peers{Local="a",Remote="b"}"#), [1.0]);
    assert_eq!(values(&text, r#"etcd_network_peer_sent_bytes_total{To="b"}"#), [0.0]);
    assert_eq!(values(&text, r#"etcd_network_peer_received_bytes_total{From="b"}"#), [0.0]);
    assert_eq!(values(&text, r#"etcd_network_peer_sent_failures_total{To="b"}"#).len(), 1);
    assert_eq!(values(&text, r#"etcd_network_peer_round_trip_time_seconds_count{To="b"}"#), [0.0]);
}

#[tokio::test]
async fn variables_tell_where_raft_stands() {
    let node = start().await;
    let answer = node.get("/debug/vars").await;
    let variables: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let raft = &variables["raft.status"];
    assert_eq!(raft["id"], "a", "{variables}");
    assert_eq!(raft["lead"], "a");
    assert_eq!(raft["raftState"], "StateLeader");
    assert!(raft["applied"].as_u64() > Some(0) && raft["commit"] == raft["applied"], "{raft}");
    assert!(variables["cmdline"][0].is_string());
}

#[tokio::test]
async fn the_monitoring_port_serves_monitoring_alone() {
    let node = start().await;
    let routes = super::metrics_routes(node.node.clone(), node.metrics.clone());
    for (path, status) in [
        ("/metrics", 200),
        ("/health", 200),
        ("/livez", 200),
        ("/readyz", 200),
        ("/version", 404),
        ("/v3/kv/put", 404),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = tower::ServiceExt::oneshot(routes.clone(), request).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}
