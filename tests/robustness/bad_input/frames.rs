//! HTTP/2 frames and gRPC messages as bytes, so that they can be wrong in any way. Must not check anything.

/// What an HTTP/2 client sends first.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Frame types by their numbers in RFC 9113.
pub const DATA: u8 = 0;
/// See `DATA`.
pub const HEADERS: u8 = 1;
/// See `DATA`.
pub const RST_STREAM: u8 = 3;
/// See `DATA`.
pub const SETTINGS: u8 = 4;
/// See `DATA`.
pub const PING: u8 = 6;
/// See `DATA`.
pub const WINDOW_UPDATE: u8 = 8;
/// See `DATA`.
pub const CONTINUATION: u8 = 9;

/// The flag that ends a stream.
pub const END_STREAM: u8 = 1;
/// The flag that ends a header block.
pub const END_HEADERS: u8 = 4;

/// A frame that says the truth about its length.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame of a test is small");
    frame_of_length(length, kind, flags, stream, payload)
}

/// A frame that announces any length.
pub fn frame_of_length(length: u32, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The beginning of a proper connection.
pub fn opening() -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes
}

/// One header, spelled out and not to be remembered.
pub fn header(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.extend(header_length(text.len()));
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// A length in HPACK's seven-bit prefix.
fn header_length(length: usize) -> Vec<u8> {
    if length < 127 {
        return vec![u8::try_from(length).expect("below 127")];
    }
    let mut bytes = vec![127];
    let mut rest = length - 127;
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).expect("below 128") | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).expect("below 128"));
    bytes
}

/// The headers of a gRPC call.
pub fn call_headers(path: &str) -> Vec<u8> {
    let headers = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ];
    headers.iter().flat_map(|(name, value)| header(name, value)).collect()
}

/// A gRPC message that may lie about itself.
pub fn message(flag: u8, announced: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![flag];
    bytes.extend(announced.to_be_bytes());
    bytes.extend(payload);
    bytes
}
