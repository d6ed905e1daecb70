//! Thousands of watchers on one member, which is killed and started again half way: each gets every event that it is
//! due, in order, without a gap and without a duplicate, and resumes where it stood.
//! 1,000 watchers on one connection see all 10,000 events; 10,000 over 100 connections watch as clients do, of every
//! hundred one all keys, nine a sixteenth of them and ninety a single key: 1.9 million deliveries, each one checked.

mod expected;
mod watcher;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast_tests::Server;

use crate::client::Client;
use crate::{seed, subject, turn};
use expected::Expected;
use watcher::{Interest, follow};

/// Events in a run.
const EVENTS: usize = 10_000;

/// Keys that they are spread over.
const KEYS: usize = 256;

/// How long a run may take, on a busy machine.
const RUN_DEADLINE: Duration = Duration::from_secs(240);

/// Streams of one connection and what their watchers watch.
type Connection = Vec<Vec<Interest>>;

/// Half of the watchers share a stream, each of the others has its own.
fn spread(interests: &[Interest]) -> Connection {
    let (shared, alone) = interests.split_at(interests.len() / 2);
    let mut streams = vec![shared.to_vec()];
    streams.extend(alone.iter().map(|interest| vec![*interest]));
    streams
}

async fn run(name: &str, connections: Vec<Connection>) {
    let _turn = turn::take().await;
    let mut random = seed::choose(name);
    let mut server = Server::start(subject::implementation()).await.unwrap();
    let expected = Arc::new(Expected::new(EVENTS, KEYS, &mut random));
    let first = Client::new(server.client_address(), Duration::from_secs(5)).get("k").await.unwrap();
    let start_revision = first.header.unwrap_or_default().revision + 1;
    let begun = Instant::now();
    let mut streams = Vec::new();
    for connection in connections {
        let client = Client::new(server.client_address(), Duration::from_secs(60));
        for interests in connection {
            let following = follow(client.clone(), Arc::clone(&expected), interests, start_revision);
            streams.push(tokio::spawn(following));
        }
    }
    expected.wait_watching(streams.len(), RUN_DEADLINE).await;
    let started = begun.elapsed();

    let address = server.client_address();
    let writing = tokio::spawn(writer::write_all(address, Arc::clone(&expected), random.fork()));
    expected.wait_written(EVENTS / 2, RUN_DEADLINE).await;
    server.kill();
    server.restart().await.unwrap();
    writing.await.unwrap();
    let written = begun.elapsed();

    let mut deliveries = 0;
    let mut resumptions = 0;
    for stream in streams {
        let left = RUN_DEADLINE.saturating_sub(begun.elapsed());
        let followed = tokio::time::timeout(left, stream).await.expect("watchers get their events in time");
        let followed = followed.unwrap().unwrap_or_else(|wrong| panic!("{wrong}"));
        deliveries += followed.deliveries;
        resumptions += followed.resumptions;
    }
    assert!(resumptions > 0, "the restart came while watchers were waiting for events");
    println!(
        "{deliveries} events delivered, {resumptions} streams resumed; all watching after {started:?}, all written \
         after {written:?}, all delivered after {:?}",
        begun.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_watchers_on_one_connection_get_every_event() {
    run("the thousand watchers", vec![spread(&[Interest::All; 1000])]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_watchers_on_a_hundred_connections_get_what_they_are_due() {
    let connection = |number: usize| {
        let interests: Vec<Interest> = (0..100)
            .map(|place| match place {
                0 => Interest::All,
                1..10 => Interest::Part { index: (number * 9 + place) % 16, parts: 16 },
                _ => Interest::Key((number * 90 + place) % KEYS),
            })
            .collect();
        // The few that watch much are on the shared stream and on streams of their own in turn.
        if number.is_multiple_of(2) {
            spread(&interests)
        } else {
            spread(&interests.into_iter().rev().collect::<Vec<_>>())
        }
    };
    run("the ten thousand watchers", (0..100).map(connection).collect()).await;
}
