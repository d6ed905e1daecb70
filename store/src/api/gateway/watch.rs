//! `/v3/watch`: watch requests from the request body, each answer of the hub as one line of JSON. A client that sends
//! no more requests keeps its watches.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, pending};
use futures::stream;
use holdfast_proto::etcdserverpb as pb;
use prost::Message;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::documents::Documents;
use super::{Gateway, reply};
use crate::api::error::{Code, Refusal, Status};
use crate::api::grpc::{CallCounter, Method};
use crate::api::watch_audit::WatchAudit;
use crate::watch::{WatchRequests, WatchStream};

/// A watch stream under way.
struct Watch {
    answers: WatchStream,
    /// Resolves when the client sent something that cannot be read.
    failed: BoxFuture<'static, Status>,
    /// Reads further requests; ends with the response.
    _feeder: JoinSet<()>,
    audit: WatchAudit,
    counter: CallCounter,
}

/// Answers POST.
pub(super) async fn watch(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let mut counter = gateway.metrics.start(Method::Watch);
    match gateway.open_watch(request, &counter).await {
        Ok((answers, documents, requests, audit)) => {
            let (feeder, failed) = feed(documents, requests, audit.clone());
            let watch = Watch { answers, failed, _feeder: feeder, audit, counter };
            reply::stream(Body::from_stream(stream::unfold(Some(watch), next_line)))
        }
        Err(status) => {
            counter.outcome(status.code);
            reply::stream_refusal(&status)
        }
    }
}

impl Gateway {
    /// Waits for the first request, so that one that cannot be read is refused with an HTTP status.
    async fn open_watch(
        &self,
        request: Request,
        counter: &CallCounter,
    ) -> Result<(WatchStream, Documents, WatchRequests, WatchAudit), Status> {
        self.check_leader(request.headers())?;
        let (parts, body) = request.into_parts();
        let claim = self.claim(&parts).await?;
        let mut documents = Documents::new(body, self.body_bytes_max());
        let first = documents.next::<pb::WatchRequest>().await?.unwrap_or_default();
        if first.request_union.is_none() {
            // etcd's gateway waits for ever here, which helps nobody who has misspelt a field.
            return Err(Status::new(Code::InvalidArgument, "holdfast: a watch begins with a create_request"));
        }
        counter.received(first.encoded_len());
        let audit = WatchAudit::new(&self.node, &claim);
        let (requests, answers) = self.node.open_watch(claim);
        audit.asked(&first);
        requests.send(first).await;
        Ok((answers, documents, requests, audit))
    }
}

fn feed(
    mut documents: Documents,
    requests: WatchRequests,
    audit: WatchAudit,
) -> (JoinSet<()>, BoxFuture<'static, Status>) {
    let (failure, failed) = oneshot::channel();
    let mut feeder = JoinSet::new();
    feeder.spawn(async move {
        loop {
            match documents.next::<pb::WatchRequest>().await {
                Ok(Some(request)) => {
                    audit.asked(&request);
                    requests.send(request).await;
                }
                Ok(None) => return,
                Err(status) => {
                    // The response may be gone already; then nobody needs the reason.
                    let _ = failure.send(status);
                    return;
                }
            }
        }
    });
    let failed = failed.then(async |failed| match failed {
        Ok(status) => status,
        Err(_) => pending().await,
    });
    (feeder, failed.boxed())
}

async fn next_line(watch: Option<Watch>) -> Option<(Result<Bytes, std::convert::Infallible>, Option<Watch>)> {
    let mut watch = watch?;
    let answer = tokio::select! {
        biased;
        status = &mut watch.failed => Err(status),
        answer = watch.answers.next() => answer.ok_or_else(|| Refusal::Stopped.into()),
    };
    if let Ok(answer) = &answer {
        watch.audit.answered(answer);
    }
    match answer.and_then(|answer| Ok((answer.len(), line(answer)?))) {
        Ok((answer_len, line)) => {
            watch.counter.sent(answer_len);
            Some((Ok(line), Some(watch)))
        }
        Err(status) => {
            watch.counter.outcome(status.code);
            Some((Ok(reply::stream_error(&status)), None))
        }
    }
}

fn line(answer: Bytes) -> Result<Bytes, Status> {
    let answer = pb::WatchResponse::decode(answer).map_err(|error| {
        Status::new(Code::Internal, format!("holdfast: a watch answer is malformed: {error}"))
    })?;
    reply::stream_line(&answer)
}
