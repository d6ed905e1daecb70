//! Streaming calls: where their messages come from and what ends them.

use std::time::Duration;

use bytes::Bytes;
use futures::future::{pending, select_all};
use futures::{FutureExt, StreamExt, stream};
use holdfast_core::ids::{MemberId, Term};
use holdfast_proto::{etcdserverpb as pb, health};
use http::Response;
use http_body::Body;
use prost::Message;
use tokio::sync::{oneshot, watch};

use super::body::GrpcBody;
use super::frame::{FrameReader, check_send_len, decode_streamed};
use super::metadata::Metadata;
use super::metrics::CallCounter;
use super::stream::{End, Messages, StreamBody};
use super::unary::receive;
use super::{Begun, GrpcService, Method, trailers};
use crate::api::error::{Refusal, Status};
use crate::api::watch_audit::WatchAudit;
use crate::api::{audit, calls, learner};
use crate::auth::Claim;
use crate::limits::STREAM_LEADERLESS_ELECTIONS_MAX;
use crate::watch::WatchRequests;

/// A stream's messages and what may end it from within.
type Source = (Messages, Option<End>);

impl GrpcService {
    pub(super) async fn stream<B>(&self, begun: Begun<B>) -> Response<GrpcBody>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let Begun { method, metadata, reader, mut call, .. } = begun;
        let checked = learner::check(&self.node, method, Bytes::new)
            .and_then(|()| self.check_leader(metadata.requires_leader));
        let source = match checked {
            Ok(()) => self.source(method, &metadata.claim, reader, &call).await,
            Err(status) => Err(status),
        };
        match source {
            Ok((messages, inner_end)) => {
                let end = select_first([inner_end, self.outer_end(&metadata)]);
                trailers::response(GrpcBody::Stream(Box::new(StreamBody::new(messages, end, call))))
            }
            Err(status) => {
                call.outcome(status.code);
                trailers::refusal(&status)
            }
        }
    }

    async fn source<B>(
        &self,
        method: Method,
        claim: &Claim,
        mut reader: FrameReader<B>,
        call: &CallCounter,
    ) -> Result<Source, Status>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display + Send,
    {
        match method {
            Method::Watch => Ok(self.watch(claim, reader)),
            Method::LeaseKeepAlive => Ok((self.keep_alives(claim, reader), None)),
            Method::RangeStream => {
                let message = receive(&mut reader, call).await?;
                let request = decode_streamed(message.clone())?;
                let chunks = calls::range_stream::chunks(self.node.clone(), claim, request).await;
                audit::call(&self.node, claim, method, Some(&message), chunks.as_ref().err());
                let chunks = chunks?;
                Ok((chunks.map(|chunk| encode(&chunk?)).boxed(), None))
            }
            Method::HealthWatch => {
                let request: health::HealthCheckRequest = decode_streamed(receive(&mut reader, call).await?)?;
                let first = encode(&calls::health::watched(&request.service));
                Ok((stream::iter([first]).chain(stream::pending()).boxed(), None))
            }
            other => {
                self.node.check_root(claim).await?;
                Err(Status::unimplemented(other.service(), other.name()))
            }
        }
    }

    /// Requests are fed by a task of their own, since they come rarely; answers are taken by the response itself, so
    /// that an event needs no further hop on its way to the connection.
    fn watch<B>(&self, claim: &Claim, reader: FrameReader<B>) -> Source
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let (requests, answers) = self.node.open_watch(claim.clone());
        let (failure, failed) = oneshot::channel();
        let audit = WatchAudit::new(&self.node, claim);
        let asked = audit.clone();
        tokio::spawn(async move {
            if let Err(status) = feed(&asked, reader, &requests).await {
                // The response may be gone already; then nobody needs the reason.
                let _ = failure.send(status);
            }
        });
        let messages = stream::unfold(Some((answers, audit)), async |answers| {
            let (mut answers, audit) = answers?;
            match answers.next().await {
                Some(message) => {
                    audit.answered(&message);
                    Some((Ok(message), Some((answers, audit))))
                }
                None => Some((Err(Refusal::Stopped.into()), None)),
            }
        });
        let failed = failed.then(async |failed| match failed {
            Ok(status) => status,
            // The client has only ended its half: the watches go on.
            Err(_) => pending().await,
        });
        (messages.boxed(), Some(failed.boxed()))
    }

    fn keep_alives<B>(&self, claim: &Claim, reader: FrameReader<B>) -> Messages
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::fmt::Display + Send,
    {
        let begin = (self.node.clone(), claim.clone(), reader);
        let renewals = stream::try_unfold(begin, async |(node, claim, mut reader)| {
            let Some(message) = reader.next().await? else { return Ok(None) };
            let answer = calls::lease::keep_alive(&node, &claim, decode_streamed(message.clone())?).await;
            audit::call(&node, &claim, Method::LeaseKeepAlive, Some(&message), answer.as_ref().err());
            let answer = answer?;
            Ok(Some((Bytes::from(answer.encode_to_vec()), (node, claim, reader))))
        });
        renewals.boxed()
    }

    fn outer_end(&self, metadata: &Metadata) -> Option<End> {
        let deadline = metadata
            .timeout
            .map(|timeout| tokio::time::sleep(timeout).map(|()| Refusal::DeadlineExceeded.into()).boxed());
        let leaderless = metadata.requires_leader.then(|| {
            let patience = self.node.settings().election_timeout * STREAM_LEADERLESS_ELECTIONS_MAX;
            leaderless(self.node.leadership(), patience).boxed()
        });
        select_first([deadline, leaderless])
    }
}

/// Hands the client's watch requests over until it sends no more.
async fn feed<B>(
    audit: &WatchAudit,
    mut reader: FrameReader<B>,
    requests: &WatchRequests,
) -> Result<(), Status>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    while let Some(message) = reader.next().await? {
        let request = decode_streamed::<pb::WatchRequest>(message)?;
        audit.asked(&request);
        requests.send(request).await;
    }
    Ok(())
}

fn encode<M: Message>(message: &M) -> Result<Bytes, Status> {
    check_send_len(message.encoded_len())?;
    Ok(message.encode_to_vec().into())
}

/// Resolves with the first of those that are there.
fn select_first(ends: [Option<End>; 2]) -> Option<End> {
    let mut ends: Vec<End> = ends.into_iter().flatten().collect();
    if ends.len() < 2 { ends.pop() } else { Some(select_all(ends).map(|(status, ..)| status).boxed()) }
}

/// Resolves when no leader was known for as long as `patience`.
async fn leaderless(mut leadership: watch::Receiver<(Term, Option<MemberId>)>, patience: Duration) -> Status {
    loop {
        if leadership.wait_for(|(_, leader)| leader.is_none()).await.is_err() {
            return Refusal::Stopped.into();
        }
        let elected = leadership.wait_for(|(_, leader)| leader.is_some()).map(|waited| waited.is_ok());
        match tokio::time::timeout(patience, elected).await {
            Ok(true) => {}
            Ok(false) => return Refusal::Stopped.into(),
            Err(_) => return Refusal::NoLeader.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_ends_when_a_leader_is_missing_for_long() {
        let (_leader, leadership) = watch::channel((Term(2), None));
        assert_eq!(leaderless(leadership, Duration::from_millis(1)).await, Refusal::NoLeader.into());
    }

    #[tokio::test]
    async fn a_stream_outlives_a_change_of_leader() {
        let (leader, leadership) = watch::channel((Term(1), None));
        let end = leaderless(leadership, Duration::from_secs(3600));
        let mut end = std::pin::pin!(end);
        assert!(futures::poll!(&mut end).is_pending());
        leader.send((Term(2), Some(MemberId(2)))).unwrap();
        assert!(futures::poll!(&mut end).is_pending());
        drop(leader);
        assert_eq!(end.await, Refusal::Stopped.into());
    }

    #[tokio::test]
    async fn the_first_end_counts() {
        let late: End = pending().boxed();
        let early: End = async { Refusal::Stopped.into() }.boxed();
        assert_eq!(select_first([Some(late), Some(early)]).unwrap().await, Refusal::Stopped.into());
        assert!(select_first([None, None]).is_none());
    }
}
