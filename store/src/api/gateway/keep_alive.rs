//! `/v3/lease/keepalive`: each JSON document of the request body renews a lease and is answered with one line.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use holdfast_proto::etcdserverpb as pb;
use prost::Message;

use super::documents::Documents;
use super::{Gateway, reply};
use crate::api::error::{Code, Status};
use crate::api::grpc::{CallCounter, Method};
use crate::api::{audit, calls};
use crate::auth::Claim;

/// Answers POST.
pub(super) async fn keep_alive(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let mut counter = gateway.metrics.start(Method::LeaseKeepAlive);
    let (parts, body) = request.into_parts();
    let admitted = match gateway.check_leader(&parts.headers) {
        Ok(()) => gateway.claim(&parts).await,
        Err(status) => Err(status),
    };
    let claim = match admitted {
        Ok(claim) => claim,
        Err(status) => {
            counter.outcome(status.code);
            return reply::stream_refusal(&status);
        }
    };
    let documents = Documents::new(body, gateway.body_bytes_max());
    let mut lines = Box::pin(lines(gateway, claim, documents, counter).fuse());
    // The first line decides on the HTTP status.
    match lines.next().await {
        Some(Err(status)) => reply::stream_refusal(&status),
        first => reply::stream(Body::from_stream(stream::iter(first).chain(lines).map(printed))),
    }
}

fn printed(line: Result<Bytes, Status>) -> Result<Bytes, Infallible> {
    Ok(line.unwrap_or_else(|status| reply::stream_error(&status)))
}

/// One line for each renewal; ends with the client's requests or after an error.
fn lines(
    gateway: Arc<Gateway>,
    claim: Claim,
    documents: Documents,
    counter: CallCounter,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    stream::unfold(Some((gateway, claim, documents, counter)), async |renewals| {
        let (gateway, claim, mut documents, mut counter) = renewals?;
        let renewed = gateway.renew(&claim, &mut documents, &counter).await;
        match renewed {
            Ok(Some(line)) => Some((Ok(line), Some((gateway, claim, documents, counter)))),
            Ok(None) => {
                counter.outcome(Code::Ok);
                None
            }
            Err(status) => {
                counter.outcome(status.code);
                Some((Err(status), None))
            }
        }
    })
}

impl Gateway {
    async fn renew(
        &self,
        claim: &Claim,
        documents: &mut Documents,
        counter: &CallCounter,
    ) -> Result<Option<Bytes>, Status> {
        let Some(request) = documents.next::<pb::LeaseKeepAliveRequest>().await? else { return Ok(None) };
        counter.received(request.encoded_len());
        let message = audit::is_on(&self.node).then(|| request.encode_to_vec().into());
        let answer = calls::lease::keep_alive(&self.node, claim, request).await;
        audit::call(&self.node, claim, Method::LeaseKeepAlive, message.as_ref(), answer.as_ref().err());
        let answer = answer?;
        counter.sent(answer.encoded_len());
        reply::stream_line(&answer).map(Some)
    }
}
