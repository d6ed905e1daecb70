//! Lets messages of gRPC through once they are there as a whole: what reads them makes room for a message as soon as its
//! length is announced, and an announcement alone must not cost memory (etcd #22131). Must not look into messages.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use holdfast_consensus::limits::PEER_MESSAGE_BYTES_MAX;
use http_body::{Body, Frame};

use crate::api::grpc::PREFIX_LEN;

/// A body that yields whole messages, in the pieces in which they came.
pub(super) struct WholeMessages<B> {
    body: B,
    /// The beginning of a message whose end is to come.
    partial: Partial,
    /// Pieces of messages that are there as a whole.
    whole: VecDeque<Bytes>,
    /// What comes after all pieces: trailers, or the body's failure.
    last: Option<Frame<Bytes>>,
    is_ended: bool,
}

#[derive(Default)]
struct Partial {
    pieces: VecDeque<Bytes>,
    len: usize,
}

impl Partial {
    /// Bytes of the message with its prefix, if that much of it is there.
    fn wanted_len(&self) -> Option<usize> {
        let mut prefix = self.pieces.iter().flat_map(|piece| piece.iter().copied()).skip(1);
        let mut message_len = 0;
        for _ in 1..PREFIX_LEN {
            message_len = (message_len << 8) | usize::from(prefix.next()?);
        }
        Some(PREFIX_LEN + message_len)
    }

    fn push(&mut self, piece: Bytes) {
        self.len += piece.len();
        self.pieces.push_back(piece);
    }

    /// Moves the first `wanted_len` bytes to `whole`.
    fn release(&mut self, mut wanted_len: usize, whole: &mut VecDeque<Bytes>) {
        self.len -= wanted_len;
        while wanted_len > 0 {
            let first = self.pieces.front_mut().expect("as many bytes are there as were counted");
            let piece = first.split_to(first.len().min(wanted_len));
            if !first.has_remaining() {
                self.pieces.pop_front();
            }
            wanted_len -= piece.len();
            whole.push_back(piece);
        }
    }
}

impl<B> WholeMessages<B> {
    pub(super) fn new(body: B) -> WholeMessages<B> {
        WholeMessages {
            body,
            partial: Partial::default(),
            whole: VecDeque::new(),
            last: None,
            is_ended: false,
        }
    }

    fn received(&mut self, piece: Bytes) {
        self.partial.push(piece);
        while let Some(wanted_len) = self.partial.wanted_len() {
            // One that is too large is refused by its length alone, which the reader has to see for that.
            let is_refused = wanted_len > PREFIX_LEN + PEER_MESSAGE_BYTES_MAX;
            let released_len = if is_refused { self.partial.len } else { wanted_len };
            if released_len > self.partial.len {
                return;
            }
            self.partial.release(released_len, &mut self.whole);
        }
    }

    /// Half a message before the end is for the reader to refuse.
    fn ended(&mut self, last: Option<Frame<Bytes>>) {
        self.partial.release(self.partial.len, &mut self.whole);
        (self.last, self.is_ended) = (last, true);
    }
}

impl<B> Body for WholeMessages<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        loop {
            if let Some(piece) = self.whole.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if self.is_ended {
                return Poll::Ready(self.last.take().map(Ok));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(piece) => self.received(piece),
                    Err(trailers) => self.ended(Some(trailers)),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => self.ended(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_ended && self.whole.is_empty() && self.last.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures::StreamExt as _;
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    fn message(text: &str) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [&[0][..], &length, text.as_bytes()].concat()
    }

    fn body(pieces: Vec<Bytes>) -> WholeMessages<impl Body<Data = Bytes, Error = Infallible> + Unpin> {
        let frames = futures::stream::iter(pieces).map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
        WholeMessages::new(StreamBody::new(frames))
    }

    #[tokio::test]
    async fn nothing_is_lost_however_the_bytes_are_cut() {
        let sent = [message("one"), message(""), message("two and a half")].concat();
        for piece_len in 1..=sent.len() {
            let pieces = sent.chunks(piece_len).map(Bytes::copy_from_slice).collect();
            let received = body(pieces).collect().await.unwrap().to_bytes();
            assert_eq!(received, sent, "pieces of {piece_len}");
        }
    }

    #[tokio::test]
    async fn half_a_message_waits_for_its_end_and_whole_ones_do_not() {
        let sent = [message("whole"), message("broken off")].concat();
        let whole_len = message("whole").len();
        let pieces = vec![Bytes::copy_from_slice(&sent[..whole_len + 7])];
        let frames = futures::stream::iter(pieces)
            .map(|piece| Ok::<_, Infallible>(Frame::data(piece)))
            .chain(futures::stream::pending());
        let mut body = WholeMessages::new(StreamBody::new(frames));
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, message("whole"));
        assert!(futures::poll!(body.frame()).is_pending());
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_is_not_waited_for() {
        let length = u32::try_from(PEER_MESSAGE_BYTES_MAX + 1).unwrap().to_be_bytes();
        let sent = Bytes::from([&[0][..], &length, b"and a little"].concat());
        let frames = futures::stream::iter([sent.clone()])
            .map(|piece| Ok::<_, Infallible>(Frame::data(piece)))
            .chain(futures::stream::pending());
        let mut body = WholeMessages::new(StreamBody::new(frames));
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), sent);
    }

    #[tokio::test]
    async fn half_a_message_at_the_end_reaches_the_reader() {
        let sent = Bytes::from(message("cut")).slice(..6);
        let received = body(vec![sent.clone()]).collect().await.unwrap().to_bytes();
        assert_eq!(received, sent);
    }

    #[tokio::test]
    async fn trailers_come_last() {
        let trailers = http::HeaderMap::from_iter([(http::header::AGE, http::HeaderValue::from_static("1"))]);
        let frames = [Frame::data(Bytes::from(message("text"))), Frame::trailers(trailers.clone())];
        let frames = futures::stream::iter(frames.map(Ok::<_, Infallible>));
        let received = WholeMessages::new(StreamBody::new(frames)).collect().await.unwrap();
        assert_eq!(received.trailers(), Some(&trailers));
        assert_eq!(received.to_bytes(), message("text"));
    }
}
