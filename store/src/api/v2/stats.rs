//! `/v2/stats`: what this member did since it started. etcd counts append requests and times its followers, too; what is
//! not measured here is left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use holdfast_core::v2::V2Operation;
use serde::Serialize;

use super::{V2, members, time};
use crate::api::http::plain;
use crate::node::unix_nanos;

/// Kinds of requests that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    Get,
    Set,
    Delete,
    Update,
    Create,
    CompareAndSwap,
    CompareAndDelete,
}

const KINDS: usize = 7;

impl Counted {
    pub fn of(operation: &V2Operation) -> Counted {
        match operation {
            V2Operation::Set { .. } => Counted::Set,
            V2Operation::Create { .. } => Counted::Create,
            V2Operation::Update { .. } => Counted::Update,
            V2Operation::CompareAndSwap { .. } => Counted::CompareAndSwap,
            V2Operation::Delete { .. } => Counted::Delete,
            V2Operation::CompareAndDelete { .. } => Counted::CompareAndDelete,
        }
    }
}

/// Requests that this member answered, by kind and outcome.
#[derive(Debug, Default)]
pub(super) struct StoreStats {
    succeeded: [AtomicU64; KINDS],
    failed: [AtomicU64; KINDS],
}

impl StoreStats {
    /// Counts a read.
    pub fn count_get(&self, is_ok: bool) {
        self.count_change(Counted::Get, is_ok);
    }

    /// Counts a change.
    pub fn count_change(&self, kind: Counted, is_ok: bool) {
        let counters = if is_ok { &self.succeeded } else { &self.failed };
        counters[kind as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn counts(&self, kind: Counted) -> (u64, u64) {
        let count = |counters: &[AtomicU64; KINDS]| counters[kind as usize].load(Ordering::Relaxed);
        (count(&self.succeeded), count(&self.failed))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Store {
    gets_success: u64,
    gets_fail: u64,
    sets_success: u64,
    sets_fail: u64,
    delete_success: u64,
    delete_fail: u64,
    update_success: u64,
    update_fail: u64,
    create_success: u64,
    create_fail: u64,
    compare_and_swap_success: u64,
    compare_and_swap_fail: u64,
    compare_and_delete_success: u64,
    compare_and_delete_fail: u64,
    expire_count: u64,
    watchers: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Own {
    name: String,
    id: String,
    state: &'static str,
    start_time: String,
    leader_info: LeaderInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LeaderInfo {
    leader: String,
    uptime: String,
    start_time: String,
}

#[derive(Serialize)]
struct Leader {
    leader: String,
    followers: BTreeMap<String, Follower>,
}

/// A follower, of which no times are taken.
#[derive(Serialize)]
struct Follower {}

/// The requests that this member answered.
pub(super) async fn store(State(v2): State<Arc<V2>>, request: Request) -> Response {
    if request.method() != Method::GET {
        return plain::method_not_allowed("GET");
    }
    if let Err(error) = v2.check_login(super::claim(&request)).await {
        return members::failure(error);
    }
    let counts = |kind| v2.stats.counts(kind);
    let ((gets_success, gets_fail), (sets_success, sets_fail)) = (counts(Counted::Get), counts(Counted::Set));
    let (delete_success, delete_fail) = counts(Counted::Delete);
    let (update_success, update_fail) = counts(Counted::Update);
    let (create_success, create_fail) = counts(Counted::Create);
    let (compare_and_swap_success, compare_and_swap_fail) = counts(Counted::CompareAndSwap);
    let (compare_and_delete_success, compare_and_delete_fail) = counts(Counted::CompareAndDelete);
    let store = Store {
        gets_success,
        gets_fail,
        sets_success,
        sets_fail,
        delete_success,
        delete_fail,
        update_success,
        update_fail,
        create_success,
        create_fail,
        compare_and_swap_success,
        compare_and_swap_fail,
        compare_and_delete_success,
        compare_and_delete_fail,
        expire_count: v2.node.expired_nodes(),
        watchers: v2.node.watches().watcher_count(),
    };
    members::json(StatusCode::OK, &store, "")
}

/// This member.
pub(super) async fn own(State(v2): State<Arc<V2>>, request: Request) -> Response {
    if request.method() != Method::GET {
        return plain::method_not_allowed("GET");
    }
    if let Err(error) = v2.check_login(super::claim(&request)).await {
        return members::failure(error);
    }
    let own_id = v2.node.header().member_id;
    let leader = v2.node.leadership().borrow().1;
    let leads_since = v2.node.leader_since_unix_nanos();
    let own = Own {
        name: v2.node.name().unwrap_or_else(|_| v2.node.settings().name.clone()),
        id: format!("{:x}", own_id.0),
        state: if leader == Some(own_id) { "StateLeader" } else { "StateFollower" },
        start_time: time::rfc3339(v2.started_unix_nanos),
        leader_info: LeaderInfo {
            leader: leader.map_or_else(String::new, |leader| format!("{:x}", leader.0)),
            uptime: time::duration(unix_nanos() - leads_since),
            start_time: time::rfc3339(leads_since),
        },
    };
    members::json(StatusCode::OK, &own, "")
}

/// The members that follow, when this one leads.
pub(super) async fn leader(State(v2): State<Arc<V2>>, request: Request) -> Response {
    if request.method() != Method::GET {
        return plain::method_not_allowed("GET");
    }
    if let Err(error) = v2.check_login(super::claim(&request)).await {
        return members::failure(error);
    }
    let own_id = v2.node.header().member_id;
    if v2.node.leadership().borrow().1 != Some(own_id) {
        return members::message(StatusCode::FORBIDDEN, "not current leader");
    }
    let others = v2.node.peers().into_iter().filter(|peer| peer.id != own_id);
    let followers = others.map(|peer| (format!("{:x}", peer.id.0), Follower {})).collect();
    members::json(StatusCode::OK, &Leader { leader: format!("{:x}", own_id.0), followers }, "")
}
