//! The response body of streaming calls: messages from a source until it ends, or until the call must end for another
//! reason (deadline, no leader). Must not know methods.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use futures::Stream;
use http_body::Frame;

use super::frame::{PREFIX_LEN, prefix};
use super::metrics::CallCounter;
use super::trailers;
use crate::api::error::{Code, Status};
use crate::limits::{STREAM_COPY_BYTES_MAX, STREAM_FRAME_BYTES_MAX};

/// Encoded messages, without their frames; an error ends the call.
pub(super) type Messages = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;

/// Resolves when the call must end although its source goes on.
pub(super) type End = Pin<Box<dyn Future<Output = Status> + Send>>;

/// The body of one streaming response.
pub struct StreamBody {
    messages: Messages,
    end: Option<End>,
    /// What follows a frame that was just handed out.
    next: Next,
    call: CallCounter,
}

enum Next {
    /// Ask the source.
    Ask,
    /// Hand out a large message whose prefix is out.
    Message(Bytes),
    /// Hand out the trailers.
    Trailers(Status),
    /// Nothing.
    Done,
}

impl StreamBody {
    /// Streams `messages` until they end or `end` resolves.
    pub(super) fn new(messages: Messages, end: Option<End>, call: CallCounter) -> StreamBody {
        StreamBody { messages, end, next: Next::Ask, call }
    }

    /// The next frame, `None` after the trailers.
    pub(super) fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Frame<Bytes>>> {
        match std::mem::replace(&mut self.next, Next::Ask) {
            Next::Ask => self.poll_source(context).map(Some),
            Next::Message(message) => Poll::Ready(Some(Frame::data(message))),
            Next::Trailers(status) => Poll::Ready(Some(self.finish(&status))),
            Next::Done => {
                self.next = Next::Done;
                Poll::Ready(None)
            }
        }
    }

    /// Small messages that are ready together leave in one frame, since each frame costs more than a copy.
    fn poll_source(&mut self, context: &mut Context<'_>) -> Poll<Frame<Bytes>> {
        if let Some(Poll::Ready(status)) = self.end.as_mut().map(|end| end.as_mut().poll(context)) {
            return Poll::Ready(self.finish(&status));
        }
        let mut batch = BytesMut::new();
        while batch.len() < STREAM_FRAME_BYTES_MAX {
            match self.messages.as_mut().poll_next(context) {
                Poll::Ready(Some(Ok(message))) => {
                    self.call.sent(message.len());
                    batch.reserve(
                        PREFIX_LEN + if message.len() <= STREAM_COPY_BYTES_MAX { message.len() } else { 0 },
                    );
                    batch.put_slice(&prefix(message.len()));
                    if message.len() > STREAM_COPY_BYTES_MAX {
                        self.next = Next::Message(message);
                        break;
                    }
                    batch.put_slice(&message);
                }
                Poll::Ready(ended) => {
                    let status = ended.and_then(Result::err).unwrap_or_else(|| Status::new(Code::Ok, ""));
                    if batch.is_empty() {
                        return Poll::Ready(self.finish(&status));
                    }
                    self.next = Next::Trailers(status);
                    break;
                }
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Frame::data(batch.freeze()))
    }

    fn finish(&mut self, status: &Status) -> Frame<Bytes> {
        self.next = Next::Done;
        self.call.outcome(status.code);
        Frame::trailers(trailers::of(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::grpc::method::Method;
    use crate::api::grpc::metrics::GrpcMetrics;
    use futures::{StreamExt, future, stream};
    use std::sync::Arc;

    fn counter() -> CallCounter {
        Arc::new(GrpcMetrics::default()).start(Method::Watch)
    }

    async fn frames(mut body: StreamBody) -> Vec<Frame<Bytes>> {
        stream::poll_fn(move |context| body.poll_frame(context)).collect().await
    }

    fn source(messages: Vec<Result<Bytes, Status>>) -> Messages {
        Box::pin(stream::iter(messages))
    }

    #[tokio::test]
    async fn small_messages_share_a_frame_and_large_ones_are_not_copied() {
        let large = Bytes::from(vec![7; STREAM_COPY_BYTES_MAX + 1]);
        let messages = vec![Ok("a".into()), Ok("bc".into()), Ok(large.clone()), Ok("d".into())];
        let frames = frames(StreamBody::new(source(messages), None, counter())).await;
        let data: Vec<&Bytes> = frames.iter().filter_map(|frame| frame.data_ref()).collect();
        assert_eq!(data[0].as_ref(), b"\0\0\0\0\x01a\0\0\0\0\x02bc\0\0\0\x40\x01");
        assert_eq!(data[1].as_ptr(), large.as_ptr());
        assert_eq!(data[2].as_ref(), b"\0\0\0\0\x01d");
        assert_eq!(frames[3].trailers_ref().unwrap()["grpc-status"], "0");
        assert_eq!(frames.len(), 4);
    }

    #[tokio::test]
    async fn an_error_follows_what_was_ready_before_it() {
        let messages = vec![Ok("a".into()), Err(Status::new(Code::Unavailable, "gone"))];
        let frames = frames(StreamBody::new(source(messages), None, counter())).await;
        assert_eq!(frames[0].data_ref().unwrap().as_ref(), b"\0\0\0\0\x01a");
        assert_eq!(frames[1].trailers_ref().unwrap()["grpc-message"], "gone");
    }

    #[tokio::test]
    async fn a_call_that_must_end_ends_while_its_source_goes_on() {
        let end: End = Box::pin(future::ready(Status::new(Code::DeadlineExceeded, "late")));
        let frames = frames(StreamBody::new(Box::pin(stream::pending()), Some(end), counter())).await;
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0].trailers_ref().unwrap()["grpc-status"], "4");
    }
}
