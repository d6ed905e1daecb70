//! Rights taken and given back under load on three members, of which one after the other is cut off from the network,
//! paused or killed, the leader among them: no request is served on a right that was taken before the request's revision,
//! and the members' users stay equal (etcd #14571, #11651).

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use holdfast_proto::etcdserverpb as pb;
use holdfast_tests::network::Network;
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Cluster, Implementation};
use prost::Message;
use tonic::Code;

use crate::subject::{Subject, password};

const ROUNDS: usize = 30;

/// How long rights stay as they are in a round, at least.
const ROUND_TIME: Duration = Duration::from_millis(60);

const PATIENCE: Duration = Duration::from_secs(60);

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
    let (cluster, network) = Cluster::start_on_network(Implementation::Holdfast, 3, adapt).await.unwrap();
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
    let mut root = Administrator::new(&members).await;
    let token = root.token.clone();
    let mut trouble = Trouble { cluster, network, members: members.clone(), token, member: None };
    let mut taken: Vec<Range<i64>> = Vec::new();
    for round in 0..ROUNDS {
        tokio::time::sleep(ROUND_TIME).await;
        trouble.make(round).await;
        root.avoided = trouble.member;
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

/// What goes wrong in which round.
struct Trouble {
    cluster: Cluster,
    network: Network,
    members: Vec<Subject>,
    /// Of `root`.
    token: String,
    /// The member in trouble.
    member: Option<usize>,
}

impl Trouble {
    async fn make(&mut self, round: usize) {
        let members = self.cluster.members.len();
        match round {
            4 => {
                let member = self.begin_with_follower().await;
                self.network.isolate(member, members);
            }
            // It hears nobody, and everybody hears it.
            10 => {
                let member = self.begin_with_follower().await;
                for other in (0..members).filter(|other| *other != member) {
                    self.network.cut(other, member);
                }
            }
            16 => {
                let leader = self.leader_of(0..members).await;
                self.network.isolate(leader, members);
                self.member = Some(leader);
            }
            20 => {
                // Somebody has taken over from the leader that was cut off.
                self.leader_of((0..members).filter(|index| Some(*index) != self.member)).await;
                self.end();
            }
            22 => {
                let member = self.begin_with_follower().await;
                self.cluster.members[member].process().pause();
            }
            25 => {
                let member = self.member.expect("one is paused");
                self.cluster.members[member].process().resume();
                self.end();
            }
            27 => {
                let index = self.begin_with_follower().await;
                let member = &mut self.cluster.members[index];
                member.kill();
                member.spawn().unwrap();
                self.network.runs(index, member.process().id());
            }
            8 | 14 => self.end(),
            _ => {}
        }
    }

    async fn begin_with_follower(&mut self) -> usize {
        let members = self.members.len();
        let follower = (self.leader_of(0..members).await + 1) % members;
        self.member = Some(follower);
        follower
    }

    fn end(&mut self) {
        self.network.mend();
        self.member = None;
    }

    /// Waits for one of these members to say that it leads.
    async fn leader_of(&self, members: impl Iterator<Item = usize> + Clone) -> usize {
        let start = Instant::now();
        for index in members.cycle() {
            let question = pb::StatusRequest {};
            let method = "etcdserverpb.Maintenance/Status";
            let status =
                self.members[index].try_call::<_, pb::StatusResponse>(method, question, Some(&self.token));
            if let Ok(Ok(status)) = tokio::time::timeout(Duration::from_secs(2), status).await
                && status.leader == status.header.unwrap().member_id
            {
                return index;
            }
            assert!(start.elapsed() < PATIENCE, "nobody leads");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        unreachable!("there are members")
    }
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

/// Insists until what it wants is so, through one member or another that is not in trouble: what one that is took on
/// may happen long after.
struct Administrator {
    members: Vec<Subject>,
    avoided: Option<usize>,
    token: String,
}

impl Administrator {
    async fn new(members: &[Subject]) -> Self {
        Self {
            members: members.to_vec(),
            avoided: None,
            token: members[0].log_in("root", &password("root")).await,
        }
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
        for (index, member) in self.members.iter().enumerate().cycle() {
            if Some(index) == self.avoided {
                continue;
            }
            // No member leaves a request open for longer than this call waits.
            match member.unary(method, message.clone(), Some(&self.token)).await {
                Ok(answer) => return Some(answer),
                Err(status) if status.code() == Code::FailedPrecondition => return None,
                Err(status) => assert!(start.elapsed() < PATIENCE, "{method}: {status:?}"),
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
