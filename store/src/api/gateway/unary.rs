//! Unary calls of the gateway: one JSON document in, one out.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Gateway, Route, client_timeout, json, peer, reply};
use crate::api::audit;
use crate::api::error::{Code, Refusal, Status};
use crate::api::grpc::{CallCounter, Kind, Method};
use crate::api::learner;
use crate::auth::Claim;
use crate::node::Node;

/// A route that answers POST with `call`.
pub(super) fn unary<Q, A, F, W>(method: Method, call: F) -> Route
where
    Q: Message + DeserializeOwned + Default + 'static,
    A: Message + Serialize,
    F: Fn(Arc<Node>, Claim, Q) -> W + Clone + Send + Sync + 'static,
    W: Future<Output = Result<A, Status>> + Send + 'static,
{
    let handler = async move |State(gateway): State<Arc<Gateway>>, request: Request| {
        gateway.unary(method, request, call).await
    };
    post(handler).fallback(reply::method_not_allowed)
}

/// A route of a call that this server does not have yet, whatever the request says.
pub(super) fn unimplemented(method: Method) -> Route {
    let handler = async move |State(gateway): State<Arc<Gateway>>, request: Request| {
        let status = match gateway.check_root(request).await {
            Ok(()) => Status::unimplemented(method.service(), method.name()),
            Err(status) => status,
        };
        gateway.metrics.start(method).outcome(status.code);
        match method.kind() {
            Kind::Unary => reply::refusal(&status),
            Kind::ServerStream | Kind::BidiStream => reply::stream_refusal(&status),
        }
    };
    post(handler).fallback(reply::method_not_allowed)
}

impl Gateway {
    async fn check_root(&self, request: Request) -> Result<(), Status> {
        let (parts, _) = request.into_parts();
        let claim = self.claim(&parts).await?;
        Ok(self.node.check_root(&claim).await?)
    }

    async fn unary<Q, A, F, W>(&self, method: Method, request: Request, call: F) -> Response
    where
        Q: Message + DeserializeOwned + Default,
        A: Message + Serialize,
        F: Fn(Arc<Node>, Claim, Q) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        let mut counter = self.metrics.start(method);
        match self.answer(method, request, &counter, call).await {
            Ok(answer) => {
                counter.sent(answer.encoded_len());
                counter.outcome(Code::Ok);
                reply::unary(&answer)
            }
            Err(status) => {
                counter.outcome(status.code);
                reply::refusal(&status)
            }
        }
    }

    async fn answer<Q, A, F, W>(
        &self,
        method: Method,
        request: Request,
        counter: &CallCounter,
        call: F,
    ) -> Result<A, Status>
    where
        Q: Message + DeserializeOwned + Default,
        F: Fn(Arc<Node>, Claim, Q) -> W,
        W: Future<Output = Result<A, Status>>,
    {
        let (parts, body) = request.into_parts();
        let timeout = client_timeout(&parts.headers)?;
        let work = async {
            let message: Q = json::decode(&self.read(body).await?)?;
            self.check_message_len(message.encoded_len())?;
            counter.received(message.encoded_len());
            learner::check(&self.node, method, || message.encode_to_vec().into())?;
            self.check_leader(&parts.headers)?;
            let audited = audit::is_on(&self.node).then(|| Bytes::from(message.encode_to_vec()));
            let claim = self.claim(&parts).await;
            let Some(audited) = audited else { return call(self.node.clone(), claim?, message).await };
            let shown = claim.clone().unwrap_or_else(|_| Claim::of_http(&parts.headers, &peer(&parts)));
            let answer = match claim {
                Ok(claim) => call(self.node.clone(), claim, message).await,
                Err(status) => Err(status),
            };
            audit::call(&self.node, &shown, method, Some(&audited), answer.as_ref().err());
            answer
        };
        match timeout {
            None => work.await,
            // The timer would give it one more millisecond.
            Some(Duration::ZERO) => Err(Refusal::DeadlineExceeded.into()),
            Some(timeout) => tokio::time::timeout(timeout, work)
                .await
                .unwrap_or_else(|_| Err(Refusal::DeadlineExceeded.into())),
        }
    }

    async fn read(&self, body: Body) -> Result<bytes::Bytes, Status> {
        match Limited::new(body, self.body_bytes_max()).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(Status::new(
                Code::ResourceExhausted,
                format!("grpc: received message larger than max ({} bytes)", self.message_bytes_max),
            )),
            Err(error) => Err(Status::new(Code::Cancelled, error.to_string())),
        }
    }

    fn check_message_len(&self, message_len: usize) -> Result<(), Status> {
        let max = self.message_bytes_max;
        if message_len > max {
            let text = format!("grpc: received message larger than max ({message_len} vs. {max})");
            return Err(Status::new(Code::ResourceExhausted, text));
        }
        Ok(())
    }
}
