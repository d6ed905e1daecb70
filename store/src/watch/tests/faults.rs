//! Slow readers, compaction, snapshots, the end of the server.

use super::*;

#[tokio::test]
async fn a_slow_reader_gets_everything_once_it_reads() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    let writes = i64::try_from(WATCH_REVISIONS_QUEUED_MAX * 2).unwrap();
    for _ in 0..writes {
        store.put("a", "value");
    }
    assert_eq!(client.revisions_up_to(writes + 1).await, (2..=writes + 1).collect::<Vec<_>>());
    store.put("a", "next");
    assert_eq!(client.revisions_up_to(writes + 2).await, [writes + 2]);
}

#[tokio::test]
async fn a_very_slow_reader_gets_everything_from_storage() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    let writes = i64::try_from(WATCH_RECENT_REVISIONS_MAX + WATCH_REVISIONS_QUEUED_MAX + 100).unwrap();
    for _ in 0..writes {
        store.put("a", "value");
    }
    assert_eq!(client.revisions_up_to(writes + 1).await, (2..=writes + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_watcher_made_on_a_stream_that_is_late_misses_nothing() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    let writes = i64::try_from(WATCH_REVISIONS_QUEUED_MAX + 10).unwrap();
    for _ in 0..writes {
        store.put("a", "value");
    }
    client.ask(RequestUnion::CreateRequest(watch("b", 0))).await;
    store.put("b", "before the request is taken up");
    assert_eq!(client.next().await.events.len(), 1, "the stream has begun to catch up");
    let mut seen = vec![2];
    while seen.last() != Some(&(writes + 1)) {
        let message = client.next().await;
        if message.created {
            store.put("b", "first");
        }
        seen.extend(message.events.iter().filter(|_| message.watch_id == 0).map(mod_revision));
    }
    store.put("b", "second");
    let mut of_b = Vec::new();
    while of_b.len() < 2 {
        let message = client.next().await;
        if message.created {
            store.put("b", "first");
        }
        of_b.extend(message.events.iter().filter(|_| message.watch_id == 1).map(mod_revision));
    }
    assert_eq!(seen, (2..=writes + 1).collect::<Vec<_>>());
    assert_eq!(of_b.len(), 2, "{of_b:?}");
}

#[tokio::test]
async fn a_compacted_start_is_told_and_the_stream_goes_on() {
    let store = Store::new();
    for _ in 0..5 {
        store.put("a", "value");
    }
    store.compact(4);
    let mut client = store.open();
    client.create(watch("a", 2)).await;
    let canceled = client.next().await;
    assert!(canceled.canceled && canceled.cancel_reason.is_empty());
    assert_eq!((canceled.compact_revision, canceled.header.unwrap().revision), (4, 0));
    client.create(watch("a", 4)).await;
    assert_eq!(client.revisions_up_to(6).await, [4, 5, 6]);
}

#[tokio::test]
async fn a_reader_that_is_late_is_told_when_its_history_is_compacted() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    let writes = i64::try_from(WATCH_REVISIONS_QUEUED_MAX + 100).unwrap();
    for _ in 0..writes {
        store.put("a", "value");
    }
    store.compact(writes);
    let mut revisions = Vec::new();
    let canceled = loop {
        let message = client.next().await;
        if message.canceled {
            break message;
        }
        revisions.extend(message.events.iter().map(mod_revision));
    };
    assert_eq!(canceled.compact_revision, writes);
    let told = i64::try_from(revisions.len()).unwrap();
    assert_eq!(revisions, (2..told + 2).collect::<Vec<_>>(), "no gap before the end");
    assert!(told < writes);
    assert_eq!(store.hub.watcher_count(), 0);
}

#[tokio::test]
async fn what_a_snapshot_brought_is_read_from_history() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    store.put("a", "1");
    store.replace(vec![put("a", "2"), put("b", "2"), put("a", "3")]);
    store.put("a", "4");
    assert_eq!(client.revisions_up_to(6).await, [2, 3, 5, 6]);
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    let waiting = tokio::spawn(async move { client.stream.next().await });
    tokio::task::yield_now().await;
    store.hub.stop();
    assert_eq!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap(), None);
    assert_eq!(store.open().stream.next().await, None, "and those that come later");
}
