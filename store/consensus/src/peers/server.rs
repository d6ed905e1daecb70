//! What this member serves to its peers. Every call is checked to be meant for this member of this cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::future::join_all;
use futures::stream::{self, BoxStream, StreamExt};
use holdfast_proto::peer;
use holdfast_proto::peer::peer_server::{Peer, PeerServer};
use holdfast_proto::peer::{propose_outcome, read_index_response};
use openraft::raft::VoteResponse;
use prost::Message;
use tonic::{Request, Response, Status, Streaming};

use crate::handle::ProposeError;
use crate::limits::PEER_MESSAGE_BYTES_MAX;
use crate::member::Member;
use crate::membership::wire::{change_from_wire, outcome_to_wire};
use crate::propose::LocalOutcome;
use crate::snapshot::data::SnapshotData;
use crate::snapshot::receive::{ReceiveError, receive_files, receive_start};
use crate::state::machine::Snapshot;
use crate::types::{Origin, Proposal, Vote};
use crate::wire::{self, Malformed};

/// The peer service of one member.
#[derive(Clone)]
pub struct PeerService {
    member: Arc<Member>,
}

/// The routes that serve `member` to its peers.
pub fn routes(member: Arc<Member>) -> tonic::service::Routes {
    let server = PeerServer::new(PeerService { member })
        .max_decoding_message_size(PEER_MESSAGE_BYTES_MAX)
        .max_encoding_message_size(PEER_MESSAGE_BYTES_MAX);
    tonic::service::Routes::new(server)
}

fn malformed(error: Malformed) -> Status {
    Status::invalid_argument(error.to_string())
}

fn stopped<E: std::fmt::Display>(error: E) -> Status {
    Status::unavailable(format!("this member has stopped: {error}"))
}

impl PeerService {
    /// Counts a message of another member. Others than members are not counted: their number has no bound.
    fn received(&self, from: u64, message: &impl Message) {
        if self.member.leadership.node(from).is_some() {
            let size_bytes = message.encoded_len() as u64;
            self.member.counters.peer(from).received_bytes.fetch_add(size_bytes, Ordering::Relaxed);
        }
    }

    /// Refuses what is meant for another cluster or another member.
    fn check(&self, header: Option<peer::Header>) -> Result<u64, Status> {
        let header = header.ok_or_else(|| Status::invalid_argument("header is missing"))?;
        let (cluster, member) = (self.member.book.cluster_id(), self.member.id);
        if header.cluster_id != cluster {
            return Err(Status::failed_precondition(format!(
                "this member belongs to cluster {cluster:x}, the request is for cluster {:x}: check --initial-cluster-token and the peer URLs",
                header.cluster_id
            )));
        }
        if header.to != member {
            return Err(Status::failed_precondition(format!(
                "this is member {member:x}, the request is for member {:x}: check the peer URLs",
                header.to
            )));
        }
        Ok(header.from)
    }

    /// Like `check`, for what only members may ask: one that was removed is told so.
    fn check_member(&self, header: Option<peer::Header>) -> Result<u64, Status> {
        let from = self.check(header)?;
        if self.member.removed.contains(from) {
            return Err(Status::permission_denied(format!("member {from:x} was removed from the cluster")));
        }
        Ok(from)
    }

    /// This member's vote, for answers that grant nothing.
    fn own_vote(&self) -> Vote {
        self.member.tail.lock().vote().unwrap_or_else(|| Vote::new(0, self.member.id))
    }

    async fn append_one(&self, request: peer::AppendRequest) -> Result<peer::AppendResponse, Status> {
        let from = self.check(request.header)?;
        self.received(from, &request);
        self.member.heard.from(from);
        let request = wire::append_from_wire(request).map_err(malformed)?;
        let (leader, committed) = (request.vote, request.leader_commit);
        let matched = request.entries.last().map(|entry| entry.log_id).or(request.prev_log_id);
        let answer = self.member.raft.append_entries(request).await.map_err(stopped)?;
        let hold = &self.member.vote_hold;
        if hold.is_held() && answer.is_success() && hold.appended(&leader, committed, matched) {
            self.member.raft.runtime_config().elect(true);
        }
        Ok(wire::append_answer_to_wire(answer))
    }

    async fn propose_one(&self, from: u64, forwarded: peer::ForwardedCommand) -> peer::ProposeOutcome {
        use propose_outcome::Status;
        let (status, index) = match self.member.admit() {
            Err(ProposeError::TooManyRequests) => (Status::TooManyRequests, 0),
            Err(_) => (Status::Stopped, 0),
            Ok(_in_flight) => {
                let origin = Some(Origin { member: from, sequence: forwarded.sequence });
                let proposal = Proposal { command: None, encoded: forwarded.command, origin };
                match self.member.propose_here(proposal).await {
                    LocalOutcome::Applied { index, .. } => (Status::Applied, index),
                    LocalOutcome::NotLeader => (Status::NotLeader, 0),
                    LocalOutcome::LeaderChanged => (Status::LeaderChanged, 0),
                    LocalOutcome::Stopped => (Status::Stopped, 0),
                }
            }
        };
        peer::ProposeOutcome { status: status.into(), index }
    }

    async fn receive(
        &self,
        stream: &mut Streaming<peer::SnapshotFrame>,
    ) -> Result<peer::SnapshotResponse, Status> {
        let start = receive_start(stream).await.map_err(refusal)?;
        self.check(start.header)?;
        let path = self.member.data_dir.new_receive_path();
        let received = receive_files(stream, start, path).await.map_err(refusal)?;
        let snapshot = Snapshot { meta: received.meta, snapshot: SnapshotData::Folder(received.folder) };
        let answer =
            self.member.raft.install_full_snapshot(received.vote, snapshot).await.map_err(stopped)?;
        self.member.refresh_voters().await;
        Ok(peer::SnapshotResponse { vote: wire::vote_to_wire(&answer.vote) })
    }
}

fn refusal(error: ReceiveError) -> Status {
    match error {
        ReceiveError::Connection(status) => status,
        ReceiveError::NoRoom { .. } => Status::resource_exhausted(error.to_string()),
        ReceiveError::Malformed(_) | ReceiveError::Value(_) => Status::invalid_argument(error.to_string()),
        ReceiveError::Checksum(_) => Status::data_loss(error.to_string()),
        ReceiveError::File { .. } => Status::internal(error.to_string()),
        ReceiveError::Idle => Status::deadline_exceeded(error.to_string()),
    }
}

#[tonic::async_trait]
impl Peer for PeerService {
    type AppendStream = BoxStream<'static, Result<peer::AppendResponse, Status>>;

    async fn append(
        &self,
        request: Request<Streaming<peer::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        let served = (self.clone(), request.into_inner());
        let answers = stream::try_unfold(served, |(service, mut requests)| async move {
            let Some(request) = requests.message().await? else { return Ok(None) };
            let answer = service.append_one(request).await?;
            Ok(Some((answer, (service, requests))))
        });
        Ok(Response::new(answers.boxed()))
    }

    async fn vote(
        &self,
        request: Request<peer::VoteRequest>,
    ) -> Result<Response<peer::VoteResponse>, Status> {
        let request = request.into_inner();
        self.received(self.check_member(request.header)?, &request);
        let is_pre_vote = request.is_pre_vote;
        let request = wire::vote_request_from_wire(request).map_err(malformed)?;
        let answer = if self.member.vote_hold.is_held() {
            VoteResponse::new(self.own_vote(), self.member.tail.lock().last(), false)
        } else if is_pre_vote {
            self.member.raft.pre_vote(request).await.map_err(stopped)?
        } else {
            self.member.raft.vote(request).await.map_err(stopped)?
        };
        Ok(Response::new(wire::vote_answer_to_wire(&answer)))
    }

    async fn transfer_leader(
        &self,
        request: Request<peer::TransferLeaderRequest>,
    ) -> Result<Response<peer::TransferLeaderResponse>, Status> {
        let request = request.into_inner();
        self.received(self.check(request.header)?, &request);
        let request = wire::transfer_from_wire(request).map_err(malformed)?;
        let answer = self.member.raft.handle_transfer_leader(request).await.map_err(stopped)?;
        Ok(Response::new(wire::transfer_answer_to_wire(&answer)))
    }

    async fn install_snapshot(
        &self,
        request: Request<Streaming<peer::SnapshotFrame>>,
    ) -> Result<Response<peer::SnapshotResponse>, Status> {
        let busy = |_| Status::resource_exhausted("another snapshot is being received");
        let _permit = self.member.receiving.try_acquire().map_err(busy)?;
        let result = self.receive(&mut request.into_inner()).await;
        if let Err(status) = &result {
            tracing::warn!(%status, "a snapshot was not taken");
        }
        result.map(Response::new)
    }

    async fn propose(
        &self,
        request: Request<peer::ProposeRequest>,
    ) -> Result<Response<peer::ProposeResponse>, Status> {
        let request = request.into_inner();
        let from = self.check_member(request.header)?;
        self.received(from, &request);
        let proposals = request.commands.into_iter().map(|command| self.propose_one(from, command));
        let outcomes = join_all(proposals).await;
        Ok(Response::new(peer::ProposeResponse { outcomes }))
    }

    async fn confirm(
        &self,
        request: Request<peer::ConfirmRequest>,
    ) -> Result<Response<peer::ConfirmResponse>, Status> {
        let request = request.into_inner();
        let from = self.check(request.header)?;
        let confirmed = self.member.voted_term(from) == Some(request.term);
        Ok(Response::new(peer::ConfirmResponse { confirmed }))
    }

    async fn read_index(
        &self,
        request: Request<peer::ReadIndexRequest>,
    ) -> Result<Response<peer::ReadIndexResponse>, Status> {
        use read_index_response::Status as Answer;
        let request = request.into_inner();
        let from = self.check_member(request.header)?;
        if let Some(index) = self.member.index_confirmed_by(from, request.voted_term) {
            return Ok(Response::new(peer::ReadIndexResponse { status: Answer::Ok.into(), index }));
        }
        let (status, index) = if self.member.is_leader() {
            match tokio::time::timeout(self.member.election_timeout, self.member.next_round()).await {
                Ok(Ok(index)) => (Answer::Ok, index),
                Ok(Err(_)) => (Answer::Stopped, 0),
                Err(_) => (Answer::NoQuorum, 0),
            }
        } else {
            (Answer::NotLeader, 0)
        };
        Ok(Response::new(peer::ReadIndexResponse { status: status.into(), index }))
    }

    async fn ask(&self, request: Request<peer::AskRequest>) -> Result<Response<peer::AskResponse>, Status> {
        let request = request.into_inner();
        self.check_member(request.header)?;
        let handler = self.member.asks.read().clone();
        let answer = match handler {
            Some(handler) if self.member.is_leader() => handler.answer(request.kind, request.payload).await,
            _ => None,
        };
        let response = match answer {
            Some(payload) => peer::AskResponse { answered: true, payload },
            None => peer::AskResponse::default(),
        };
        Ok(Response::new(response))
    }

    async fn change_members(
        &self,
        request: Request<peer::ChangeMembersRequest>,
    ) -> Result<Response<peer::ChangeMembersResponse>, Status> {
        let request = request.into_inner();
        self.received(self.check_member(request.header)?, &request);
        let change = change_from_wire(request).map_err(malformed)?;
        let outcome = self.member.change_members_here(change).await;
        Ok(Response::new(outcome_to_wire(outcome)))
    }

    async fn standing(
        &self,
        request: Request<peer::StandingRequest>,
    ) -> Result<Response<peer::StandingResponse>, Status> {
        let from = self.check(request.into_inner().header)?;
        Ok(Response::new(peer::StandingResponse { is_removed: self.member.removed.contains(from) }))
    }

    async fn removed(
        &self,
        request: Request<peer::RemovedRequest>,
    ) -> Result<Response<peer::RemovedResponse>, Status> {
        self.check(request.into_inner().header)?;
        self.member.was_removed();
        Ok(Response::new(peer::RemovedResponse {}))
    }

    async fn introduce(
        &self,
        _request: Request<peer::IntroduceRequest>,
    ) -> Result<Response<peer::IntroduceResponse>, Status> {
        Ok(Response::new(self.member.introduce().await))
    }

    async fn adopt(
        &self,
        request: Request<peer::AdoptRequest>,
    ) -> Result<Response<peer::AdoptResponse>, Status> {
        // It knows who it is; the cluster is all that has to be right.
        let header = request.into_inner().header.map(|header| peer::Header { to: self.member.id, ..header });
        self.check(header)?;
        Ok(Response::new(peer::AdoptResponse { member: self.member.id }))
    }
}
