//! Connections that come and go in great number, most of them torn down without a goodbye, some after a few bytes.
//! 100,000 in the test suite; `HOLDFAST_SOAK_CONNECTIONS` asks for another number, such as a million.

use std::net::SocketAddr;

use futures::stream::{self, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;

use super::attack::Attack;
use super::frames::PREFACE;
use crate::turn;

const CONNECTIONS_DEFAULT: usize = 100_000;

/// Connections at a time.
const AT_ONCE: usize = 64;

/// One in this many is closed in order. Each of these keeps its port from use for a minute.
const CLOSED_IN_ORDER: usize = 100;

fn connections_wanted() -> usize {
    let Ok(text) = std::env::var("HOLDFAST_SOAK_CONNECTIONS") else { return CONNECTIONS_DEFAULT };
    text.parse().unwrap_or_else(|_| panic!("HOLDFAST_SOAK_CONNECTIONS={text} is not a whole number"))
}

/// Opens and drops one connection; whether the member took it.
async fn touch(address: SocketAddr, number: usize) -> bool {
    let socket = TcpSocket::new_v4().unwrap();
    if !number.is_multiple_of(CLOSED_IN_ORDER) {
        socket.set_zero_linger().unwrap();
    }
    let Ok(mut stream) = socket.connect(address).await else { return false };
    let bytes = match number % 4 {
        0 => &PREFACE[..number % PREFACE.len()],
        1 => b"GET /health HT",
        _ => b"",
    };
    // The other side may be quicker to close.
    let _ = stream.write_all(bytes).await;
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_in_great_number_disturb_nobody() {
    let _turn = turn::take().await;
    let attack = Attack::begin().await;
    let ports = [attack.server.client_address(), attack.server.peer_address()];
    let wanted = connections_wanted();
    let begun = std::time::Instant::now();
    let touches = stream::iter(0..wanted).map(|number| touch(ports[number % 2], number));
    let taken = touches.buffer_unordered(AT_ONCE).filter(|taken| std::future::ready(*taken)).count().await;
    println!("{taken} of {wanted} connections in {:?}", begun.elapsed());
    assert!(taken > wanted * 99 / 100, "{taken} of {wanted} connections were taken");
    attack.end().await;
}
