//! Makes the events of a run, one after the other, through a restart of the member: singly, and many in one revision.
//! A write without an answer is looked up before it is made again, so that each event happens once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_proto::etcdserverpb::PutRequest;
use holdfast_proto::etcdserverpb::request_op::Request as Operation;

use super::expected::{Expected, key};
use crate::client::Client;

/// Most events in one revision.
const EVENTS_PER_REVISION_MAX: usize = 100;

/// How long the writer waits when the member is not there.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Writes all events.
pub async fn write_all(address: SocketAddr, expected: Arc<Expected>, mut random: fastrand::Rng) {
    let client = Client::new(address, Duration::from_secs(60));
    let mut next = 0;
    while next < expected.len() {
        let is_single = random.bool();
        let wanted = if is_single { 1 } else { random.usize(1..=EVENTS_PER_REVISION_MAX) };
        let group = group(&expected, next, wanted);
        let revision = write(&client, &expected, &group).await;
        for event in group.clone() {
            let learned = expected.learn_revision(event, revision);
            assert_eq!(learned, Ok(()), "event {event} was acknowledged at revision {revision}");
        }
        next = group.end;
        expected.set_written(next);
    }
}

/// The events from `first` on that fit into one transaction: it may write a key only once.
fn group(expected: &Expected, first: usize, wanted: usize) -> std::ops::Range<usize> {
    let mut keys = std::collections::BTreeSet::new();
    let last = expected.len().min(first + wanted);
    let count = (first..last).take_while(|event| keys.insert(expected.key_of(*event))).count();
    first..first + count
}

async fn write(client: &Client, expected: &Expected, group: &std::ops::Range<usize>) -> i64 {
    loop {
        let operations = group.clone().map(|event| {
            Operation::RequestPut(PutRequest {
                key: key(expected.key_of(event)),
                value: event.to_string().into(),
                ..PutRequest::default()
            })
        });
        if let Ok(answer) = client.all_of(operations.collect()).await {
            return answer.header.unwrap_or_default().revision;
        }
        if let Some(revision) = look_up(client, expected, group.start).await {
            return revision;
        }
    }
}

/// The revision at which an event happened, if it did.
async fn look_up(client: &Client, expected: &Expected, event: usize) -> Option<i64> {
    loop {
        tokio::time::sleep(RETRY_PAUSE).await;
        let Ok(answer) = client.get(key(expected.key_of(event))).await else { continue };
        let is_there = |kv: &&holdfast_proto::mvccpb::KeyValue| kv.value == event.to_string().as_bytes();
        return answer.kvs.first().filter(is_there).map(|kv| kv.mod_revision);
    }
}
