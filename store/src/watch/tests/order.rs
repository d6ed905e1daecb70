//! What a stream is told and in which order.

use super::*;

#[tokio::test]
async fn a_watcher_is_made_and_then_sees_what_comes() {
    let store = Store::new();
    store.put("a", "1");
    let mut client = store.open();
    let created = client.create(watch("a", 0)).await;
    let header = created.header.unwrap();
    assert_eq!((header.cluster_id, header.member_id, header.revision, header.raft_term), (1, 2, 2, 5));
    store.put("b", "no");
    store.put("a", "2");
    let message = client.next().await;
    assert_eq!(message.header.unwrap().revision, 4);
    assert_eq!(message.events.len(), 1);
    let event = &message.events[0];
    let kv = event.kv.as_ref().unwrap();
    assert_eq!(
        (kv.value.as_ref(), kv.mod_revision, kv.create_revision, kv.version),
        (b"2".as_ref(), 4, 2, 2)
    );
    assert_eq!(event.prev_kv, None);
    assert!(client.is_silent().await);
}

#[tokio::test]
async fn the_version_before_comes_to_who_asked_live_and_from_history() {
    let store = Store::new();
    store.put("a", "1");
    store.put("a", "2");
    let mut client = store.open();
    client.create(pb::WatchCreateRequest { prev_kv: true, ..watch("a", 2) }).await;
    let history = client.next().await;
    store.put("a", "3");
    let live = client.next().await;
    let before = |message: &pb::WatchResponse, at: usize| {
        message.events[at].prev_kv.as_ref().map(|kv| (kv.value.clone(), kv.mod_revision))
    };
    assert_eq!(before(&history, 0), None);
    assert_eq!(before(&history, 1), Some(("1".into(), 2)));
    assert_eq!(before(&live, 0), Some(("2".into(), 3)));
}

#[tokio::test]
async fn a_revision_is_one_message_for_each_watcher() {
    let store = Store::new();
    let mut client = store.open();
    client.create(everything(0)).await;
    client.create(watch("b", 0)).await;
    store.apply(vec![txn(&["a", "b", "c"]), txn(&["b"])]);
    let mut told = Vec::new();
    for _ in 0..4 {
        let message = client.next().await;
        told.push((message.header.unwrap().revision, message.watch_id, message.events.len()));
    }
    assert_eq!(told, [(2, 0, 3), (2, 1, 1), (3, 0, 1), (3, 1, 1)]);
}

#[tokio::test]
async fn history_is_told_from_memory_and_from_storage_alike() {
    let store = Store::new();
    for number in 0..10 {
        store.put("a", &number.to_string());
    }
    // Nobody was there when these were written: they come from storage.
    let mut from_storage = store.open();
    from_storage.create(watch("a", 3)).await;
    assert_eq!(from_storage.revisions_up_to(11).await, (3..=11).collect::<Vec<_>>());
    for number in 0..10 {
        store.put("a", &number.to_string());
    }
    let mut from_memory = store.open();
    from_memory.create(watch("a", 12)).await;
    let message = from_memory.next().await;
    assert_eq!(message.header.unwrap().revision, 21, "the store revision, as these are no news");
    assert_eq!(message.events.iter().map(mod_revision).collect::<Vec<_>>(), (12..=21).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_start_in_the_future_is_waited_for() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 4)).await;
    store.put("a", "2");
    store.put("a", "3");
    client.ask(RequestUnion::ProgressRequest(pb::WatchProgressRequest {})).await;
    assert!(client.is_silent().await);
    store.put("a", "4");
    assert_eq!(client.revisions_up_to(4).await, [4]);
}

#[tokio::test]
async fn progress_comes_behind_the_events_before_it() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    store.put("a", "1");
    store.put("b", "1");
    client.ask(RequestUnion::ProgressRequest(pb::WatchProgressRequest {})).await;
    assert_eq!(client.revisions_up_to(2).await, [2]);
    let progress = client.next().await;
    assert_eq!((progress.watch_id, progress.header.unwrap().revision), (-1, 3));
    assert!(progress.events.is_empty() && !progress.created && !progress.canceled);
}

#[tokio::test]
async fn regular_progress_comes_by_itself() {
    let interval = Duration::from_millis(100);
    let store = Store::with_progress(interval);
    let mut client = store.open();
    let begin = std::time::Instant::now();
    client.create(watch("a", 0)).await;
    client.create(pb::WatchCreateRequest { progress_notify: true, ..watch("a", 0) }).await;
    store.put("b", "1");
    for round in 1..3 {
        let progress = client.next().await;
        assert_eq!((progress.watch_id, progress.header.unwrap().revision), (1, 2));
        assert!(begin.elapsed() >= interval * round);
    }
}

#[tokio::test]
async fn a_canceled_watcher_is_told_once_and_forgotten() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    for _ in 0..2 {
        client.ask(RequestUnion::CancelRequest(pb::WatchCancelRequest { watch_id: 0 })).await;
    }
    let canceled = client.next().await;
    assert_eq!((canceled.watch_id, canceled.canceled, canceled.created), (0, true, false));
    store.put("a", "1");
    assert!(client.is_silent().await);
    assert_eq!(store.hub.watcher_count(), 0);
}

#[tokio::test]
async fn a_stream_that_is_dropped_leaves_nothing_behind() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    client.create(everything(0)).await;
    assert_eq!((store.hub.stream_count(), store.hub.watcher_count()), (1, 2));
    drop(client);
    assert_eq!((store.hub.stream_count(), store.hub.watcher_count()), (0, 0));
    let mut next = store.open();
    next.create(watch("b", 0)).await;
    store.put("a", "1");
    store.put("b", "1");
    assert_eq!(next.revisions_up_to(3).await, [3], "a stream in the same place has none of its watchers");
}

#[tokio::test]
async fn a_client_that_only_listens_keeps_its_watchers() {
    let store = Store::new();
    let mut client = store.open();
    client.create(watch("a", 0)).await;
    let Client { requests, stream } = client;
    drop(requests);
    let mut stream = stream;
    store.put("a", "1");
    assert!(stream.next().await.is_some());
}
