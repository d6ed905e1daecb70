//! Ten thousand waits of the v2 API, each on a connection of its own: what one costs, whether all are woken, and what is
//! left of them when their clients vanish. Where the system allows fewer open files there are fewer, and that is said.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::{Duration, Instant};

use ::http::Method;
use futures::stream::{self, StreamExt};
use holdfast_tests::http;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{sleep, timeout};

use super::attack::Attack;
use crate::turn;

const WAITS_WANTED: usize = 10_000;

/// Connections that others need: the well-behaved client, and what reads the metrics.
const CONNECTIONS_SPARE: usize = 100;

/// A member gives half of its open files to connections, and half of those to one address.
const FILES_OF_CONNECTION: usize = 2;
const ADDRESSES: usize = 4;

/// Connections made at a time.
const AT_ONCE: usize = 64;

/// Directories that the waits are spread over; each is waited for by as many.
const DIRECTORIES: usize = 100;

/// What the member may grow by for one wait: its connection with buffers and HTTP state, and the wait itself. 25 to 36
/// KiB were measured in a debug build.
const WAIT_BYTES_MAX: u64 = 48 << 10;

/// What may be left of all of them. 8 to 22 MiB were measured.
const LEFT_BYTES_MAX: u64 = 64 << 20;

/// How long anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// As many waits as the open files allow; this process has one for each connection, too.
fn waits_possible() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).unwrap();
    let files = limit.maximum.map_or(usize::MAX, |files| usize::try_from(files).unwrap());
    WAITS_WANTED.min(files / FILES_OF_CONNECTION - CONNECTIONS_SPARE)
}

/// Begins a wait and reads its head, which comes at once.
async fn wait(server: SocketAddr, number: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from = Ipv4Addr::new(127, 0, 0, u8::try_from(number % ADDRESSES).unwrap() + 1);
    socket.bind(SocketAddrV4::new(from, 0).into()).unwrap();
    // Half of the clients go without a goodbye.
    if number.is_multiple_of(2) {
        socket.set_zero_linger().unwrap();
    }
    let mut stream = socket.connect(server).await.unwrap();
    let directory = number % DIRECTORIES;
    let request =
        format!("GET /v2/keys/waits/{directory}?wait=true&recursive=true HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0, "the member closed wait {number}");
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&head));
    stream
}

async fn wait_all(server: SocketAddr, count: usize) -> Vec<TcpStream> {
    stream::iter(0..count).map(|number| wait(server, number)).buffered(AT_ONCE).collect().await
}

/// The number of watchers that the member counts.
async fn watchers(server: SocketAddr) -> usize {
    let metrics = http::get(server, "/metrics").await.unwrap().text();
    let line = metrics.lines().find_map(|line| line.strip_prefix("etcd_debugging_mvcc_watcher_total "));
    line.unwrap().parse().unwrap()
}

async fn expect_watchers(server: SocketAddr, expected: usize) {
    let begun = Instant::now();
    loop {
        let counted = watchers(server).await;
        if counted == expected {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{counted} watchers, expected {expected}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn make_directories(server: SocketAddr) {
    for directory in 0..DIRECTORIES {
        let path = format!("/v2/keys/waits/{directory}?dir=true");
        let answer = http::send(server, Method::PUT, &path, &[], "").await.unwrap();
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    }
}

/// Changes something in one directory and demands that those who wait for it are told, and nobody else is.
async fn wake(server: SocketAddr, waits: &mut [TcpStream], directory: usize) {
    let path = format!("/v2/keys/waits/{directory}/x?value=1");
    let answer = http::send(server, Method::PUT, &path, &[], "").await.unwrap();
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let event = format!("\"key\":\"/waits/{directory}/x\"");
    for stream in waits.iter_mut().skip(directory).step_by(DIRECTORIES) {
        let mut told = Vec::new();
        while !told.ends_with(b"0\r\n\r\n") {
            let read = timeout(PATIENCE, stream.read_buf(&mut told)).await.expect("waits are woken").unwrap();
            assert_ne!(read, 0, "a wait ended without its event");
        }
        assert!(String::from_utf8_lossy(&told).contains(&event), "{}", String::from_utf8_lossy(&told));
    }
    for stream in waits.iter().skip(directory + 1).step_by(DIRECTORIES).take(10) {
        assert!(stream.try_read(&mut [0; 1]).is_err(), "a wait was woken that is not concerned");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_waits_cost_little_and_leave_nothing() {
    let _turn = turn::take().await;
    let count = waits_possible();
    let mut attack = Attack::begin().await;
    let server = attack.server.client_address();
    let before = attack.server.process().resident_bytes();
    for round in 0..3 {
        make_directories(server).await;
        let begun = Instant::now();
        let mut waits = wait_all(server, count).await;
        expect_watchers(server, count).await;
        let resident = attack.server.process().resident_bytes();
        let each = resident.saturating_sub(before) / u64::try_from(count).unwrap();
        println!(
            "round {round}: {count} waits after {:?}, {} KiB resident, {each} bytes each",
            begun.elapsed(),
            resident >> 10
        );
        assert!(each < WAIT_BYTES_MAX, "{each} bytes for each of {count} waits");
        let woken = count.div_ceil(DIRECTORIES);
        wake(server, &mut waits, 0).await;
        expect_watchers(server, count - woken).await;
        let path = "/v2/keys/waits?recursive=true";
        let answer = http::send(server, Method::DELETE, path, &[], "").await.unwrap();
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        // What goes with a directory is told to all who wait in it.
        expect_watchers(server, 0).await;
        drop(waits);
        attack.await_closed().await;
        let waits = wait_all(server, count).await;
        expect_watchers(server, count).await;
        drop(waits);
        expect_watchers(server, 0).await;
        attack.await_closed().await;
        let begun = Instant::now();
        loop {
            let left = attack.server.process().resident_bytes().saturating_sub(before);
            if left < LEFT_BYTES_MAX {
                println!("{} KiB more than before are resident once all clients are gone", left >> 10);
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "{left} bytes are left of {count} waits");
            sleep(Duration::from_millis(100)).await;
        }
    }
    attack.end().await;
}
