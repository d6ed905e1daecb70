//! Tokens: good on every member, renewed by use, void with the password, the user or the switch; and logins that fail.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ::http::Method;
use holdfast_proto::etcdserverpb as pb;
use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Cluster, Implementation, http};
use tonic::Code;

use crate::subject::{Subject, holdfast, password};

const TTL: Duration = Duration::from_secs(3);

/// Three members of whom each is spoken to by itself.
async fn three(flag: Option<String>) -> (Cluster, Vec<Subject>) {
    let adapt = |plan: ServerPlan| match &flag {
        Some(flag) => plan.flag(flag),
        None => plan,
    };
    let cluster = Cluster::start_with(Implementation::Holdfast, 3, adapt).await.unwrap();
    let mut subjects = Vec::new();
    for member in &cluster.members {
        subjects.push(Subject::new(member).await);
    }
    subjects[0].set_up().await;
    (cluster, subjects)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_one_member_is_good_on_all_of_them() {
    let (_cluster, members) = three(None).await;
    for issuer in &members {
        let token = issuer.log_in("owner", &password("owner")).await;
        for member in &members {
            assert_eq!(member.range("o/1", Some(&token)).await.unwrap().count, 1);
        }
    }
    let token = members[2].log_in("owner", &password("owner")).await;
    let root = members[1].log_in("root", &password("root")).await;
    members[1].change_password("owner", "other", Some(&root)).await;
    for member in &members {
        let refused = member.range("o/1", Some(&token)).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.message()),
            (Code::Unauthenticated, "etcdserver: invalid auth token")
        );
        member.log_in("owner", "other").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_in_use_lasts_also_on_a_member_that_has_not_seen_it() {
    let (_cluster, members) = three(Some(format!("--auth-token-ttl={}", TTL.as_secs()))).await;
    let token = members[0].log_in("owner", &password("owner")).await;
    let unused = members[0].log_in("owner", &password("owner")).await;
    let begin = Instant::now();
    while begin.elapsed() < TTL * 3 {
        members[0].range("o/1", Some(&token)).await.unwrap();
        tokio::time::sleep(TTL / 10).await;
    }
    members[1].range("o/1", Some(&token)).await.unwrap();
    members[2].range("o/1", Some(&token)).await.unwrap();
    let refused = members[0].range("o/1", Some(&unused)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "one that is not used runs out");
}

#[tokio::test]
async fn a_token_outlives_a_restart_of_its_member() {
    let (mut server, subject, _) = holdfast().await;
    let token = subject.log_in("owner", &password("owner")).await;
    server.kill();
    server.spawn().unwrap();
    let subject = loop {
        // The harness' own wait reads without credentials.
        let health = holdfast_tests::http::get(server.client_address(), "/health").await;
        if health.is_ok_and(|answer| answer.status.is_success()) {
            break Subject::new(&server).await;
        }
        tokio::time::sleep(holdfast_tests::process::POLL_INTERVAL).await;
    };
    assert_eq!(subject.range("o/1", Some(&token)).await.unwrap().count, 1);
}

#[tokio::test]
async fn switching_off_and_on_voids_all_tokens() {
    let (_server, subject, root) = holdfast().await;
    let token = subject.log_in("owner", &password("owner")).await;
    let _: pb::AuthDisableResponse =
        subject.call("etcdserverpb.Auth/AuthDisable", pb::AuthDisableRequest {}, Some(&root)).await;
    assert_eq!(subject.range("x/1", None).await.unwrap().count, 1);
    let off = subject.try_log_in("owner", &password("owner")).await.unwrap_err();
    assert_eq!(off.message(), "etcdserver: authentication is not enabled");
    subject.enable().await;
    assert_eq!(subject.range("o/1", Some(&token)).await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test]
async fn a_token_that_was_tampered_with_is_void() {
    let (_server, subject, _) = holdfast().await;
    let token = subject.log_in("guest", &password("guest")).await;
    let other = subject.log_in("root", &password("root")).await;
    let (payload, signature) = token.split_once('.').unwrap();
    let (other_payload, other_signature) = other.split_once('.').unwrap();
    let forged = [
        format!("{other_payload}.{signature}"),
        format!("{payload}.{other_signature}"),
        format!("{payload}."),
        format!(".{signature}"),
        payload.to_owned(),
        format!("{payload}A.{signature}"),
        String::new(),
    ];
    for token in forged {
        let refused = subject.range("g/1", Some(&token)).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{token}");
    }
    assert!(subject.range("g/1", Some(&format!("Bearer {token}"))).await.is_ok());
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_user_still_gets_in_from_elsewhere() {
    let (_server, subject, _) = holdfast().await;
    let mut refused = None;
    for _ in 0..60 {
        let failure = subject.try_log_in("guest", "wrong").await.unwrap_err();
        if failure.code() == Code::ResourceExhausted {
            refused = Some(failure);
            break;
        }
        assert_eq!(failure.message(), "etcdserver: authentication failed, invalid user ID or password");
    }
    let refused = refused.expect("guessing goes on and on");
    assert!(refused.message().contains("try again later"), "{refused:?}");
    // The right password is not tried either, or it would be told from wrong ones.
    let right = subject.try_log_in("guest", &password("guest")).await.unwrap_err();
    assert_eq!(right.code(), Code::ResourceExhausted);
    subject.log_in("owner", &password("owner")).await;
}

/// Metrics tell how many credentials were refused and why, and name nobody.
#[tokio::test]
async fn refused_credentials_are_counted_by_reason() {
    let (server, subject, _) = holdfast().await;
    let counted = async || {
        let text = http::get(server.client_address(), "/metrics").await.unwrap().text();
        let lines = text.lines().filter_map(|line| {
            line.strip_prefix("holdfast_auth_refused_credentials_total{reason=\"")?.split_once("\"} ")
        });
        lines
            .map(|(reason, count)| (reason.to_owned(), count.parse::<u64>().unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    let none: BTreeMap<String, u64> =
        ["busy", "limited", "password", "token"].map(|reason| (reason.to_owned(), 0)).into();
    assert_eq!(counted().await, none);
    subject.try_log_in("guest", "wrong").await.unwrap_err();
    subject.try_log_in("a-name-to-look-for", "wrong").await.unwrap_err();
    let basic = [("Authorization", "Basic Z3Vlc3Q6d3Jvbmc=")];
    let refused = http::send(server.client_address(), Method::GET, "/v2/keys/g/1", &basic, "").await.unwrap();
    assert_eq!(refused.status, 401);
    subject.range("g/1", Some("no.token")).await.unwrap_err();
    let one = |reason: &str, count| (reason.to_owned(), count);
    assert_eq!(
        counted().await,
        [one("busy", 0), one("limited", 0), one("password", 3), one("token", 1)].into()
    );
    while subject.try_log_in("guest", "wrong").await.unwrap_err().code() != Code::ResourceExhausted {}
    assert_eq!(counted().await["limited"], 1);
    let text = http::get(server.client_address(), "/metrics").await.unwrap().text();
    assert!(!text.contains("a-name-to-look-for") && !text.contains("guest"), "{text}");
}
