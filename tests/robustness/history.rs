//! Reads back what a member holds: every event from a revision on, and every key. Must not judge it.

use std::time::Duration;

use bytes::Bytes;
use holdfast_proto::etcdserverpb::{RangeRequest, WatchCreateRequest};
use holdfast_proto::mvccpb::{KeyValue, event::EventType};
use tokio::time::timeout;
use tonic::Status;

use crate::client::Client;

/// How long a history may take to arrive.
const HISTORY_DEADLINE: Duration = Duration::from_secs(60);

/// The range of all keys.
const ALL_KEYS: &[u8] = b"\0";

/// One change of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The revision.
    pub revision: i64,
    /// The key.
    pub key: String,
    /// The new value; `None` when it was deleted.
    pub value: Option<String>,
    /// How often the key was written since it was made; 0 when it was deleted.
    pub version: i64,
    /// The revision that made it; 0 when it was deleted.
    pub create_revision: i64,
}

/// Everything that one member says.
#[derive(Debug)]
pub struct History {
    /// The store's revision.
    pub revision: i64,
    /// The changes after the revision asked for, in the order in which a watcher got them.
    pub changes: Vec<Change>,
    /// All keys at `revision`.
    pub keys: Vec<KeyValue>,
}

fn text(bytes: &Bytes) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads all keys now, and by a watcher all changes that came after revision `after`.
///
/// # Errors
///
/// When the member does not answer, or cancels the watcher.
pub async fn read(client: &Client, after: i64) -> Result<History, Status> {
    let all = Bytes::from_static(ALL_KEYS);
    let now = RangeRequest { key: all.clone(), range_end: all.clone(), ..RangeRequest::default() };
    let now = client.range(now).await?;
    let revision = now.header.unwrap_or_default().revision;
    let reading = changes(client, after, revision);
    let late = |_| Status::deadline_exceeded(format!("no history up to {revision} in {HISTORY_DEADLINE:?}"));
    let changes = timeout(HISTORY_DEADLINE, reading).await.map_err(late)??;
    Ok(History { revision, changes, keys: now.kvs })
}

async fn changes(client: &Client, after: i64, upto: i64) -> Result<Vec<Change>, Status> {
    let mut changes = Vec::new();
    if upto <= after {
        return Ok(changes);
    }
    let all = Bytes::from_static(ALL_KEYS);
    let creation = WatchCreateRequest {
        key: all.clone(),
        range_end: all,
        start_revision: after + 1,
        ..WatchCreateRequest::default()
    };
    let mut stream = client.watch(vec![creation]).await?;
    while let Some(message) = stream.message().await? {
        if message.canceled {
            let reason = message.cancel_reason;
            return Err(Status::aborted(format!("the watcher from {} was cancelled: {reason}", after + 1)));
        }
        for event in message.events {
            let kind = event.r#type();
            let kv = event.kv.unwrap_or_default();
            if kv.mod_revision > upto {
                return Ok(changes);
            }
            let is_put = kind == EventType::Put;
            changes.push(Change {
                revision: kv.mod_revision,
                key: text(&kv.key),
                value: is_put.then(|| text(&kv.value)),
                version: kv.version,
                create_revision: kv.create_revision,
            });
        }
        // Events of one revision come in one message, so the last one is complete.
        if changes.last().is_some_and(|last| last.revision >= upto) {
            return Ok(changes);
        }
    }
    Err(Status::aborted("the server ended the watch stream"))
}
