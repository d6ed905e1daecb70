//! `etcdserverpb.Maintenance`: status, alarms, hashes, leadership.

use holdfast_core::ids::{MemberId, Revision};
use holdfast_core::response::{Alarm, AlarmKind};
use holdfast_proto::etcdserverpb as pb;
use pb::AlarmType;
use pb::alarm_request::AlarmAction;

use super::offload;
use crate::api::convert::response;
use crate::api::error::Status;
use crate::auth::Claim;
use crate::node::{Node, NodeError};
use crate::version::{ETCD_VERSION, STORAGE_VERSION};

/// `Status`.
pub async fn status(node: &Node, claim: &Claim) -> Result<pb::StatusResponse, Status> {
    node.check_login(claim).await?;
    let status = node.status();
    let no_leader = status.consensus.leader.is_none().then(|| "etcdserver: no leader".to_owned());
    let alarms = status
        .alarms
        .iter()
        .map(|alarm| format!("memberID:{} alarm:{}", alarm.member, wire_kind(alarm.kind).as_str_name()));
    Ok(pb::StatusResponse {
        header: Some(response::header(node.header())),
        version: ETCD_VERSION.to_owned(),
        db_size: size(status.db_size_bytes),
        leader: status.consensus.leader.unwrap_or_default().0,
        raft_index: status.consensus.committed_index.0,
        raft_term: status.consensus.term.0,
        raft_applied_index: status.consensus.applied_index.0,
        errors: no_leader.into_iter().chain(alarms).collect(),
        db_size_in_use: size(status.db_size_in_use_bytes),
        is_learner: status.is_learner,
        storage_version: STORAGE_VERSION.to_owned(),
        db_size_quota: size(status.quota_bytes),
        downgrade_info: Some(pb::DowngradeInfo::default()),
    })
}

/// `Alarm`.
pub async fn alarm(
    node: &Node,
    claim: &Claim,
    request: pb::AlarmRequest,
) -> Result<pb::AlarmResponse, Status> {
    let member = MemberId(request.member_id);
    let kind = match AlarmType::try_from(request.alarm) {
        Ok(AlarmType::Nospace) => Some(AlarmKind::NoSpace),
        Ok(AlarmType::Corrupt) => Some(AlarmKind::Corrupt),
        Ok(AlarmType::None) | Err(_) => None,
    };
    let (header, alarms) = match (AlarmAction::try_from(request.action), kind) {
        (Ok(AlarmAction::Activate), Some(kind)) => node.alarm(claim, true, member, Some(kind)).await?,
        (Ok(AlarmAction::Deactivate), Some(kind)) => node.alarm(claim, false, member, Some(kind)).await?,
        (Ok(AlarmAction::Get), kind) => {
            let view = node.read_as(claim, true, |guard| Ok(guard.login()?)).await?;
            // 0 asks for all kinds; a number that is no kind asks for alarms that nothing raises.
            let wanted = |alarm: &&Alarm| kind.map_or(request.alarm == 0, |kind| alarm.kind == kind);
            let alarms = view.head().alarms.iter().filter(wanted).cloned().collect();
            (node.header_at(view.head().revision), alarms)
        }
        // An alarm of no kind can be neither raised nor cleared; etcd answers without doing anything.
        _ => {
            node.check_root(claim).await?;
            (node.header(), Vec::new())
        }
    };
    Ok(pb::AlarmResponse {
        header: Some(response::header(header)),
        alarms: alarms.iter().map(wire_alarm).collect(),
    })
}

/// `HashKV`: equal on all members that stand at the same revision.
pub async fn hash_kv(
    node: &Node,
    claim: &Claim,
    request: pb::HashKvRequest,
) -> Result<pb::HashKvResponse, Status> {
    let view = node.read_as(claim, false, |guard| Ok(guard.root()?)).await?;
    let revision = (request.revision > 0).then_some(Revision(request.revision));
    let header = response::header(node.header_at(view.head().revision));
    let hash = offload::run(move || view.hash(revision)).await??;
    Ok(pb::HashKvResponse {
        header: Some(header),
        hash: hash.hash,
        compact_revision: hash.compacted.0,
        hash_revision: hash.revision.0,
    })
}

/// `Hash`: of the newest state, users and roles included.
pub async fn hash(node: &Node, claim: &Claim) -> Result<pb::HashResponse, Status> {
    let view = node.read_as(claim, false, |guard| Ok(guard.root()?)).await?;
    let header = response::header(node.header_at(view.head().revision));
    let hash = offload::run(move || view.hash_all()).await?.map_err(NodeError::from)?;
    Ok(pb::HashResponse { header: Some(header), hash })
}

/// `Defragment`: there is nothing to do, since space is given back in the background. Its answer has no header.
pub async fn defragment(node: &Node, claim: &Claim) -> Result<pb::DefragmentResponse, Status> {
    node.check_root(claim).await?;
    Ok(pb::DefragmentResponse::default())
}

/// `MoveLeader`. Its answer has no header.
pub async fn move_leader(
    node: &Node,
    claim: &Claim,
    request: pb::MoveLeaderRequest,
) -> Result<pb::MoveLeaderResponse, Status> {
    node.check_root(claim).await?;
    node.move_leader(MemberId(request.target_id)).await?;
    Ok(pb::MoveLeaderResponse::default())
}

fn wire_alarm(alarm: &Alarm) -> pb::AlarmMember {
    pb::AlarmMember { member_id: alarm.member.0, alarm: wire_kind(alarm.kind).into() }
}

fn wire_kind(kind: AlarmKind) -> AlarmType {
    match kind {
        AlarmKind::NoSpace => AlarmType::Nospace,
        AlarmKind::Corrupt => AlarmType::Corrupt,
    }
}

fn size(size_bytes: u64) -> i64 {
    i64::try_from(size_bytes).unwrap_or(i64::MAX)
}
