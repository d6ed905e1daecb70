//! Response bodies of the gRPC layer: one message and trailers without boxing, or a stream. Must not know methods.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::stream::StreamBody;
use super::trailers;

/// The body of one gRPC response.
pub enum GrpcBody {
    /// Nothing: the status is in the headers.
    Empty,
    /// One framed message, then the trailers of success.
    Message(Bytes),
    /// The message is out, the trailers are not.
    Trailers,
    /// Many messages.
    Stream(Box<StreamBody>),
}

impl Body for GrpcBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            GrpcBody::Empty => Poll::Ready(None),
            GrpcBody::Message(frame) => {
                let frame = std::mem::take(frame);
                *self = GrpcBody::Trailers;
                Poll::Ready(Some(Ok(Frame::data(frame))))
            }
            GrpcBody::Trailers => {
                *self = GrpcBody::Empty;
                Poll::Ready(Some(Ok(Frame::trailers(trailers::success()))))
            }
            GrpcBody::Stream(stream) => stream.as_mut().poll_frame(context).map(|frame| frame.map(Ok)),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, GrpcBody::Empty)
    }
}
