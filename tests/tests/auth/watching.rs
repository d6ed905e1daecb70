//! Watches end when the permission behind them is taken away. etcd asks only when a watch is made; that is the choice here
//! because a client that may no longer read must not go on hearing.

use holdfast_proto::etcdserverpb as pb;
use prost::Message;
use tokio::sync::mpsc;
use tonic::Streaming;

use crate::subject::{ANSWER_DEADLINE, READ, Subject, holdfast, password};

struct Watching {
    _requests: mpsc::Sender<Vec<u8>>,
    answers: Streaming<Vec<u8>>,
}

impl Watching {
    async fn begin(subject: &Subject, token: Option<&str>, ranges: &[(&str, &str)]) -> Watching {
        let (requests, receiver) = mpsc::channel(8);
        for (key, end) in ranges {
            let create = pb::WatchCreateRequest {
                key: (*key).to_owned().into(),
                range_end: (*end).to_owned().into(),
                ..Default::default()
            };
            let request_union = Some(pb::watch_request::RequestUnion::CreateRequest(create));
            requests.send(pb::WatchRequest { request_union }.encode_to_vec()).await.unwrap();
        }
        let mut watching = Watching { _requests: requests, answers: subject.watch(receiver, token).await };
        for _ in ranges {
            let answer = watching.next().await;
            assert!(answer.created && !answer.canceled, "{answer:?}");
        }
        watching
    }

    async fn next(&mut self) -> pb::WatchResponse {
        let answer =
            tokio::time::timeout(ANSWER_DEADLINE, self.answers.message()).await.expect("an answer in time");
        pb::WatchResponse::decode(answer.unwrap().expect("the stream goes on").as_slice()).unwrap()
    }

    /// The next answer, which must end the watcher for this reason.
    async fn ends(&mut self, watch_id: i64, reason: &str) {
        let answer = self.next().await;
        assert_eq!((answer.watch_id, answer.canceled, answer.created), (watch_id, true, false), "{answer:?}");
        assert!(answer.cancel_reason.ends_with(reason), "{answer:?}");
        assert!(answer.events.is_empty());
    }

    async fn hears(&mut self, watch_id: i64, key: &str) {
        let answer = self.next().await;
        assert_eq!(answer.watch_id, watch_id, "{answer:?}");
        let keys: Vec<_> = answer.events.iter().map(|event| event.kv.clone().unwrap().key).collect();
        assert_eq!(keys, [key], "{answer:?}");
    }
}

async fn put(subject: &Subject, key: &str, token: &str) {
    let put = pb::PutRequest { key: key.to_owned().into(), value: "v".into(), ..Default::default() };
    subject.put(put, Some(token)).await.unwrap();
}

#[tokio::test]
async fn a_watch_ends_with_the_role_and_others_of_the_stream_go_on() {
    let (_server, subject, root) = holdfast().await;
    subject.add_role("extra", &[("e/", "e0", READ)], Some(&root)).await;
    subject.grant("guest", "extra", Some(&root)).await;
    let token = subject.log_in("guest", &password("guest")).await;
    let mut watching = Watching::begin(&subject, Some(&token), &[("e/", "e0"), ("g/", "g0")]).await;
    put(&subject, "e/1", &root).await;
    watching.hears(0, "e/1").await;
    subject.revoke("guest", "extra", Some(&root)).await;
    put(&subject, "e/2", &root).await;
    put(&subject, "g/2", &root).await;
    watching.ends(0, "etcdserver: permission denied").await;
    watching.hears(1, "g/2").await;
}

#[tokio::test]
async fn a_watch_ends_with_the_permission_the_password_the_user() {
    let (_server, subject, root) = holdfast().await;
    let owner = subject.log_in("owner", &password("owner")).await;
    let guest = subject.log_in("guest", &password("guest")).await;
    let gone = subject.log_in("gone", &password("gone")).await;
    let range = [("o/", "o0")];
    let mut of_owner = Watching::begin(&subject, Some(&owner), &range).await;
    let mut of_gone = Watching::begin(&subject, Some(&gone), &range).await;
    let mut of_guest = Watching::begin(&subject, Some(&guest), &[("g/", "g0")]).await;
    let mut of_root = Watching::begin(&subject, Some(&root), &[("", "\0")]).await;
    subject.change_password("owner", "other", Some(&root)).await;
    subject.delete_user("gone", Some(&root)).await;
    let question = pb::AuthRoleRevokePermissionRequest {
        role: "guests".into(),
        key: "g/".into(),
        range_end: "g0".into(),
    };
    let _: pb::AuthRoleRevokePermissionResponse =
        subject.call("etcdserverpb.Auth/RoleRevokePermission", question, Some(&root)).await;
    put(&subject, "o/9", &root).await;
    of_owner.ends(0, "etcdserver: invalid auth token").await;
    of_gone.ends(0, "etcdserver: invalid auth token").await;
    of_guest.ends(0, "etcdserver: permission denied").await;
    of_root.hears(0, "o/9").await;
}

#[tokio::test]
async fn enabling_ends_the_watches_of_those_who_did_not_say_who_they_are() {
    let (_server, subject, root) = holdfast().await;
    let _: pb::AuthDisableResponse =
        subject.call("etcdserverpb.Auth/AuthDisable", pb::AuthDisableRequest {}, Some(&root)).await;
    let mut watching = Watching::begin(&subject, None, &[("", "\0")]).await;
    let put = pb::PutRequest { key: "a".into(), value: "v".into(), ..Default::default() };
    subject.put(put, None).await.unwrap();
    watching.hears(0, "a").await;
    subject.enable().await;
    watching.ends(0, "etcdserver: user name is empty").await;
}
