//! One test for each past advisory about who may do what in etcd: the hole is not here.

use std::time::Duration;

use holdfast_proto::etcdserverpb as pb;
use pb::request_op::Request;
use prost::Message;
use tonic::Code;

use crate::calls::{self, Form};
use crate::subject::{Subject, holdfast, is_denied, password};

/// What a caller without credentials may do: log in, ask whether it has to, and see that the server is well.
const OPEN: [&str; 2] = ["status of authentication", "log in"];

/// CVE-2026-33413: several calls were not checked at all.
#[tokio::test]
async fn every_call_asks_who_calls() {
    let (_server, subject, _) = holdfast().await;
    for call in calls::all(1) {
        if OPEN.iter().any(|open| call.name.starts_with(open)) {
            continue;
        }
        let message = call.message.clone();
        let outcome = match call.form {
            Form::Unary => subject.unary(call.grpc, message, None).await,
            Form::Stream => subject.stream(call.grpc, message, None).await,
            Form::Watch | Form::KeepAlive => subject.first(call.grpc, message, None).await,
        };
        match (call.form, outcome) {
            (Form::Watch, Ok(answer)) => {
                assert!(pb::WatchResponse::decode(answer.as_slice()).unwrap().canceled, "{}", call.name);
            }
            (_, Ok(_)) => panic!("{} needs no credentials", call.name),
            (_, Err(status)) => {
                let is_empty = status.message() == "etcdserver: user name is empty";
                // Some requests are refused for what they are before anybody asks whose they are, as at etcd.
                let is_malformed = status.message() == "etcdserver: key is not provided";
                assert!(is_empty || is_malformed, "{}: {status:?}", call.name);
            }
        }
    }
}

/// CVE-2026-33343: the operations of nested transactions were not checked.
#[tokio::test]
async fn a_nested_transaction_reads_and_writes_nothing_that_its_caller_may_not() {
    let (_server, subject, root) = holdfast().await;
    let token = subject.log_in("writer", &password("writer")).await;
    let read = Request::RequestRange(pb::RangeRequest { key: "o/1".into(), ..Default::default() });
    let put =
        Request::RequestPut(pb::PutRequest { key: "o/1".into(), value: "9".into(), ..Default::default() });
    let delete =
        Request::RequestDeleteRange(pb::DeleteRangeRequest { key: "o/1".into(), ..Default::default() });
    for request in [read, put, delete] {
        for depth in 1..4 {
            let outcome = txn(&subject, nested(request.clone(), depth), &token).await;
            assert!(is_denied(&outcome), "{request:?} at depth {depth}");
        }
    }
    let kept = subject.range("o/1", Some(&root)).await.unwrap();
    assert_eq!(kept.kvs[0].value, "1");
}

/// CVE-2026-44283: puts in transactions were not checked for `prev_kv` and leases.
#[tokio::test]
async fn a_put_in_a_transaction_shows_and_leases_no_more_than_a_put() {
    let (_server, subject, root) = holdfast().await;
    let token = subject.log_in("writer", &password("writer")).await;
    let prev_kv = pb::PutRequest { key: "w/1".into(), prev_kv: true, ..Default::default() };
    let leased = pb::PutRequest { key: "w/2".into(), lease: 102, ..Default::default() };
    for put in [prev_kv, leased] {
        assert!(is_denied(&subject.put(put.clone(), Some(&token)).await), "{put:?}");
        for depth in 0..3 {
            let request = Request::RequestPut(put.clone());
            assert!(
                is_denied(&txn(&subject, nested(request, depth), &token).await),
                "{put:?} at depth {depth}"
            );
        }
    }
    let attached = pb::LeaseTimeToLiveRequest { id: 102, keys: true };
    let attached: pb::LeaseTimeToLiveResponse =
        subject.call("etcdserverpb.Lease/LeaseTimeToLive", attached, Some(&root)).await;
    assert_eq!(attached.keys, ["o/1"]);
}

/// GHSA-xg4h-6gfc-h4m8: of a watch only the first key was checked.
#[tokio::test]
async fn a_watch_sees_no_key_behind_what_its_caller_may_read() {
    let (_server, subject, _) = holdfast().await;
    let token = subject.log_in("guest", &password("guest")).await;
    for (key, end) in [("g/", "h"), ("g/", "\0"), ("", "\0"), ("g/", "g00"), ("f", "g0")] {
        let create = pb::WatchCreateRequest { key: key.into(), range_end: end.into(), ..Default::default() };
        let request_union = Some(pb::watch_request::RequestUnion::CreateRequest(create));
        let message = pb::WatchRequest { request_union }.encode_to_vec();
        let answer = subject.first("etcdserverpb.Watch/Watch", message, Some(&token)).await.unwrap();
        let answer = pb::WatchResponse::decode(answer.as_slice()).unwrap();
        assert!(answer.canceled, "{key}..{end}");
        assert!(answer.cancel_reason.ends_with("etcdserver: permission denied"), "{key}..{end}");
    }
}

/// CVE-2023-32082: the keys of a lease were shown to everybody.
#[tokio::test]
async fn the_keys_of_a_lease_are_shown_to_those_who_may_read_them() {
    let (_server, subject, root) = holdfast().await;
    let keys = |id| pb::LeaseTimeToLiveRequest { id, keys: true };
    let guest = subject.log_in("guest", &password("guest")).await;
    let owner = subject.log_in("owner", &password("owner")).await;
    let method = "etcdserverpb.Lease/LeaseTimeToLive";
    let asked = |id, token| subject.try_call::<_, pb::LeaseTimeToLiveResponse>(method, keys(id), Some(token));
    assert!(is_denied(&asked(102, &guest).await));
    assert_eq!(asked(102, &owner).await.unwrap().keys, ["o/1"]);
    assert_eq!(asked(104, &root).await.unwrap().keys, ["x/1"]);
    let leases = pb::LeaseLeasesRequest {};
    let listed: Result<pb::LeaseLeasesResponse, _> =
        subject.try_call("etcdserverpb.Lease/LeaseLeases", leases, Some(&guest)).await;
    assert!(is_denied(&listed));
}

/// CVE-2021-28235: a password could be read from a page for debugging. No page shows one here, and neither do logs,
/// metrics, nor the data folder.
#[tokio::test]
async fn a_password_is_found_nowhere() {
    let (server, subject, root) = holdfast().await;
    let secret = "a-password-to-look-for";
    subject.add_user("wanted", secret, Some(&root)).await;
    let token = subject.log_in("wanted", secret).await;
    let wrong = subject.try_log_in("wanted", "a-password-that-is-wrong").await.unwrap_err();
    assert!(!wrong.message().contains("wrong"));
    for page in
        ["/metrics", "/debug/requests", "/debug/vars", "/debug/pprof/cmdline", "/health", "/v2/stats/self"]
    {
        let answer = holdfast_tests::http::get(server.client_address(), page).await.unwrap();
        assert!(!answer.text().contains(secret), "{page}");
    }
    // The login is in the log by then: the failed one is logged and comes last.
    let start = std::time::Instant::now();
    while !server.output().contains("a login failed") {
        assert!(start.elapsed() < Duration::from_secs(10), "the failed login is not in the log");
        tokio::time::sleep(holdfast_tests::process::POLL_INTERVAL).await;
    }
    for secret in [secret, "a-password-that-is-wrong", token.as_str()] {
        assert!(!server.output().contains(secret), "{secret} is in the log");
        assert!(!is_in_folder(server.data_dir(), secret.as_bytes()), "{secret} is in the data folder");
    }
}

fn is_in_folder(folder: &std::path::Path, wanted: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_in_folder(&path, wanted);
        }
        // A file may go while the folder is read.
        let content = std::fs::read(&path).unwrap_or_default();
        content.windows(wanted.len()).any(|window| window == wanted)
    })
}

async fn txn(subject: &Subject, txn: pb::TxnRequest, token: &str) -> Result<pb::TxnResponse, tonic::Status> {
    let outcome = subject.try_call("etcdserverpb.KV/Txn", txn, Some(token)).await;
    assert!(!matches!(&outcome, Err(status) if status.code() == Code::Internal));
    outcome
}

fn nested(request: Request, depth: usize) -> pb::TxnRequest {
    let of = |request| pb::TxnRequest {
        failure: vec![pb::RequestOp { request: Some(request) }],
        ..Default::default()
    };
    (0..depth).fold(of(request), |txn, _| of(Request::RequestTxn(txn)))
}
