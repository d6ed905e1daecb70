//! The v2 API under the same users: Basic credentials, and what a change of a node needs. etcd 3.7 has no v2 API, so the
//! outcomes stand here.

use ::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holdfast_tests::http::Answer;

use crate::subject::{BOTH, READ, Subject, holdfast, password};

const FORM: &str = "application/x-www-form-urlencoded";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

async fn ask(subject: &Subject, method: Method, path: &str, user: Option<&str>, form: &str) -> Answer {
    let authorization = user.map(|user| basic(user, &password(user)));
    subject.http(method, path, authorization.as_deref(), FORM, form).await
}

/// Somebody who may read and write `/team/`, and somebody who may read it.
async fn with_team() -> (holdfast_tests::Server, Subject) {
    let (server, subject, root) = holdfast().await;
    for (user, role, kind) in [("member", "members", BOTH), ("visitor", "visitors", READ)] {
        subject.add_user(user, &password(user), Some(&root)).await;
        subject.add_role(role, &[("/team/", "/team0", kind)], Some(&root)).await;
        subject.grant(user, role, Some(&root)).await;
    }
    (server, subject)
}

#[tokio::test]
async fn nodes_are_read_and_changed_by_those_who_may() {
    let (_server, subject) = with_team().await;
    let cases = [
        (Method::PUT, "/v2/keys/team/a", "root", 201),
        (Method::PUT, "/v2/keys/team/a", "member", 200),
        (Method::PUT, "/v2/keys/team/deep/er/b", "member", 201),
        (Method::PUT, "/v2/keys/other/a", "member", 401),
        (Method::PUT, "/v2/keys/team/a", "visitor", 401),
        (Method::PUT, "/v2/keys/team", "member", 401),
        (Method::POST, "/v2/keys/team/queue", "member", 201),
        (Method::POST, "/v2/keys/team/queue", "visitor", 401),
        (Method::GET, "/v2/keys/team/a", "member", 200),
        (Method::GET, "/v2/keys/team/a", "visitor", 200),
        (Method::GET, "/v2/keys/team/deep/er/b", "visitor", 200),
        (Method::GET, "/v2/keys/team?recursive=true", "visitor", 200),
        (Method::GET, "/v2/keys/team/none", "visitor", 404),
        (Method::GET, "/v2/keys/other/none", "visitor", 401),
        (Method::GET, "/v2/keys/?recursive=true", "visitor", 401),
        (Method::GET, "/v2/keys/team/a", "guest", 401),
        (Method::DELETE, "/v2/keys/team/a", "visitor", 401),
        (Method::DELETE, "/v2/keys/team?recursive=true", "member", 401),
        (Method::DELETE, "/v2/keys/team/deep?recursive=true", "member", 200),
        (Method::DELETE, "/v2/keys/team/a", "member", 200),
        (Method::DELETE, "/v2/keys/team?recursive=true", "root", 200),
    ];
    for (method, path, user, status) in cases {
        let form = if method == Method::PUT || method == Method::POST { "value=1" } else { "" };
        let answer = ask(&subject, method.clone(), path, Some(user), form).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} by {user}: {}", answer.text());
    }
}

#[tokio::test]
async fn every_route_but_those_for_monitoring_asks_for_credentials() {
    let (_server, subject) = with_team().await;
    let guarded = [
        "/v2/keys/team/a",
        "/v2/keys/team/a?wait=true",
        "/v2/keys/team/a?wait=true&stream=true&recursive=true",
        "/v2/members",
        "/v2/machines",
        "/v2/stats/self",
        "/v2/stats/store",
        "/v2/stats/leader",
    ];
    for path in guarded {
        for authorization in
            [None, Some(basic("member", "wrong")), Some(basic("stranger", "x")), Some("t.1".into())]
        {
            let answer = subject.http(Method::GET, path, authorization.as_deref(), FORM, "").await;
            assert_eq!(answer.status.as_u16(), 401, "{path}: {}", answer.text());
            assert!(!answer.text().contains("team"), "{path}: {}", answer.text());
        }
    }
    assert_eq!(ask(&subject, Method::GET, "/v2/members", Some("visitor"), "").await.status.as_u16(), 200);
    for path in ["/health", "/livez", "/readyz", "/version", "/metrics"] {
        assert_eq!(ask(&subject, Method::GET, path, None, "").await.status.as_u16(), 200, "{path}");
    }
}

#[tokio::test]
async fn the_gateway_takes_basic_credentials_and_tokens() {
    let (_server, subject) = with_team().await;
    let body = r#"{"key":"by8x"}"#;
    let post = |authorization: Option<String>| {
        let subject = subject.clone();
        async move {
            let json = "application/json";
            let answer =
                subject.http(Method::POST, "/v3/kv/range", authorization.as_deref(), json, body).await;
            (answer.status.as_u16(), answer.text())
        }
    };
    let token = subject.log_in("owner", &password("owner")).await;
    assert_eq!(post(Some(basic("owner", &password("owner")))).await.0, 200);
    assert_eq!(post(Some(token.clone())).await.0, 200);
    assert_eq!(post(Some(format!("Bearer {token}"))).await.0, 200);
    assert_eq!(post(Some(basic("guest", &password("guest")))).await.0, 403);
    let (status, text) = post(Some(basic("owner", "wrong"))).await;
    assert_eq!(status, 400);
    assert!(text.contains("authentication failed, invalid user ID or password"), "{text}");
    assert_eq!(post(Some("Basic nothing".to_owned())).await.0, 401);
    assert_eq!(post(None).await.0, 400);
}

#[tokio::test]
async fn a_wait_ends_when_its_client_may_no_longer_read() {
    let (server, subject) = with_team().await;
    let root = subject.log_in("root", &password("root")).await;
    ask(&subject, Method::PUT, "/v2/keys/team/a", Some("root"), "value=1").await;
    let visitor = basic("visitor", &password("visitor"));
    let path = "/v2/keys/team/a?wait=true&stream=true";
    let headers = [("Authorization", visitor.as_str())];
    let mut wait =
        holdfast_tests::http::open(server.client_address(), Method::GET, path, &headers, "").await.unwrap();
    assert_eq!(wait.status.as_u16(), 200);
    ask(&subject, Method::PUT, "/v2/keys/team/a", Some("root"), "value=2").await;
    let deadline = crate::subject::ANSWER_DEADLINE;
    let line = wait.next(deadline).await.unwrap().expect("the change is told");
    assert!(String::from_utf8_lossy(&line).contains("\"value\":\"2\""));
    subject.revoke("visitor", "visitors", Some(&root)).await;
    ask(&subject, Method::PUT, "/v2/keys/team/a", Some("root"), "value=3").await;
    assert_eq!(wait.next(deadline).await.unwrap(), None, "nothing more is told");
}
