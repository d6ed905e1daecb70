//! One watch stream with some watchers, each of which checks every event against the one it is due next. When the
//! stream breaks, it is opened again and each watcher resumes behind the last revision it saw.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holdfast_proto::etcdserverpb::{WatchCreateRequest, WatchResponse};
use holdfast_proto::mvccpb::Event;

use super::expected::{Expected, key};
use crate::client::Client;

/// How long a stream waits before it is opened again.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// What a watcher watches.
#[derive(Clone, Copy, Debug)]
pub enum Interest {
    /// All keys.
    All,
    /// One of `parts` equal parts of the keys.
    Part {
        /// Which.
        index: usize,
        /// Of how many.
        parts: usize,
    },
    /// One key.
    Key(usize),
}

/// What came of following.
#[derive(Debug, Default)]
pub struct Followed {
    /// Events that watchers got.
    pub deliveries: usize,
    /// How often the stream had to be opened again.
    pub resumptions: usize,
}

/// What a watcher got that it was not due.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// Another event, or none.
    #[error("{interest:?} was due event {due:?} and got {key} = {value} at revision {revision}")]
    Event { interest: Interest, due: Option<usize>, key: String, value: String, revision: i64 },
    /// The event at another revision.
    #[error("{interest:?} got event {event} at revision {revision}, others at {known}")]
    Revision { interest: Interest, event: usize, revision: i64, known: i64 },
    /// Its own end.
    #[error("{interest:?} was cancelled: {reason}")]
    Cancelled { interest: Interest, reason: String },
    /// A message for nobody.
    #[error("a message for watcher {id}, which there is not")]
    NoSuchWatcher { id: i64 },
}

struct Watcher {
    interest: Interest,
    due: Option<usize>,
    next_revision: i64,
}

impl Interest {
    fn includes(self, number: usize, key_count: usize) -> bool {
        match self {
            Interest::All => true,
            Interest::Part { index, parts } => number * parts / key_count == index,
            Interest::Key(key) => number == key,
        }
    }

    /// The first and the end of the keys, as a watch request names them.
    fn range(self, key_count: usize) -> (Bytes, Bytes) {
        match self {
            Interest::All => (key(0), key(key_count)),
            Interest::Part { index, parts } => {
                (key((index * key_count).div_ceil(parts)), key(((index + 1) * key_count).div_ceil(parts)))
            }
            Interest::Key(number) => (key(number), Bytes::new()),
        }
    }
}

impl Watcher {
    fn next_due(&self, expected: &Expected, from: usize) -> Option<usize> {
        let is_due = |event: &usize| self.interest.includes(expected.key_of(*event), expected.key_count());
        (from..expected.len()).find(is_due)
    }

    fn take(&mut self, expected: &Expected, event: Event) -> Result<(), Wrong> {
        let interest = self.interest;
        let kv = event.kv.unwrap_or_default();
        let due = self.due.filter(|due| kv.key == key(expected.key_of(*due)) && is_number(&kv.value, *due));
        let Some(due) = due else {
            let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
            let (key, value, revision) = (text(&kv.key), text(&kv.value), kv.mod_revision);
            return Err(Wrong::Event { interest, due: self.due, key, value, revision });
        };
        expected.learn_revision(due, kv.mod_revision).map_err(|known| Wrong::Revision {
            interest,
            event: due,
            revision: kv.mod_revision,
            known,
        })?;
        self.due = self.next_due(expected, due + 1);
        self.next_revision = kv.mod_revision + 1;
        Ok(())
    }
}

fn is_number(value: &[u8], number: usize) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| text.parse() == Ok(number))
}

/// Follows the events with one watcher for each of `interests` until all have what they are due.
pub async fn follow(
    client: Client,
    expected: Arc<Expected>,
    interests: Vec<Interest>,
    start_revision: i64,
) -> Result<Followed, Wrong> {
    let watcher = |interest| Watcher { interest, due: None, next_revision: start_revision };
    let mut watchers: Vec<Watcher> = interests.into_iter().map(watcher).collect();
    for watcher in &mut watchers {
        watcher.due = watcher.next_due(&expected, 0);
    }
    let mut followed = Followed::default();
    let mut has_watched = false;
    loop {
        let requests = watchers.iter().enumerate().map(|(number, watcher)| {
            let (key, range_end) = watcher.interest.range(expected.key_count());
            let watch_id = i64::try_from(number).expect("few watchers") + 1;
            let start_revision = watcher.next_revision;
            WatchCreateRequest { key, range_end, start_revision, watch_id, ..WatchCreateRequest::default() }
        });
        if let Ok(mut stream) = client.watch(requests.collect()).await {
            let mut created = 0;
            while let Ok(Some(message)) = stream.message().await {
                created += usize::from(message.created);
                followed.deliveries += message.events.len();
                receive(&mut watchers, &expected, message)?;
                if created == watchers.len() && !has_watched {
                    has_watched = true;
                    expected.add_watching();
                }
                if watchers.iter().all(|watcher| watcher.due.is_none()) {
                    return Ok(followed);
                }
            }
        }
        followed.resumptions += 1;
        tokio::time::sleep(RETRY_PAUSE).await;
    }
}

fn receive(watchers: &mut [Watcher], expected: &Expected, message: WatchResponse) -> Result<(), Wrong> {
    let id = message.watch_id;
    let place = usize::try_from(id - 1).ok();
    let watcher = place.and_then(|place| watchers.get_mut(place)).ok_or(Wrong::NoSuchWatcher { id })?;
    if message.canceled {
        return Err(Wrong::Cancelled { interest: watcher.interest, reason: message.cancel_reason });
    }
    message.events.into_iter().try_for_each(|event| watcher.take(expected, event))
}
