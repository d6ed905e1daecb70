//! Rights taken and given back under load on three members, one of which is paused or killed now and then: no request is
//! served on a right that was taken before the request's revision, and the members' users stay equal (etcd #14571,
//! #11651).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use holdfast_proto::etcdserverpb as pb;
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Cluster, Implementation};
use prost::Message;
use tonic::Code;

use crate::subject::{Subject, password};

const ROUNDS: usize = 30;

/// How long rights stay as they are in a round, at least.
const ROUND_TIME: Duration = Duration::from_millis(60);

/// What was served to those whose rights come and go: store revisions.
#[derive(Default)]
struct Served {
    writes: Mutex<Vec<i64>>,
    reads: Mutex<Vec<i64>>,
    refused: Mutex<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_served_on_a_right_that_was_taken_before() {
    let adapt = |plan: ServerPlan| plan.flag("--bcrypt-cost=4");
    let mut cluster = Cluster::start_with(Implementation::Holdfast, 3, adapt).await.unwrap();
    let mut members = Vec::new();
    for member in &cluster.members {
        members.push(Subject::new(member).await);
    }
    members[0].set_up().await;
    let served = Arc::new(Served::default());
    let is_over = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for member in &members {
        clients.push(tokio::spawn(write(member.clone(), served.clone(), is_over.clone())));
        clients.push(tokio::spawn(read(member.clone(), false, served.clone(), is_over.clone())));
        clients.push(tokio::spawn(read(member.clone(), true, served.clone(), is_over.clone())));
    }
    // Administration goes through the members that are up all the time.
    let root = Administrator::new(&members[..2]).await;
    let mut taken: Vec<Range<i64>> = Vec::new();
    for round in 0..ROUNDS {
        tokio::time::sleep(ROUND_TIME).await;
        match round {
            7 | 17 => cluster.members[2].process().pause(),
            12 | 22 => cluster.members[2].process().resume(),
            25 => {
                cluster.members[2].kill();
                cluster.members[2].spawn().unwrap();
            }
            _ => {}
        }
        root.take().await;
        let from = root.mark().await;
        tokio::time::sleep(ROUND_TIME).await;
        let until = root.mark().await;
        root.give().await;
        taken.push(from..until);
    }
    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    judge(&served, &taken);
    are_equal(&members).await;
}

/// Nothing was served while the rights were away, and much while they were there.
fn judge(served: &Served, taken: &[Range<i64>]) {
    let (writes, reads) = (served.writes.lock().unwrap(), served.reads.lock().unwrap());
    for range in taken {
        let write = writes.iter().find(|revision| range.contains(*revision));
        assert!(write.is_none(), "a write at {write:?} though the right was away in {range:?}");
        let read = reads.iter().find(|revision| range.contains(*revision));
        assert!(read.is_none(), "a read at {read:?} though the right was away in {range:?}");
    }
    assert!(writes.len() > ROUNDS && reads.len() > ROUNDS, "{} writes, {} reads", writes.len(), reads.len());
    let refused = *served.refused.lock().unwrap();
    assert!(refused > ROUNDS, "only {refused} requests were refused");
}

/// Insists until what it wants is so, through one member or another.
struct Administrator {
    members: Vec<Subject>,
    token: String,
}

impl Administrator {
    async fn new(members: &[Subject]) -> Self {
        Self { members: members.to_vec(), token: members[0].log_in("root", &password("root")).await }
    }

    async fn take(&self) {
        let question = pb::AuthUserRevokeRoleRequest { name: "writer".into(), role: "writers".into() };
        self.insist("etcdserverpb.Auth/UserRevokeRole", question).await;
        let question = pb::AuthRoleRevokePermissionRequest {
            role: "guests".into(),
            key: "g/".into(),
            range_end: "g0".into(),
        };
        self.insist("etcdserverpb.Auth/RoleRevokePermission", question).await;
    }

    async fn give(&self) {
        let question = pb::AuthUserGrantRoleRequest { user: "writer".into(), role: "writers".into() };
        self.insist("etcdserverpb.Auth/UserGrantRole", question).await;
        let perm = holdfast_proto::authpb::Permission {
            perm_type: crate::subject::READ.into(),
            key: "g/".into(),
            range_end: "g0".into(),
        };
        let question = pb::AuthRoleGrantPermissionRequest { name: "guests".into(), perm: Some(perm) };
        self.insist("etcdserverpb.Auth/RoleGrantPermission", question).await;
    }

    /// The revision of a write that lies behind everything that was answered so far.
    async fn mark(&self) -> i64 {
        let put = pb::PutRequest { key: "mark".into(), value: "m".into(), ..Default::default() };
        let answer = self.insist("etcdserverpb.KV/Put", put).await.expect("a put is never done already");
        pb::PutResponse::decode(answer.as_slice()).unwrap().header.unwrap().revision
    }

    /// Tries until it is done; answers nothing when an earlier try had done it without saying so.
    async fn insist(&self, method: &str, question: impl Message) -> Option<Vec<u8>> {
        let message = question.encode_to_vec();
        let start = Instant::now();
        for member in self.members.iter().cycle() {
            let call = member.unary(method, message.clone(), Some(&self.token));
            match tokio::time::timeout(Duration::from_secs(5), call).await {
                Ok(Ok(answer)) => return Some(answer),
                Ok(Err(status)) if status.code() == Code::FailedPrecondition => return None,
                Ok(Err(status)) => assert!(start.elapsed() < Duration::from_secs(60), "{method}: {status:?}"),
                Err(_) => {}
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        unreachable!("there are members")
    }
}

async fn write(member: Subject, served: Arc<Served>, is_over: Arc<AtomicBool>) {
    let mut token = String::new();
    while !is_over.load(Ordering::Relaxed) {
        let put = pb::PutRequest { key: "w/load".into(), value: "v".into(), ..Default::default() };
        let call = member.put(put, Some(&token));
        // A member that is paused does not answer; the next request finds out.
        let Ok(outcome) = tokio::time::timeout(Duration::from_secs(2), call).await else { continue };
        match outcome {
            Ok(answer) => served.writes.lock().unwrap().push(answer.header.unwrap().revision),
            Err(status) => refused(&member, "writer", &status, &mut token, &served).await,
        }
    }
}

async fn read(member: Subject, serializable: bool, served: Arc<Served>, is_over: Arc<AtomicBool>) {
    let mut token = String::new();
    while !is_over.load(Ordering::Relaxed) {
        let range = pb::RangeRequest { key: "g/1".into(), serializable, ..Default::default() };
        let call = member.try_call::<_, pb::RangeResponse>("etcdserverpb.KV/Range", range, Some(&token));
        let Ok(outcome) = tokio::time::timeout(Duration::from_secs(2), call).await else { continue };
        match outcome {
            Ok(answer) => served.reads.lock().unwrap().push(answer.header.unwrap().revision),
            Err(status) => refused(&member, "guest", &status, &mut token, &served).await,
        }
    }
}

async fn refused(member: &Subject, user: &str, status: &tonic::Status, token: &mut String, served: &Served) {
    match status.code() {
        Code::PermissionDenied => *served.refused.lock().unwrap() += 1,
        Code::Unauthenticated => {
            let password = password(user);
            let login = member.try_log_in(user, &password);
            if let Ok(Ok(fresh)) = tokio::time::timeout(Duration::from_secs(2), login).await {
                *token = fresh;
            }
        }
        // The member is down, or there is no leader for a moment.
        Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal => {
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        other => panic!("{other:?}: {status:?}"),
    }
}

/// All members say the same of keys, users and roles.
async fn are_equal(members: &[Subject]) {
    let start = Instant::now();
    loop {
        let mut seen = Vec::new();
        for member in members {
            seen.extend(state(member).await);
        }
        if seen.len() == members.len() && seen.iter().all(|state| *state == seen[0]) {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the members differ: {seen:?}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// Revision, revision of users, hash over both. None while the member does not answer.
async fn state(member: &Subject) -> Option<(i64, u64, u32)> {
    let token = member.try_log_in("root", &password("root")).await.ok()?;
    let token = Some(token.as_str());
    let status: pb::AuthStatusResponse =
        member.try_call("etcdserverpb.Auth/AuthStatus", pb::AuthStatusRequest {}, token).await.ok()?;
    let hash: pb::HashResponse =
        member.try_call("etcdserverpb.Maintenance/Hash", pb::HashRequest {}, token).await.ok()?;
    Some((hash.header?.revision, status.auth_revision, hash.hash))
}
