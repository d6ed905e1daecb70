//! An end that can be understood for those who speak plain HTTP to a port with TLS.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::limits::{TLS_PLAIN_REST_BYTES_MAX, TLS_PLAIN_REST_TIMEOUT};

/// The first byte of every TLS connection.
pub(super) const HANDSHAKE: u8 = 0x16;

const ANSWER: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\
    This port speaks TLS only: use https instead of http.\n";

/// Settings without any, then the end with `INADEQUATE_SECURITY` and a text.
const HTTP2_ANSWER: &[u8] = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00\
    \x00\x00\x21\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0cthis port speaks TLS only";

/// Answers and ends.
pub(super) async fn refuse(mut stream: TcpStream, first: u8) {
    // HTTP/2 begins with PRI; no method of HTTP/1 that is in use begins like it but PROPFIND, PATCH, POST and PUT.
    let mut beginning = [first, 0, 0];
    let is_http2 = stream.peek(&mut beginning).await.is_ok() && beginning == *b"PRI";
    let answer = if is_http2 { HTTP2_ANSWER } else { ANSWER };
    if !first.is_ascii_alphabetic() || stream.write_all(answer).await.is_err() {
        return;
    }
    let _ = stream.shutdown().await;
    let mut rest = stream.take(TLS_PLAIN_REST_BYTES_MAX);
    let _ = timeout(TLS_PLAIN_REST_TIMEOUT, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_http2_answer_is_as_long_as_it_says() {
        assert_eq!(HTTP2_ANSWER.len(), 9 + 9 + 0x21);
        assert!(HTTP2_ANSWER.ends_with(b"TLS only"));
    }
}
