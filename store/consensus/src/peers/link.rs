//! openraft's way to one peer. Appends go one at a time on a stream; a heartbeat is an append without entries.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use holdfast_proto::peer;
use holdfast_proto::peer::peer_client::PeerClient;
use openraft::errors::{NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, RPCTypes, RaftNetworkFactory, RaftNetworkV2};
use prost::Message as _;
use tonic::transport::Channel;

use super::append_lane::AppendLane;
use super::book::{PeerBook, Purpose};
use super::reach::root_reason;
use crate::counters::PeerCounters;
use crate::limits::PEER_APPEND_TIMEOUT;
use crate::snapshot::data::SnapshotData;
use crate::snapshot::send::{SendError, send_snapshot};
use crate::state::machine::Snapshot;
use crate::types::{MemberNode, RaftTypes, Vote, outer_index};
use crate::wire::{self, Malformed};

type RpcError = RPCError<RaftTypes>;

/// Makes links for openraft.
pub struct LinkFactory {
    /// Connections.
    pub book: Arc<PeerBook>,
}

/// The way to one peer for one purpose.
pub struct PeerLink {
    book: Arc<PeerBook>,
    target: u64,
    node: MemberNode,
    purpose: Purpose,
    counters: Arc<PeerCounters>,
    /// The stream of appends, while each message on it was answered.
    lane: Option<AppendLane>,
}

impl LinkFactory {
    fn link(&self, target: u64, node: &MemberNode, purpose: Purpose) -> PeerLink {
        let counters = self.book.counters(target);
        PeerLink { book: Arc::clone(&self.book), target, node: node.clone(), purpose, counters, lane: None }
    }
}

impl RaftNetworkFactory<RaftTypes> for LinkFactory {
    type Network = PeerLink;

    async fn new_client(&mut self, target: u64, node: &MemberNode) -> PeerLink {
        self.link(target, node, Purpose::Log)
    }

    async fn new_heartbeat_client(&mut self, target: u64, node: &MemberNode) -> PeerLink {
        self.link(target, node, Purpose::Heartbeat)
    }

    async fn new_snapshot_client(&mut self, target: u64, node: &MemberNode) -> PeerLink {
        self.link(target, node, Purpose::Snapshot)
    }
}

fn malformed(error: Malformed) -> RpcError {
    RPCError::Network(NetworkError::new(&error))
}

impl PeerLink {
    fn client(&self) -> Result<PeerClient<Channel>, RpcError> {
        // It may be reached elsewhere by now.
        let node = self.book.node(self.target).unwrap_or_else(|| self.node.clone());
        self.book
            .client(self.target, &node, self.purpose)
            .map_err(|error| RPCError::Unreachable(Unreachable::new(&error)))
    }

    /// Awaits a call with a message of `size_bytes` for at most `limit`.
    async fn call<T>(
        &self,
        action: RPCTypes,
        limit: Duration,
        size_bytes: usize,
        call: impl Future<Output = Result<T, tonic::Status>>,
    ) -> Result<T, RpcError> {
        let started = Instant::now();
        let answer = tokio::time::timeout(limit, call).await;
        self.count(size_bytes, started, matches!(answer, Ok(Ok(_))));
        match answer {
            Ok(Ok(response)) => {
                self.book.reach.answered(self.target);
                Ok(response)
            }
            Ok(Err(status)) => {
                self.refused(&status);
                Err(RPCError::Unreachable(Unreachable::new(&status)))
            }
            Err(_) => {
                self.unreachable(&format!("no answer within {} ms", limit.as_millis()));
                let id = self.book.member();
                Err(RPCError::Timeout(Timeout { action, id, target: self.target, timeout: limit }))
            }
        }
    }

    fn count(&self, size_bytes: usize, started: Instant, is_success: bool) {
        if !is_success {
            self.counters.send_failures.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.counters.sent_bytes.fetch_add(size_bytes as u64, Ordering::Relaxed);
        if self.purpose == Purpose::Heartbeat {
            self.counters.round_trips.record(started.elapsed());
        }
    }

    fn refused(&self, status: &tonic::Status) {
        match status.code() {
            // The peer answered that it is not the one that was meant; another of its URLs will not help.
            tonic::Code::FailedPrecondition | tonic::Code::PermissionDenied => {
                self.unreachable(status.message())
            }
            _ => {
                self.unreachable(&root_reason(status));
                self.book.try_next_url(self.target, self.purpose);
            }
        }
    }

    fn unreachable(&self, reason: &str) {
        let url = self.book.current_url(self.target, self.purpose);
        self.book.reach.failed(self.target, &self.node.name, &url, reason);
    }

    async fn ask_for_vote(
        &self,
        request: VoteRequest<RaftTypes>,
        is_pre_vote: bool,
        option: &RPCOption,
    ) -> Result<VoteResponse<RaftTypes>, RpcError> {
        let mut client = self.client()?;
        let message = wire::vote_request_to_wire(self.book.header(self.target), &request, is_pre_vote);
        let size_bytes = message.encoded_len();
        let vote = async { client.vote(message).await.map(tonic::Response::into_inner) };
        let answer = self.call(RPCTypes::Vote, option.hard_ttl(), size_bytes, vote).await?;
        wire::vote_answer_from_wire(answer).map_err(malformed)
    }
}

/// Appends on the lane there is or on a new one. A lane that ended since its last message says nothing about the peer,
/// which may have been started again; an append may be repeated.
async fn append(
    lane: Option<AppendLane>,
    client: PeerClient<Channel>,
    message: peer::AppendRequest,
) -> Result<(AppendLane, peer::AppendResponse), tonic::Status> {
    if let Some(mut lane) = lane
        && let Ok(answer) = lane.append(message.clone()).await
    {
        return Ok((lane, answer));
    }
    let mut lane = AppendLane::open(client).await?;
    let answer = lane.append(message).await?;
    Ok((lane, answer))
}

impl RaftNetworkV2<RaftTypes> for PeerLink {
    type SnapshotData = SnapshotData;

    async fn append_entries(
        &mut self,
        request: AppendEntriesRequest<RaftTypes>,
        _option: RPCOption,
    ) -> Result<AppendEntriesResponse<RaftTypes>, RpcError> {
        let client = self.client()?;
        if let Some(committed) = &request.leader_commit {
            self.book.tell_committed(outer_index(committed.index));
        }
        let message = wire::append_to_wire(self.book.header(self.target), &request);
        let size_bytes = message.encoded_len();
        let lane = self.lane.take();
        let append = append(lane, client, message);
        let called = self.call(RPCTypes::AppendEntries, PEER_APPEND_TIMEOUT, size_bytes, append).await;
        let (lane, answer) = called?;
        self.lane = Some(lane);
        wire::append_answer_from_wire(answer).map_err(malformed)
    }

    async fn vote(
        &mut self,
        request: VoteRequest<RaftTypes>,
        option: RPCOption,
    ) -> Result<VoteResponse<RaftTypes>, RpcError> {
        self.ask_for_vote(request, false, &option).await
    }

    async fn pre_vote(
        &mut self,
        request: VoteRequest<RaftTypes>,
        option: RPCOption,
    ) -> Result<VoteResponse<RaftTypes>, RpcError> {
        self.ask_for_vote(request, true, &option).await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _option: RPCOption,
    ) -> Result<SnapshotResponse<RaftTypes>, StreamingError<RaftTypes>> {
        let client = self.client()?;
        let header = self.book.header(self.target);
        let sent = tokio::select! {
            closed = cancel => return Err(StreamingError::Closed(closed)),
            sent = send_snapshot(client, header, &vote, snapshot) => sent,
        };
        if sent.is_err() {
            self.counters.send_failures.fetch_add(1, Ordering::Relaxed);
        }
        match sent {
            Ok(vote) => Ok(SnapshotResponse::new(vote)),
            Err(SendError::Peer(status)) => {
                self.refused(&status);
                Err(StreamingError::Unreachable(Unreachable::new(&status)))
            }
            Err(error) => Err(StreamingError::Unreachable(Unreachable::new(&error))),
        }
    }

    async fn transfer_leader(
        &mut self,
        request: TransferLeaderRequest<RaftTypes>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<RaftTypes>, RpcError> {
        let mut client = self.client()?;
        let message = wire::transfer_to_wire(self.book.header(self.target), &request);
        let limit = option.hard_ttl().max(PEER_APPEND_TIMEOUT);
        let size_bytes = message.encoded_len();
        let transfer = async { client.transfer_leader(message).await.map(tonic::Response::into_inner) };
        let answer = self.call(RPCTypes::TransferLeader, limit, size_bytes, transfer).await?;
        wire::transfer_answer_from_wire(answer).map_err(malformed)
    }
}
