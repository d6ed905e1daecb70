//! gRPC's message framing: one byte of flags, four of length, then the message. Reads messages from a request body
//! without copying when a message came in one piece, and builds frames to send.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use prost::{DecodeError, Message};

use crate::api::error::{Code, Status};
use crate::limits::GRPC_MESSAGE_SEND_BYTES_MAX;

/// Bytes before each message.
pub const PREFIX_LEN: usize = 5;

/// Reads the messages of one request.
pub(super) struct FrameReader<B> {
    body: B,
    /// What was received and not yet handed out.
    pending: Pending,
    message_bytes_max: usize,
}

enum Pending {
    /// One piece, as it came; the usual case.
    Whole(Bytes),
    /// Pieces put together because a message spans them.
    Joined(BytesMut),
}

impl Pending {
    fn bytes(&self) -> &[u8] {
        match self {
            Pending::Whole(bytes) => bytes,
            Pending::Joined(bytes) => bytes,
        }
    }

    fn take(&mut self, message_len: usize) -> Bytes {
        match self {
            Pending::Whole(bytes) => {
                bytes.advance(PREFIX_LEN);
                bytes.split_to(message_len)
            }
            Pending::Joined(bytes) => {
                bytes.advance(PREFIX_LEN);
                bytes.split_to(message_len).freeze()
            }
        }
    }

    /// Adds a piece; `missing` is how much room the current message still needs.
    fn push(&mut self, piece: Bytes, missing: usize) {
        match self {
            Pending::Whole(bytes) if bytes.is_empty() => *self = Pending::Whole(piece),
            Pending::Whole(bytes) => {
                let mut joined = BytesMut::with_capacity(bytes.len() + piece.len().max(missing));
                joined.extend_from_slice(bytes);
                joined.extend_from_slice(&piece);
                *self = Pending::Joined(joined);
            }
            Pending::Joined(bytes) if bytes.is_empty() => *self = Pending::Whole(piece),
            Pending::Joined(bytes) => bytes.extend_from_slice(&piece),
        }
    }
}

impl<B> FrameReader<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    /// Reads from `body`; a message above `message_bytes_max` is refused as soon as its length is known.
    pub(super) fn new(body: B, message_bytes_max: usize) -> FrameReader<B> {
        FrameReader { body, pending: Pending::Whole(Bytes::new()), message_bytes_max }
    }

    /// The next message; `None` when the client sends no more.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            let received = self.pending.bytes();
            let wanted = match message_len(received, self.message_bytes_max)? {
                Some(message_len) if received.len() >= PREFIX_LEN + message_len => {
                    return Ok(Some(self.pending.take(message_len)));
                }
                Some(message_len) => PREFIX_LEN + message_len,
                None => PREFIX_LEN,
            };
            let missing = wanted - received.len();
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        self.pending.push(piece, missing);
                    }
                }
                Some(Err(error)) => return Err(Status::new(Code::Cancelled, error.to_string())),
                None if self.pending.bytes().is_empty() => return Ok(None),
                None => return Err(Status::new(Code::Internal, "unexpected EOF")),
            }
        }
    }
}

/// The length in the prefix; `None` when it is not there yet.
fn message_len(received: &[u8], message_bytes_max: usize) -> Result<Option<usize>, Status> {
    let Some(prefix) = received.first_chunk::<PREFIX_LEN>() else { return Ok(None) };
    let [flags, length @ ..] = *prefix;
    let message_len = u32::from_be_bytes(length) as usize;
    if message_len > message_bytes_max {
        return Err(Status::new(
            Code::ResourceExhausted,
            format!("grpc: received message larger than max ({message_len} vs. {message_bytes_max})"),
        ));
    }
    match flags {
        0 => Ok(Some(message_len)),
        1 => Err(Status::new(Code::Internal, "grpc: compressed flag set with identity or empty encoding")),
        other => {
            Err(Status::new(Code::Internal, format!("grpc: received unexpected payload format {other}")))
        }
    }
}

/// Decodes the only message of a request.
pub(super) fn decode<M: Message + Default>(message: Bytes) -> Result<M, Status> {
    M::decode(message).map_err(|error| unreadable("grpc: error unmarshalling request", &error))
}

/// Decodes a message of a stream, for which grpc-go has other words.
pub(super) fn decode_streamed<M: Message + Default>(message: Bytes) -> Result<M, Status> {
    M::decode(message).map_err(|error| unreadable("grpc: failed to unmarshal the received message", &error))
}

/// In the words of Go's protobuf, which does not say where the message is broken.
fn unreadable(refusal: &str, error: &DecodeError) -> Status {
    let reason = if error.to_string().contains("UTF-8") {
        "string field contains invalid UTF-8"
    } else {
        "proto: cannot parse invalid wire-format data"
    };
    Status::new(Code::Internal, format!("{refusal}: {reason}"))
}

/// A message with its prefix, in one buffer.
pub(super) fn encode<M: Message>(message: &M) -> Bytes {
    let message_len = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX_LEN + message_len);
    frame.put_slice(&prefix(message_len));
    message.encode_raw(&mut frame);
    frame.freeze()
}

/// The prefix of a message of this length.
pub(super) fn prefix(message_len: usize) -> [u8; PREFIX_LEN] {
    let [first, second, third, fourth] = u32::try_from(message_len).unwrap_or(u32::MAX).to_be_bytes();
    [0, first, second, third, fourth]
}

/// Refuses a message that gRPC cannot carry, in the words of grpc-go.
pub(super) fn check_send_len(message_len: usize) -> Result<(), Status> {
    if message_len <= GRPC_MESSAGE_SEND_BYTES_MAX {
        return Ok(());
    }
    Err(Status::new(
        Code::ResourceExhausted,
        format!(
            "grpc: trying to send message larger than max ({message_len} vs. {GRPC_MESSAGE_SEND_BYTES_MAX})"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;
    use std::convert::Infallible;

    fn reader(
        pieces: Vec<&'static [u8]>,
        message_bytes_max: usize,
    ) -> FrameReader<impl Body<Data = Bytes, Error = Infallible> + Unpin> {
        let frames = pieces.into_iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece))));
        FrameReader::new(StreamBody::new(stream::iter(frames)), message_bytes_max)
    }

    async fn read_all(pieces: Vec<&'static [u8]>) -> Result<Vec<Bytes>, Status> {
        let mut reader = reader(pieces, 10);
        let mut messages = Vec::new();
        while let Some(message) = reader.next().await? {
            messages.push(message);
        }
        Ok(messages)
    }

    #[tokio::test]
    async fn messages_are_found_however_the_bytes_are_cut() {
        let whole: &'static [u8] = b"\0\0\0\0\x03abc\0\0\0\0\0\0\0\0\0\x02de";
        let expected = [Bytes::from("abc"), Bytes::new(), Bytes::from("de")];
        assert_eq!(read_all(vec![whole]).await.unwrap(), expected);
        for cut in 0..whole.len() {
            assert_eq!(read_all(vec![&whole[..cut], &whole[cut..]]).await.unwrap(), expected, "cut at {cut}");
        }
        assert_eq!(read_all(whole.chunks(1).collect()).await.unwrap(), expected);
        assert!(read_all(vec![]).await.unwrap().is_empty());
    }

    #[test]
    fn broken_messages_are_refused_in_the_words_of_go() {
        use holdfast_proto::etcdserverpb::{AuthRoleGetRequest, RangeRequest};
        let refusal = decode::<RangeRequest>(Bytes::from_static(b"\x0a\x09a")).unwrap_err();
        assert_eq!(refusal.code, Code::Internal);
        let reason = "proto: cannot parse invalid wire-format data";
        assert_eq!(refusal.message, format!("grpc: error unmarshalling request: {reason}"));
        let refusal = decode_streamed::<RangeRequest>(Bytes::from_static(b"\xff\xff\xff")).unwrap_err();
        assert_eq!(refusal.message, format!("grpc: failed to unmarshal the received message: {reason}"));
        let refusal = decode::<AuthRoleGetRequest>(Bytes::from_static(b"\x0a\x01\xff")).unwrap_err();
        let reason = "string field contains invalid UTF-8";
        assert_eq!(refusal.message, format!("grpc: error unmarshalling request: {reason}"));
    }

    #[tokio::test]
    async fn a_large_message_is_refused_by_its_prefix_alone() {
        let status = read_all(vec![b"\0\0\0\0\x0b"]).await.unwrap_err();
        assert_eq!(status.code, Code::ResourceExhausted);
        assert_eq!(status.message, "grpc: received message larger than max (11 vs. 10)");
        let status = read_all(vec![b"\0\xff\xff\xff\xff"]).await.unwrap_err();
        assert_eq!(status.message, "grpc: received message larger than max (4294967295 vs. 10)");
    }

    #[tokio::test]
    async fn broken_frames_are_refused() {
        assert_eq!(read_all(vec![b"\x01\0\0\0\x01a"]).await.unwrap_err().code, Code::Internal);
        assert_eq!(read_all(vec![b"\x07\0\0\0\x01a"]).await.unwrap_err().code, Code::Internal);
        assert_eq!(read_all(vec![b"\0\0\0\0\x03ab"]).await.unwrap_err().code, Code::Internal);
        assert_eq!(read_all(vec![b"\0\0"]).await.unwrap_err().code, Code::Internal);
    }

    #[test]
    fn an_encoded_frame_has_its_prefix() {
        let message = holdfast_proto::etcdserverpb::LeaseKeepAliveRequest { id: 1 };
        assert_eq!(encode(&message).as_ref(), b"\0\0\0\0\x02\x08\x01");
    }
}
