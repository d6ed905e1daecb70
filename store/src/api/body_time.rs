//! Gives the body of an HTTP request a bounded time until its answer begins: a client that never finishes must not hold
//! memory for ever. Streams whose answer has begun go on as slowly as they like. Must not look into what is read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Request, Response, StatusCode, Version};
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::http::plain;

/// The body did not come in time.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the request's body did not come within {0:?}")]
struct Late(Duration);

const AWAITED: u8 = 0;
const ANSWERED: u8 = 1;
const LATE: u8 = 2;

/// The time that the body of one request has.
pub struct BodyTime {
    /// None for a request without a body.
    state: Option<Arc<AtomicU8>>,
    limit: Duration,
    version: Version,
}

/// A body that fails when it is late.
struct TimedBody<B> {
    body: B,
    state: Arc<AtomicU8>,
    limit: Duration,
    /// Begun when there is first something to wait for; most bodies come along with their heads.
    timer: Option<Pin<Box<Sleep>>>,
}

impl BodyTime {
    /// Gives the request's body `limit` until `answered`.
    pub fn begin<B>(request: Request<B>, limit: Duration) -> (Request<Body>, BodyTime)
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: std::error::Error + Send + Sync,
    {
        let version = request.version();
        if request.body().is_end_stream() {
            return (request.map(Body::new), BodyTime { state: None, limit, version });
        }
        let state = Arc::new(AtomicU8::new(AWAITED));
        let timed = Arc::clone(&state);
        let request = request.map(|body| Body::new(TimedBody { body, state: timed, limit, timer: None }));
        (request, BodyTime { state: Some(state), limit, version })
    }

    /// The answer, or that it is too late for one. What is left of the body has no limit any more.
    pub fn answered(self, answer: Response<Body>) -> Response<Body> {
        let Some(state) = self.state else { return answer };
        if state.swap(ANSWERED, Ordering::Relaxed) != LATE {
            return answer;
        }
        let text = format!("{}; send it at once\n", Late(self.limit));
        let mut late = plain::text(StatusCode::REQUEST_TIMEOUT, text);
        if self.version < Version::HTTP_2 {
            late.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        late
    }
}

impl<B> HttpBody for TimedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if this.state.load(Ordering::Relaxed) == ANSWERED {
            this.timer = None;
            return Poll::Pending;
        }
        let limit = this.limit;
        let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        ready!(timer.as_mut().poll(context));
        match this.state.compare_exchange(AWAITED, LATE, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) | Err(LATE) => Poll::Ready(Some(Err(Late(limit).into()))),
            Err(_) => {
                this.timer = None;
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
