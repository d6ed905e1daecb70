//! Many streams and watchers while writes go on.

use super::*;

/// Reads a stream until `last` and checks that it got every revision once, in order.
async fn expect_all(mut client: Client, first: i64, last: i64, pause_every: usize) {
    let mut next = first;
    let mut messages = 0;
    while next <= last {
        let message = client.next().await;
        for event in &message.events {
            assert_eq!(mod_revision(event), next, "a gap or a duplicate");
            next += 1;
        }
        messages += 1;
        if pause_every > 0 && messages % pause_every == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_come_while_writes_go_on_see_every_revision_once() {
    const WRITES: i64 = 5_000;
    let store = Store::new();
    let writer = std::thread::spawn({
        let store = store.clone();
        move || {
            for number in 0..WRITES {
                store.apply(vec![put("a", &number.to_string())]);
            }
        }
    });
    let mut readers = tokio::task::JoinSet::new();
    for number in 0..40_usize {
        let mut client = store.open();
        // Every fourth reads slowly, so that it is left behind and has to come back.
        let pause_every = if number % 4 == 0 { 50 } else { 0 };
        let first = if number % 2 == 0 {
            client.create(everything(2)).await;
            2
        } else {
            client.create(everything(0)).await.header.unwrap().revision + 1
        };
        readers.spawn(expect_all(client, first, WRITES + 1, pause_every));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while let Some(reader) = readers.join_next().await {
        reader.unwrap();
    }
    writer.join().unwrap();
}

#[tokio::test]
async fn ten_thousand_watchers_on_one_key_are_served_in_turn() {
    const STREAMS: usize = 100;
    const WATCHERS: i64 = 100;
    const WRITES: usize = 20;
    let store = Store::new();
    let mut clients = Vec::new();
    for _ in 0..STREAMS {
        let mut client = store.open();
        for _ in 0..WATCHERS {
            client.create(watch("a", 0)).await;
        }
        clients.push(client);
    }
    assert_eq!(store.hub.watcher_count(), 10_000);
    let begin = std::time::Instant::now();
    for _ in 0..WRITES {
        store.put("a", &"v".repeat(256));
    }
    let published = begin.elapsed();
    for client in &mut clients {
        for revision in 2..WRITES + 2 {
            for watch_id in 0..WATCHERS {
                let bytes = client.stream.next().await.unwrap();
                // Decoding costs more than delivering: only a part is looked at.
                if watch_id == 57 {
                    let message = pb::WatchResponse::decode(bytes).unwrap();
                    assert_eq!((message.watch_id, message.events.len()), (57, 1));
                    assert_eq!(mod_revision(&message.events[0]), i64::try_from(revision).unwrap());
                }
            }
        }
    }
    let deliveries = u32::try_from(WRITES).unwrap() * 10_000;
    let each = begin.elapsed() / deliveries;
    println!("{each:?} for a delivery, of which {:?} on the apply thread", published / deliveries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_stands_exactly_between_the_events_while_writes_go_on() {
    const WRITES: i64 = 3_000;
    const RETRY: Duration = Duration::from_millis(50);
    let store = Store::new();
    let mut client = store.open();
    client.create(everything(0)).await;
    client.create(watch("a", 0)).await;
    let writer = std::thread::spawn({
        let store = store.clone();
        move || (0..WRITES).for_each(|_| store.put("a", "value"))
    });
    let progress = || RequestUnion::ProgressRequest(pb::WatchProgressRequest {});
    let mut seen = [1, 1];
    let mut told = 0;
    while told <= WRITES {
        client.ask(progress()).await;
        // A request is passed over while the stream is behind; then it is asked again.
        while let Ok(Some(bytes)) = tokio::time::timeout(RETRY, client.stream.next()).await {
            let message = pb::WatchResponse::decode(bytes).unwrap();
            let Ok(watcher) = usize::try_from(message.watch_id) else {
                told = message.header.unwrap().revision;
                assert_eq!([told; 2], seen, "behind all events up to it and before the next");
                break;
            };
            for event in &message.events {
                assert_eq!(mod_revision(event), seen[watcher] + 1);
                seen[watcher] += 1;
            }
        }
    }
    writer.join().unwrap();
}
