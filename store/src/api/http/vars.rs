//! `/debug/vars`: what etcd publishes there as Go's expvar, as far as it means anything here. Must not tell more than
//! the command line and where Raft stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use holdfast_core::ids::MemberId;
use serde::Serialize;

use super::HttpState;
use crate::node::Node;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

#[derive(Serialize)]
struct Variables {
    cmdline: Vec<String>,
    file_descriptor_limit: u64,
    #[serde(rename = "raft.status")]
    raft_status: RaftStatus,
}

#[derive(Serialize)]
struct RaftStatus {
    id: String,
    term: u64,
    commit: u64,
    lead: String,
    #[serde(rename = "raftState")]
    raft_state: &'static str,
    applied: u64,
    /// The newest entry that the log does not hold any more.
    purged: u64,
    /// Roles by member; how far each has come is in the metrics.
    members: BTreeMap<String, &'static str>,
}

/// Answers GET.
pub(super) async fn variables(State(state): State<Arc<HttpState>>) -> Response {
    let variables = Variables {
        cmdline: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
        file_descriptor_limit: rustix::process::getrlimit(rustix::process::Resource::Nofile)
            .current
            .unwrap_or(u64::MAX),
        raft_status: raft_status(&state.node),
    };
    let body = serde_json::to_vec(&variables).expect("texts and numbers can be printed");
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

fn raft_status(node: &Node) -> RaftStatus {
    let status = node.status().consensus;
    let own = node.header().member_id;
    let hexadecimal = |id: MemberId| format!("{:x}", id.0);
    let role = |is_learner: bool| if is_learner { "learner" } else { "voter" };
    RaftStatus {
        id: hexadecimal(own),
        term: status.term.0,
        commit: status.committed_index.0,
        lead: hexadecimal(status.leader.unwrap_or_default()),
        raft_state: match status.leader {
            Some(leader) if leader == own => "StateLeader",
            Some(_) => "StateFollower",
            None => "StateCandidate",
        },
        applied: status.applied_index.0,
        purged: node.consensus().purged_index().0,
        members: status.members.iter().map(|peer| (hexadecimal(peer.id), role(peer.is_learner))).collect(),
    }
}
