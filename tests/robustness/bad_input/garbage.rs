//! Bytes that are no request, or begin as one: by chance, and as known attacks on HTTP servers have them.

use std::net::SocketAddr;
use std::time::Duration;

use futures::stream::{self, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::attack::Attack;
use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    call_headers, frame, frame_of_length, header, message, opening,
};
use crate::{seed, turn};

/// Connections with random bytes to each port.
const RANDOM_CONNECTIONS: usize = 1500;

/// Connections at a time.
const AT_ONCE: usize = 32;

/// How long an attacker writes against a member that does not read, and waits for what it says.
const WRITE_DEADLINE: Duration = Duration::from_secs(2);
/// See `WRITE_DEADLINE`.
const READ_DEADLINE: Duration = Duration::from_millis(150);

/// Methods that random messages are sent to.
const PATHS: [&str; 12] = [
    "/etcdserverpb.KV/Range",
    "/etcdserverpb.KV/Put",
    "/etcdserverpb.KV/DeleteRange",
    "/etcdserverpb.KV/Txn",
    "/etcdserverpb.Watch/Watch",
    "/etcdserverpb.Lease/LeaseGrant",
    "/etcdserverpb.Lease/LeaseKeepAlive",
    "/etcdserverpb.Maintenance/Status",
    "/holdfast.peer.Peer/Append",
    "/holdfast.peer.Peer/Propose",
    "/holdfast.peer.Peer/InstallSnapshot",
    "/no.Such/Method",
];

/// Sends bytes, reads a little of what comes back, and goes away.
async fn send(address: SocketAddr, bytes: Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.expect("the member listens");
    // The member may close at any moment, or stop reading: both are its right.
    let _ = timeout(WRITE_DEADLINE, stream.write_all(&bytes)).await;
    let mut answer = [0; 4096];
    while let Ok(Ok(1..)) = timeout(READ_DEADLINE, stream.read(&mut answer)).await {}
}

fn random_bytes(random: &mut fastrand::Rng, length_max: usize) -> Vec<u8> {
    let length = random.usize(1..length_max);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

fn random_frames(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = opening();
    for _ in 0..random.usize(1..20) {
        let payload = random_bytes(random, 300);
        bytes.extend(frame(random.u8(..12), random.u8(..), random.u32(..12), &payload));
    }
    bytes
}

fn random_call(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = opening();
    let path = random.choice(PATHS).expect("there are paths");
    bytes.extend(frame(HEADERS, END_HEADERS, 1, &call_headers(path)));
    let payload = random_bytes(random, 2000);
    let announced = if random.bool() { u32::try_from(payload.len()).expect("small") } else { random.u32(..) };
    bytes.extend(frame(DATA, random.u8(..2), 1, &message(random.u8(..3), announced, &payload)));
    bytes
}

fn random_attack(random: &mut fastrand::Rng) -> Vec<u8> {
    let start: &[u8] = match random.u8(..7) {
        0 => b"",
        1 => PREFACE,
        2 => b"POST /v3/kv/put HTTP/1.1\r\ncontent-length: 100\r\n\r\n",
        3 => b"GET /health HTTP/1.1\r\nhost: x\r\n",
        4 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        5 => return random_frames(random),
        _ => return random_call(random),
    };
    let mut bytes = start.to_vec();
    bytes.extend(random_bytes(random, 4096));
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_bytes_at_both_ports_disturb_nobody() {
    let _turn = turn::take().await;
    let mut random = seed::choose("the random bytes");
    let attack = Attack::begin().await;
    let ports = [attack.server.client_address(), attack.server.peer_address()];
    let attacks =
        (0..2 * RANDOM_CONNECTIONS).map(|number| send(ports[number % 2], random_attack(&mut random)));
    let attacks: Vec<_> = attacks.collect();
    stream::iter(attacks).for_each_concurrent(AT_ONCE, |attack| attack).await;
    attack.end().await;
}

/// A connection that opens properly and goes on with `count` times the same.
fn repeated(count: u32, piece: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = opening();
    bytes.extend((0..count).flat_map(piece));
    bytes
}

/// One table entry of four thousand bytes, then as many references to it as fit: a small block of many headers.
fn header_bomb() -> Vec<u8> {
    let mut block = header("x", &"y".repeat(3900));
    // Literal with incremental indexing instead of without.
    block[0] = 0x40;
    block.extend(std::iter::repeat_n(0xbe, 12_000));
    let mut bytes = opening();
    bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block));
    bytes
}

/// Every attack by name.
fn known_attacks() -> Vec<(&'static str, Vec<u8>)> {
    let odd = |number: u32| 2 * number + 1;
    let call =
        |number: u32| frame(HEADERS, END_HEADERS, odd(number), &call_headers("/etcdserverpb.KV/Range"));
    let large_header = header("x", &"y".repeat(16_000));
    let endless_header = |number: u32| {
        if number == 0 {
            frame(HEADERS, 0, 1, &call_headers("/x"))
        } else {
            frame(CONTINUATION, 0, 1, &large_header)
        }
    };
    let empty_continuation = |number: u32| {
        if number == 0 { frame(HEADERS, 0, 1, &call_headers("/x")) } else { frame(CONTINUATION, 0, 1, &[]) }
    };
    let many_headers = (0..20_000).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    let with_request = |rest: &str| format!("POST /v3/kv/put HTTP/1.1\r\nhost: x\r\n{rest}").into_bytes();
    vec![
        (
            "a frame longer than allowed",
            repeated(1, |_| frame_of_length(0x00ff_ffff, DATA, 0, 1, &[0; 4096])),
        ),
        (
            "a frame that is cut off",
            repeated(1, |_| frame_of_length(1000, HEADERS, END_HEADERS, 1, &[0; 10])),
        ),
        ("data for no stream", repeated(100, |number| frame(DATA, 0, odd(number), b"x"))),
        ("two megabytes of headers", repeated(130, endless_header)),
        ("a header block that never ends", repeated(50_000, empty_continuation)),
        ("many headers from few bytes", header_bomb()),
        (
            "calls that are reset at once",
            repeated(20_000, |number| {
                [call(number), frame(RST_STREAM, 0, odd(number), &[0, 0, 0, 8])].concat()
            }),
        ),
        ("calls that never go on", repeated(5000, call)),
        ("pings without end", repeated(50_000, |_| frame(PING, 0, 0, &[0; 8]))),
        ("settings without end", repeated(50_000, |_| frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]))),
        ("a window that overflows", repeated(2, |_| frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]))),
        ("a window of nothing", repeated(1, |_| frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]))),
        ("a body that never comes", with_request("content-length: 1000000000\r\n\r\n{")),
        ("a length below zero", with_request("content-length: -1\r\n\r\n{}")),
        ("a chunk of all memory", with_request("transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nx")),
        ("twenty thousand headers", with_request(&format!("{many_headers}\r\n"))),
        ("a header line without end", with_request(&"y".repeat(2 << 20))),
        ("nested JSON", with_request(&format!("content-length: 200000\r\n\r\n{}", "[".repeat(200_000)))),
        ("requests without reading", "GET /version HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20_000).into_bytes()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_attacks_on_both_ports_disturb_nobody() {
    let _turn = turn::take().await;
    let mut attack = Attack::begin().await;
    for address in [attack.server.client_address(), attack.server.peer_address()] {
        for (name, bytes) in known_attacks() {
            stream::iter(0..4).for_each_concurrent(4, |_| send(address, bytes.clone())).await;
            let status = attack.server.process().status().unwrap();
            assert_eq!(status, None, "{name} ended the member: {}", attack.server.process().output_tail());
        }
    }
    attack.end().await;
}
