//! Those who connect to a port with TLS for other reasons than to speak it: they get an end, and nobody else notices.

use std::time::{Duration, Instant};

use holdfast_tests::http;
use holdfast_tests::tls::TlsClient;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::member::{PATIENCE, PUT, TlsMember};

/// More than handshakes may be under way at the member.
const HALF_OPEN: usize = 1100;

/// How long an honest client may take while others only hold connections open.
const HONEST_MAX: Duration = Duration::from_secs(5);

/// The beginning of a handshake whose rest never comes.
const BEGINNING: [u8; 3] = [0x16, 0x03, 0x01];

fn raise_limit_on_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_handshakes_keep_nobody_out() {
    raise_limit_on_files();
    let member = TlsMember::start_mutual().await;
    let mut half_open = Vec::new();
    for _ in 0..HALF_OPEN {
        let mut stream = TcpStream::connect(member.address).await.unwrap();
        stream.write_all(&BEGINNING).await.unwrap();
        half_open.push(stream);
    }
    let client = member.client("honest");
    for _ in 0..10 {
        let begun = Instant::now();
        assert!(client.post(member.address, "/v3/kv/put", PUT).await.unwrap().status.is_success());
        assert!(begun.elapsed() < HONEST_MAX, "{:?}", begun.elapsed());
    }
    // The oldest had to make room, and all end by themselves.
    member.wait_metric("holdfast_tls_handshakes_total{outcome=\"late\",port=\"clients\"}", 1.0).await;
    for mut stream in half_open {
        let mut rest = Vec::new();
        // Cut off with or without a last word.
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it must end");
    }
    let late = "holdfast_tls_handshakes_total{outcome=\"late\",port=\"clients\"}";
    assert_eq!(member.metric(late).await, Some(HALF_OPEN as f64));
    member.wait_log(&["a connection was refused", "its handshake took too long"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_requests_and_other_bytes_get_a_clear_end() {
    let member = TlsMember::start(|plan, _| plan).await;
    let answer = http::get(member.address, "/version").await.unwrap();
    assert_eq!(answer.status.as_u16(), 400);
    assert_eq!(answer.text(), "This port speaks TLS only: use https instead of http.\n");
    member.wait_log(&["a connection was refused", "it does not speak TLS"]).await;

    for (bytes, end) in [
        (&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"[..], &b"this port speaks TLS only"[..]),
        (&[0xff; 64], b""),
        // A ClientHello of SSL 2, and one that is no message.
        (&[0x80, 0x2e, 0x01, 0x00, 0x02], b""),
    ] {
        let mut stream = TcpStream::connect(member.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it must end");
        assert!(answer.ends_with(end), "{answer:?}");
    }
    let client = TlsClient::new(&[member.authority.pem()], None);
    assert!(client.post(member.address, "/v3/kv/put", PUT).await.is_ok());
    // TLS at the port without it ends, too.
    assert!(client.connect(member.server.client_address()).await.is_err());
    assert!(member.server.is_ready().await);
}
