//! Linearizable reads: everyone who arrives joins the next round of leader confirmation, one round is under way at a
//! time, and after it each waits for its own member to have applied what the round learned.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use holdfast_proto::peer;
use holdfast_proto::peer::read_index_response::Status;
use openraft::ReadPolicy;
use openraft::errors::RaftError;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::handle::BarrierError;
use crate::member::Member;
use crate::peers::book::Purpose;
use crate::types::outer_index;

/// An index (counted from 1) that must be applied before the read.
type Round = Result<u64, BarrierError>;

/// Reads that wait for the next round.
#[derive(Default)]
pub struct ReadBarrier {
    waiting: Mutex<Vec<oneshot::Sender<Round>>>,
    arrival: Notify,
    /// Which voter is asked first; moves on when that one does not answer.
    pub(crate) first_voter: AtomicUsize,
}

/// Why a round brought no index.
enum NoRound {
    /// Try again when leadership has settled.
    Retry,
    /// This member has ended.
    Stopped,
}

impl ReadBarrier {
    fn join(&self) -> oneshot::Receiver<Round> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock();
        waiting.push(sender);
        let is_first = waiting.len() == 1;
        drop(waiting);
        if is_first {
            self.arrival.notify_one();
        }
        receiver
    }
}

impl Member {
    /// Returns once the published view reflects every write acknowledged anywhere before the call.
    pub async fn read_barrier(&self) -> Result<(), BarrierError> {
        if self.sole_voter.is_sole() && !self.failure.has_failed() {
            return Ok(());
        }
        let read = async {
            let index = self.next_round().await?;
            self.published.wait_applied(index).await;
            Ok(())
        };
        match tokio::time::timeout(self.request_timeout(), read).await {
            Ok(result) => result,
            Err(_) if self.leadership.leader().is_none() => Err(BarrierError::NoLeader),
            Err(_) => Err(BarrierError::Timeout),
        }
    }

    /// The index that the next round brings.
    pub async fn next_round(&self) -> Round {
        if self.failure.has_failed() {
            return Err(BarrierError::Stopped);
        }
        self.barrier.join().await.unwrap_or(Err(BarrierError::Stopped))
    }

    /// One confirmation that the leader still leads, begun after this call.
    async fn confirm(&self) -> Result<u64, NoRound> {
        match self.leadership.leader() {
            None => Err(NoRound::Retry),
            Some(leader) if leader == self.id => self.confirm_here().await,
            Some(leader) => self.ask_read_index(leader).await,
        }
    }

    async fn confirm_here(&self) -> Result<u64, NoRound> {
        if self.sole_voter.is_sole() {
            return Ok(self.published.applied_index());
        }
        if let Some(index) = self.confirm_by_votes().await {
            return Ok(index);
        }
        match self.raft.get_read_log_id(ReadPolicy::ReadIndex).await {
            Ok((read, _)) => Ok(outer_index(read.log_id().index)),
            Err(RaftError::APIError(_)) => Err(NoRound::Retry),
            Err(RaftError::Fatal(_)) => Err(NoRound::Stopped),
        }
    }

    async fn ask_read_index(&self, leader: u64) -> Result<u64, NoRound> {
        let node = self.leadership.node(leader).ok_or(NoRound::Retry)?;
        let client = self.book.client(leader, &node, Purpose::Forward);
        let mut client = client.map_err(|_| NoRound::Retry)?;
        let voted_term = self.voted_term(leader).unwrap_or(0);
        let request = peer::ReadIndexRequest { header: Some(self.book.header(leader)), voted_term };
        let limit = self.election_timeout.max(Duration::from_millis(500));
        let answer = tokio::time::timeout(limit, client.read_index(request)).await;
        let answer = answer.map_err(|_| NoRound::Retry)?.map_err(|_| NoRound::Retry)?.into_inner();
        if answer.status == i32::from(Status::Ok) { Ok(answer.index) } else { Err(NoRound::Retry) }
    }
}

/// Runs rounds for as long as this member lives.
pub async fn run(member: Arc<Member>) {
    loop {
        member.barrier.arrival.notified().await;
        loop {
            let mut joined = std::mem::take(&mut *member.barrier.waiting.lock());
            joined.retain(|sender| !sender.is_closed());
            if joined.is_empty() {
                break;
            }
            match member.confirm().await {
                Ok(index) => answer(joined, &Ok(index)),
                Err(NoRound::Stopped) => answer(joined, &Err(BarrierError::Stopped)),
                Err(NoRound::Retry) => {
                    // Those who wait stay; each has a time limit of its own.
                    member.barrier.waiting.lock().extend(joined);
                    member.leadership_moved().await;
                }
            }
        }
    }
}

fn answer(joined: Vec<oneshot::Sender<Round>>, round: &Round) {
    for sender in joined {
        // The reader may have gone.
        let _ = sender.send(round.clone());
    }
}
