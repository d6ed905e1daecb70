//! Sends commands to the leader, many in one call. The answer to a command comes from this member's own apply; the call
//! only tells when there will be none.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use holdfast_core::response::Applied;
use holdfast_proto::peer;
use holdfast_proto::peer::propose_outcome::Status;
use prost::Message as _;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::handle::ProposeError;
use crate::limits::{FORWARD_BYTES_MAX, FORWARD_CALLS_MAX, FORWARD_COMMANDS_MAX};
use crate::member::Member;
use crate::peers::book::Purpose;

/// The way to the task that forwards.
pub type ForwardQueue = mpsc::UnboundedSender<Forward>;

/// A command on its way to the leader.
pub struct Forward {
    leader: u64,
    command: peer::ForwardedCommand,
    outcome: oneshot::Sender<peer::ProposeOutcome>,
}

/// Forgets a forwarded command when its caller goes away.
struct Registered<'a> {
    member: &'a Member,
    sequence: u64,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.member.forwards.forget(self.sequence);
    }
}

impl Member {
    /// Hands a command to the leader and waits until it is applied here. `None` when the leader did not take it.
    pub async fn forward(&self, leader: u64, encoded: &Bytes) -> Option<Result<Applied, ProposeError>> {
        let (sequence, mut applied) = self.forwards.register();
        let _registered = Registered { member: self, sequence };
        let (outcome, answered) = oneshot::channel();
        let command = peer::ForwardedCommand { sequence, command: encoded.clone() };
        if self.forward_queue.send(Forward { leader, command, outcome }).is_err() {
            return Some(Err(ProposeError::Stopped));
        }
        let answer = tokio::select! {
            biased;
            Ok(applied) = &mut applied => return Some(Ok(applied)),
            answer = answered => answer,
        };
        // The call broke after it was sent: the command may have been appended or not.
        let Ok(outcome) = answer else { return Some(Err(ProposeError::LeaderChanged)) };
        match Status::try_from(outcome.status) {
            Ok(Status::Applied) => {
                self.published.wait_applied(outcome.index).await;
                // A snapshot that included the entry leaves no answer behind.
                Some(applied.try_recv().map_err(|_| ProposeError::LeaderChanged))
            }
            Ok(Status::NotLeader) => None,
            Ok(Status::TooManyRequests) => Some(Err(ProposeError::TooManyRequests)),
            Ok(Status::LeaderChanged | Status::Stopped) | Err(_) => Some(Err(ProposeError::LeaderChanged)),
        }
    }
}

/// Forwards what is queued until the queue is closed.
pub async fn run(member: Arc<Member>, mut queue: mpsc::UnboundedReceiver<Forward>) {
    let calls = Arc::new(Semaphore::new(FORWARD_CALLS_MAX));
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, FORWARD_COMMANDS_MAX).await > 0 {
        while !batch.is_empty() {
            let call = take_call(&mut batch);
            let Ok(permit) = Arc::clone(&calls).acquire_owned().await else { return };
            let member = Arc::clone(&member);
            tokio::spawn(async move {
                send(&member, call).await;
                drop(permit);
            });
        }
    }
}

/// Takes the commands of one call: for one leader, within the limit of bytes.
fn take_call(batch: &mut Vec<Forward>) -> Vec<Forward> {
    let leader = batch[0].leader;
    let mut bytes = 0;
    let fits = batch.iter().take_while(|forward| {
        let is_first = bytes == 0;
        bytes += forward.command.command.len();
        forward.leader == leader && (is_first || bytes <= FORWARD_BYTES_MAX)
    });
    let count = fits.count().max(1);
    batch.drain(..count).collect()
}

async fn send(member: &Member, call: Vec<Forward>) {
    let leader = call[0].leader;
    let (commands, waiting): (Vec<_>, Vec<_>) =
        call.into_iter().map(|forward| (forward.command, forward.outcome)).unzip();
    let route =
        member.leadership.node(leader).map(|node| member.book.client(leader, &node, Purpose::Forward));
    let Some(Ok(mut client)) = route else {
        return answer_all(waiting, Status::NotLeader);
    };
    let request = peer::ProposeRequest { header: Some(member.book.header(leader)), commands };
    let size_bytes = request.encoded_len() as u64;
    let answer = tokio::time::timeout(member.request_timeout(), client.propose(request)).await;
    let counters = member.book.counters(leader);
    match &answer {
        Ok(Ok(_)) => counters.sent_bytes.fetch_add(size_bytes, Ordering::Relaxed),
        Ok(Err(_)) | Err(_) => counters.send_failures.fetch_add(1, Ordering::Relaxed),
    };
    match answer {
        Ok(Ok(response)) => {
            for (outcome, sender) in response.into_inner().outcomes.into_iter().zip(waiting) {
                // The caller has its answer already when the entry was applied here first.
                let _ = sender.send(outcome);
            }
        }
        Ok(Err(status)) if was_not_sent(&status) => answer_all(waiting, Status::NotLeader),
        // Dropping the senders says that nothing is known.
        Ok(Err(_)) | Err(_) => {}
    }
}

/// Whether a failed call certainly never reached the leader: nobody listens there, or it refused to listen.
pub fn was_not_sent(status: &tonic::Status) -> bool {
    let mut source = std::error::Error::source(status);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return error.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        source = error.source();
    }
    status.code() == tonic::Code::FailedPrecondition
}

fn answer_all(waiting: Vec<oneshot::Sender<peer::ProposeOutcome>>, status: Status) {
    for sender in waiting {
        let _ = sender.send(peer::ProposeOutcome { status: status.into(), index: 0 });
    }
}
