//! Watchers that do not read what they asked for: the member keeps a bounded part of it in memory, and gives the rest
//! from history to the one that reads on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use holdfast_proto::etcdserverpb::WatchCreateRequest;
use holdfast_tests::Server;
use tokio::time::timeout;

use crate::client::Client;
use crate::{subject, turn};

/// Watchers that do not read, each on a connection of its own.
const SLOW_READERS: usize = 20;

/// What is written before they come, so that caches and write buffers are full, and while they sleep.
const VALUES: usize = 2000;
const VALUE_BYTES: usize = 128 << 10;

/// What they may cost together: a twelfth of what an unbounded queue of each would hold.
const GROWTH_BYTES_MAX: u64 = 160 << 20;

const DEADLINE: Duration = Duration::from_secs(60);

async fn write(server: &mut Server, highest_resident: &AtomicU64) -> i64 {
    let client = Client::new(server.client_address(), DEADLINE);
    let mut revision = 0;
    for number in 0..VALUES {
        let key = format!("slow-{:02}", number % 16);
        let answer = client.put(key, vec![b'v'; VALUE_BYTES]).await.unwrap();
        revision = answer.header.unwrap_or_default().revision;
        if number % 20 == 0 {
            highest_resident.fetch_max(server.process().resident_bytes(), Ordering::SeqCst);
        }
    }
    revision
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watchers_that_do_not_read_cost_little_and_lose_nothing() {
    let _turn = turn::take().await;
    let mut server = Server::start(subject::implementation()).await.unwrap();
    let (before, during) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let first = write(&mut server, &before).await + 1;
    let mut readers = Vec::new();
    for _ in 0..SLOW_READERS {
        let creation = WatchCreateRequest {
            key: "slow-".into(),
            range_end: "slow.".into(),
            prev_kv: true,
            ..WatchCreateRequest::default()
        };
        let client = Client::new(server.client_address(), DEADLINE);
        let mut reader = client.watch(vec![creation]).await.unwrap();
        assert!(reader.message().await.unwrap().unwrap().created);
        readers.push(reader);
    }
    let last = write(&mut server, &during).await;
    let (before, during) = (before.load(Ordering::SeqCst), during.load(Ordering::SeqCst));
    println!("resident at most: {} KiB without them, {} KiB with them", before >> 10, during >> 10);
    assert!(during < before + GROWTH_BYTES_MAX, "{during} bytes resident, {before} without slow readers");

    let mut due = first;
    while due <= last {
        let message = timeout(DEADLINE, readers[0].message()).await.expect("the rest comes from history");
        for event in message.unwrap().expect("the stream goes on").events {
            let (kv, previous) = (event.kv.unwrap_or_default(), event.prev_kv.unwrap_or_default());
            assert_eq!((kv.mod_revision, kv.value.len()), (due, VALUE_BYTES));
            assert_eq!(previous.mod_revision, due - 16, "the value before");
            due += 1;
        }
    }
}
