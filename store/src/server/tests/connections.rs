//! Connections that do not behave, on streams in memory, with less patience than the server has.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::connection::{self, Patience, Service};
use super::super::listen::Listener;
use super::super::listening::Listening;
use super::super::room::Room;
use super::super::services::Routes;
use super::{PATIENCE, listen};
use crate::config::Http2Settings;
use crate::limits::{DRAIN_TIMEOUT, HTTP1_BUFFER_BYTES_MAX};
use crate::server::Role;

const SHORT: Patience =
    Patience { first_bytes: Duration::from_millis(60), head: Duration::from_millis(1500) };

/// How long a body may take.
const BODY_TIMEOUT: Duration = Duration::from_millis(400);

fn hello() -> Routes {
    let echo = post(async |body: Bytes| body);
    Routes::new(Router::new().route("/", get(async || "hello")).route("/echo", echo))
        .with_body_timeout(BODY_TIMEOUT)
}

struct Connection {
    stream: DuplexStream,
    served: JoinHandle<()>,
    drain: Option<oneshot::Sender<()>>,
    begun: Instant,
}

impl Connection {
    fn open() -> Connection {
        let (stream, theirs) = duplex(1 << 20);
        let (drain, drained) = oneshot::channel();
        let served = tokio::spawn(connection::serve(theirs, None, hello(), SHORT, drained));
        Connection { stream, served, drain: Some(drain), begun: Instant::now() }
    }

    async fn sending(bytes: &[u8]) -> Connection {
        let mut connection = Connection::open();
        connection.stream.write_all(bytes).await.unwrap();
        connection
    }

    /// Waits until the server has done with it.
    async fn ended(self) {
        tokio::time::timeout(PATIENCE, self.served).await.expect("it must end").unwrap();
    }

    async fn read(&mut self) -> String {
        let mut buffer = [0; 1024];
        let len = self.stream.read(&mut buffer).await.unwrap();
        String::from_utf8_lossy(&buffer[..len]).into_owned()
    }
}

/// What is served under other settings of HTTP/2.
#[derive(Clone)]
struct Held(Routes, Http2Settings);

impl Service for Held {
    const GATHERS_WRITES: bool = false;
    type Body = axum::body::Body;

    fn http2(&self) -> Http2Settings {
        self.1
    }

    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<axum::body::Body>> + Send + 'static + use<> {
        self.0.serve(request)
    }
}

/// Reads a frame: its kind and its payload.
async fn frame(stream: &mut DuplexStream) -> (u8, Vec<u8>) {
    let mut header = [0; 9];
    stream.read_exact(&mut header).await.unwrap();
    let mut payload = vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
    stream.read_exact(&mut payload).await.unwrap();
    (header[3], payload)
}

#[tokio::test]
async fn a_client_is_told_of_its_limit_and_cut_off_when_it_does_not_answer_a_ping() {
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const STREAMS_MAX: [u8; 2] = [0, 3];
    let (mut stream, theirs) = duplex(1 << 20);
    let settings = Http2Settings {
        streams_max: 7,
        keepalive_interval: Duration::from_millis(100),
        keepalive_timeout: Duration::from_millis(100),
    };
    let patience = Patience { first_bytes: PATIENCE, head: PATIENCE };
    let (_drain, drained) = oneshot::channel();
    let served = tokio::spawn(connection::serve(theirs, None, Held(hello(), settings), patience, drained));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let (kind, payload) = frame(&mut stream).await;
    assert_eq!(kind, SETTINGS);
    let limit = payload.chunks(6).find(|setting| setting[..2] == STREAMS_MAX);
    assert_eq!(limit.expect("there is a limit")[2..], [0, 0, 0, 7]);
    while frame(&mut stream).await.0 != PING {}
    tokio::time::timeout(PATIENCE, served).await.expect("it must end").unwrap();
}

#[tokio::test]
async fn silence_ends_a_connection() {
    for bytes in [&b""[..], b"G", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let connection = Connection::sending(bytes).await;
        connection.ended().await;
    }
}

#[tokio::test]
async fn a_slow_head_ends_a_connection() {
    let head = b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: 123456789\r\n";
    let connection = Connection::sending(head).await;
    let begun = connection.begun;
    connection.ended().await;
    assert!(begun.elapsed() >= SHORT.head);
}

#[tokio::test]
async fn a_body_without_an_end_is_given_up_at_whatever_pace_it_comes() {
    let heads = ["content-length: 1000000", "transfer-encoding: chunked"];
    for (head, piece) in heads.into_iter().zip([&b"a"[..], b"1\r\na\r\n"]) {
        let mut connection =
            Connection::sending(format!("POST /echo HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n").as_bytes()).await;
        let begun = connection.begun;
        let mut answer = String::new();
        while answer.is_empty() {
            // The end of the connection may come before this does.
            let _ = connection.stream.write_all(piece).await;
            let short = tokio::time::timeout(BODY_TIMEOUT / 20, connection.read()).await;
            answer = short.unwrap_or_default();
        }
        assert!(begun.elapsed() >= BODY_TIMEOUT, "{answer}");
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        connection.ended().await;
    }
}

#[tokio::test]
async fn a_body_in_pieces_is_no_late_one() {
    let mut connection =
        Connection::sending(b"POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n1").await;
    tokio::time::sleep(BODY_TIMEOUT / 4).await;
    connection.stream.write_all(b"2").await.unwrap();
    assert!(connection.read().await.ends_with("\r\n\r\n12"));
    tokio::time::sleep(BODY_TIMEOUT * 2).await;
    connection.stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(connection.read().await.ends_with("hello"));
}

#[tokio::test]
async fn a_short_request_is_no_silence() {
    let mut connection = Connection::sending(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(connection.read().await.ends_with("hello"));
    tokio::time::sleep(SHORT.first_bytes * 2).await;
    connection.stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(connection.read().await.ends_with("hello"));
}

#[tokio::test]
async fn an_idle_connection_ends_when_told_to() {
    let mut connection = Connection::sending(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(connection.read().await.ends_with("hello"));
    connection.drain.take().unwrap().send(()).unwrap();
    connection.ended().await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let mut connection = Connection::sending(b"GET / HTTP/1.1\r\nhost: x\r\nx-large: ").await;
    connection.stream.write_all(&vec![b'a'; HTTP1_BUFFER_BYTES_MAX]).await.unwrap();
    assert!(connection.read().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn random_bytes_end_a_connection() {
    let mut connection = Connection::sending(&[0xff; 64]).await;
    assert!(connection.read().await.starts_with("HTTP/1.1 400 "));
    connection.ended().await;
}

#[tokio::test]
async fn connections_above_the_limit_are_closed_and_room_comes_back() {
    let listeners = Listener::bind_all(&[listen("127.0.0.1", 0)], Role::Client).await.unwrap();
    let room = Room::new(1, 1);
    let mut listening = Listening::start(listeners, &hello(), &room, None, &Handle::current());
    let address = listening.addresses()[0];
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(first.read_u8().await.is_ok());
    let mut second = TcpStream::connect(address).await.unwrap();
    // Nothing comes but the end.
    assert!(second.read_u8().await.is_err());
    drop(first);
    let is_free = async {
        while room.free() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, is_free).await.expect("the room did not come back");
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(third.read_u8().await.is_ok());
    let begun = Instant::now();
    listening.stop().await;
    assert!(begun.elapsed() < DRAIN_TIMEOUT * 3);
    assert!(TcpStream::connect(address).await.is_err());
}
