//! HTTP/2 frames, as far as this client needs them (RFC 9113). Must not know what travels in them.

/// Bytes before the payload of each frame.
const HEADER_BYTES: usize = 9;

/// What a client says first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The last frame of a stream in its direction.
pub const END_STREAM: u8 = 0x1;
/// The frame holds all headers.
pub const END_HEADERS: u8 = 0x4;
/// The frame answers one of the same kind.
pub const ACK: u8 = 0x1;

/// Kinds of frames.
pub mod kind {
    /// Part of a message.
    pub const DATA: u8 = 0x0;
    /// Headers or trailers.
    pub const HEADERS: u8 = 0x1;
    /// The peer ended a stream.
    pub const RST_STREAM: u8 = 0x3;
    /// Settings of a connection.
    pub const SETTINGS: u8 = 0x4;
    /// A question whether the peer is there.
    pub const PING: u8 = 0x6;
    /// The peer ends the connection.
    pub const GOAWAY: u8 = 0x7;
    /// More may be sent.
    pub const WINDOW_UPDATE: u8 = 0x8;
}

/// A received frame.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// See `kind`.
    pub kind: u8,
    /// Such as `END_STREAM`.
    pub flags: u8,
    /// 0 for the connection.
    pub stream: u32,
    /// What it holds.
    pub payload: &'a [u8],
}

/// Takes the first frame off received bytes, if all of it is there.
pub fn split<'a>(bytes: &mut &'a [u8]) -> Option<Frame<'a>> {
    let (header, rest) = bytes.split_at_checked(HEADER_BYTES)?;
    let len = u32::from_be_bytes([0, header[0], header[1], header[2]]);
    let (payload, rest) = rest.split_at_checked(usize::try_from(len).ok()?)?;
    *bytes = rest;
    let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]) & (u32::MAX >> 1);
    Some(Frame { kind: header[3], flags: header[4], stream, payload })
}

/// Appends a frame.
pub fn push(out: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    let len = u32::try_from(payload.len()).expect("this client sends small frames only").to_be_bytes();
    out.extend_from_slice(&len[1..]);
    out.extend_from_slice(&[kind, flags]);
    out.extend_from_slice(&stream.to_be_bytes());
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back_once_it_is_complete() {
        let mut out = Vec::new();
        push(&mut out, kind::DATA, END_STREAM, 7, b"abc");
        assert_eq!(out, b"\x00\x00\x03\x00\x01\x00\x00\x00\x07abc");
        let mut bytes = &out[..out.len() - 1];
        assert_eq!(split(&mut bytes), None);
        let mut bytes = &out[..];
        let frame = split(&mut bytes).unwrap();
        assert_eq!(frame, Frame { kind: kind::DATA, flags: END_STREAM, stream: 7, payload: b"abc" });
        assert!(bytes.is_empty());
    }
}
