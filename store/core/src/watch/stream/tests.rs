//! Unit tests of one watch stream. History and matching, its owner's work, are done here by the slowest means.

use bytes::Bytes;

use super::*;
use crate::response::{Event, EventKind, KeyValue};

type Shared = Arc<RevisionEvents>;
type Out = VecDeque<WatchMessage<Shared>>;

fn at(revision: i64) -> Moment {
    Moment { revision: Revision(revision), compacted: Revision(-1) }
}

fn key(name: &str) -> KeyRange {
    KeyRange::Single(Bytes::copy_from_slice(name.as_bytes()))
}

fn from(start_revision: i64, range: KeyRange) -> WatchCreate {
    WatchCreate { start_revision, ..WatchCreate::new(range) }
}

fn put(revision: i64, name: &str) -> Event {
    let kv = KeyValue {
        key: Bytes::copy_from_slice(name.as_bytes()),
        mod_revision: Revision(revision),
        ..KeyValue::default()
    };
    Event { kind: EventKind::Put, kv, prev_kv: None, v2: None }
}

fn delete(revision: i64, name: &str) -> Event {
    Event { kind: EventKind::Delete, ..put(revision, name) }
}

fn revision(events: Vec<Event>) -> Shared {
    Arc::new(RevisionEvents { revision: events[0].kv.mod_revision, events })
}

/// A stream with what its owner does for it: matching new events and keeping history.
#[derive(Default)]
struct Stream {
    watches: StreamWatches,
    index: WatchIndex<WatchId>,
    history: Vec<Shared>,
    out: Out,
}

impl Stream {
    fn create(&mut self, create: WatchCreate, moment: Moment) -> &mut Self {
        if let Some((id, range)) = self.watches.create(create, moment, &mut self.out) {
            self.index.insert(&range, id);
        }
        self
    }

    fn cancel(&mut self, id: i64, head: i64) -> &mut Self {
        if let Some((id, range)) = self.watches.cancel(WatchId(id), Revision(head), &mut self.out) {
            self.index.remove(&range, id);
        }
        self
    }

    fn write(&mut self, events: Vec<Event>) -> &mut Self {
        let revision = revision(events);
        let mut matches = Vec::new();
        for (position, event) in (0_u32..).zip(&revision.events) {
            self.index.for_each(&event.kv.key, |id| matches.push((id, position)));
        }
        matches.sort_unstable();
        self.watches.live(&revision, &matches, &mut self.out);
        self.history.push(revision);
        self
    }

    /// Reads history up to `until`; joins when that is all that there is.
    fn read(&mut self, until: i64, head: i64) -> &mut Self {
        let from = self.watches.behind_from().expect("somebody is behind");
        let range = from..Revision(until);
        let scanned: Vec<Shared> =
            self.history.iter().filter(|revision| range.contains(&revision.revision)).cloned().collect();
        self.watches.catch_up(&scanned, Revision(until), Revision(head), &mut self.out);
        if until > head {
            for (id, range) in self.watches.index_behind() {
                self.index.insert(&range, id);
            }
            self.watches.join();
        }
        self
    }

    /// The messages since the last call, one line each.
    fn told(&mut self) -> Vec<String> {
        self.out.drain(..).map(|message| line(&message)).collect()
    }
}

fn line(message: &WatchMessage<Shared>) -> String {
    match message {
        WatchMessage::Created { watch_id, revision } => format!("created {} at {revision}", watch_id.0),
        WatchMessage::Refused { revision, refusal } => format!("refused {refusal:?} at {revision}"),
        WatchMessage::Canceled { watch_id, revision } => format!("canceled {} at {revision}", watch_id.0),
        WatchMessage::Revoked { watch_id, revision, refusal } => {
            format!("revoked {} at {revision}: {refusal:?}", watch_id.0)
        }
        WatchMessage::Compacted { watch_id, compacted } => {
            format!("compacted {} below {compacted}", watch_id.0)
        }
        WatchMessage::Progress { watch_id, revision } => {
            format!("progress {} at {revision}", watch_id.map_or(-1, |id| id.0))
        }
        WatchMessage::Events { watch_id, revision, events, prev_kv, fragment } => {
            let mut line = format!("events {} at {revision}:", watch_id.0);
            for (revision, position) in events {
                let event = &revision.events[*position as usize];
                let key = std::str::from_utf8(&event.kv.key).unwrap();
                line += &format!(" {:?} {key}@{}", event.kind, revision.revision);
            }
            line + if *prev_kv { " prev" } else { "" } + if *fragment { " fragment" } else { "" }
        }
    }
}

#[test]
fn ids_count_from_zero_and_leave_out_the_taken_ones() {
    let mut stream = Stream::default();
    stream.create(WatchCreate { watch_id: WatchId(1), ..WatchCreate::new(key("a")) }, at(5));
    for _ in 0..2 {
        stream.create(WatchCreate::new(key("a")), at(5));
    }
    assert_eq!(stream.told(), ["created 1 at 5", "created 0 at 5", "created 2 at 5"]);
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let mut stream = Stream::default();
    let empty = KeyRange::Bounded { start: "b".into(), end: "a".into() };
    stream.create(WatchCreate::new(empty), at(5)).create(from(-1, key("a")), at(5));
    let taken = WatchCreate { watch_id: WatchId(7), ..WatchCreate::new(key("a")) };
    stream.create(taken.clone(), at(5)).create(taken, at(5));
    let told = stream.told();
    assert_eq!(told[..3], ["refused EmptyRange at 5", "refused NegativeStart at 5", "created 7 at 5"]);
    assert_eq!(told[3..], ["refused DuplicateId at 5"]);
    assert_eq!(stream.watches.len(), 1);
}

#[test]
fn a_compacted_start_is_created_and_then_ended() {
    let mut stream = Stream::default();
    let moment = Moment { revision: Revision(9), compacted: Revision(4) };
    stream.create(from(3, key("a")), moment).create(from(4, key("a")), moment);
    assert_eq!(stream.told(), ["created 0 at 9", "compacted 0 below 4", "created 1 at 9"]);
    assert_eq!(stream.watches.len(), 1, "the compacted revision itself can be watched");
}

#[test]
fn a_start_in_the_future_is_waited_for() {
    let mut stream = Stream::default();
    stream.create(WatchCreate { progress_notify: true, ..from(7, key("a")) }, at(4));
    stream.write(vec![put(5, "a")]).write(vec![put(6, "a")]);
    stream.watches.progress_round(Revision(6), &mut stream.out);
    stream.watches.progress_request(Revision(6), &mut stream.out);
    assert_eq!(stream.told(), ["created 0 at 4"], "nothing below the start, progress included");
    stream.write(vec![put(7, "a")]);
    stream.watches.progress_request(Revision(7), &mut stream.out);
    assert_eq!(stream.told(), ["events 0 at 7: Put a@7", "progress -1 at 7"]);
}

#[test]
fn a_start_in_the_future_outlives_falling_behind() {
    let mut stream = Stream::default();
    stream.create(from(7, key("a")), at(4)).write(vec![put(5, "a")]);
    stream.watches.fall_behind(Revision(5));
    assert_eq!(stream.watches.behind_from(), Some(Revision(7)));
    stream.read(6, 5).write(vec![put(6, "a")]).write(vec![put(7, "a")]);
    assert_eq!(stream.told(), ["created 0 at 4", "events 0 at 7: Put a@7"]);
}

#[test]
fn a_cancel_is_answered_once_and_ends_the_events() {
    let mut stream = Stream::default();
    stream.create(WatchCreate::new(key("a")), at(1)).cancel(0, 1).cancel(0, 1).cancel(9, 1);
    stream.write(vec![put(2, "a")]);
    assert_eq!(stream.told(), ["created 0 at 1", "canceled 0 at 1"]);
    assert!(stream.index.is_empty());
}

#[test]
fn filters_leave_out_events_and_whole_messages() {
    let mut stream = Stream::default();
    stream.create(WatchCreate { no_put: true, ..WatchCreate::new(KeyRange::prefix(b"a")) }, at(1));
    stream.create(WatchCreate { no_delete: true, ..WatchCreate::new(KeyRange::prefix(b"a")) }, at(1));
    stream.told();
    stream.write(vec![put(2, "a1"), delete(2, "a2"), put(2, "b"), put(2, "a3")]);
    assert_eq!(stream.told(), ["events 0 at 2: Delete a2@2", "events 1 at 2: Put a1@2 Put a3@2"]);
    stream.write(vec![put(3, "a1")]);
    assert_eq!(stream.told(), ["events 1 at 3: Put a1@3"]);
}

#[test]
fn options_travel_with_the_events() {
    let mut stream = Stream::default();
    stream.create(WatchCreate { prev_kv: true, fragment: true, ..from(2, key("a")) }, at(3));
    stream.history = vec![revision(vec![put(2, "a")]), revision(vec![put(3, "a")])];
    stream.told();
    stream.read(4, 3).write(vec![put(4, "a")]);
    assert_eq!(
        stream.told(),
        ["events 0 at 3: Put a@2 Put a@3 prev fragment", "events 0 at 4: Put a@4 prev fragment"]
    );
}

#[test]
fn history_is_read_in_steps_and_then_joined_without_gap_or_duplicate() {
    let mut stream = Stream::default();
    for number in 2..=6 {
        stream.write(vec![put(number, "a"), put(number, "b")]);
    }
    stream.create(from(3, key("a")), at(6)).create(from(5, KeyRange::prefix(b"")), at(6));
    stream.told();
    stream.read(5, 6);
    assert_eq!(stream.told(), ["events 0 at 6: Put a@3 Put a@4"]);
    stream.write(vec![put(7, "a")]);
    assert_eq!(stream.told(), [""; 0], "new events wait for those before them");
    stream.read(8, 7).write(vec![put(8, "a")]);
    assert_eq!(stream.told()[..1], ["events 0 at 7: Put a@5 Put a@6 Put a@7"]);
    assert_eq!(stream.watches.behind_from(), None);
}

#[test]
fn a_stream_that_fell_behind_reads_what_it_missed() {
    let mut stream = Stream::default();
    stream.create(WatchCreate::new(key("a")), at(1)).write(vec![put(2, "a")]);
    stream.watches.fall_behind(Revision(3));
    stream.write(vec![put(3, "a")]).write(vec![put(4, "b")]);
    stream.watches.progress_request(Revision(4), &mut stream.out);
    assert_eq!(stream.told(), ["created 0 at 1", "events 0 at 2: Put a@2"]);
    stream.read(5, 4);
    stream.watches.progress_request(Revision(4), &mut stream.out);
    stream.write(vec![put(5, "a")]);
    assert_eq!(stream.told(), ["events 0 at 4: Put a@3", "progress -1 at 4", "events 0 at 5: Put a@5"]);
}

#[test]
fn a_watcher_that_is_too_far_behind_is_ended() {
    let mut stream = Stream::default();
    stream.create(WatchCreate::new(key("a")), at(1)).create(from(9, key("a")), at(1));
    stream.watches.fall_behind(Revision(2));
    stream.told();
    let indexed = stream.watches.compact(Revision(5), &mut stream.out);
    assert_eq!(indexed, [(WatchId(0), key("a"))]);
    assert_eq!(stream.told(), ["compacted 0 below 5"]);
    assert_eq!(stream.watches.len(), 1, "a start in the future loses nothing");
}

#[test]
fn progress_is_told_only_on_behalf_of_all() {
    let mut stream = Stream::default();
    stream.watches.progress_request(Revision(4), &mut stream.out);
    assert_eq!(stream.told(), [""; 0], "nobody to tell");
    stream.create(WatchCreate::new(key("a")), at(4)).create(from(2, key("b")), at(4));
    stream.told();
    stream.watches.progress_request(Revision(4), &mut stream.out);
    assert_eq!(stream.told(), [""; 0], "one is behind");
    stream.read(5, 4);
    stream.watches.progress_request(Revision(4), &mut stream.out);
    assert_eq!(stream.told(), ["progress -1 at 4"]);
}

#[test]
fn regular_progress_leaves_out_who_had_events_since() {
    let mut stream = Stream::default();
    for range in [key("a"), key("b")] {
        stream.create(WatchCreate { progress_notify: true, ..WatchCreate::new(range) }, at(1));
    }
    stream.create(WatchCreate::new(key("c")), at(1)).write(vec![put(2, "a")]).told();
    stream.watches.progress_round(Revision(2), &mut stream.out);
    assert_eq!(stream.told(), ["progress 1 at 2"]);
    stream.watches.progress_round(Revision(2), &mut stream.out);
    assert_eq!(stream.told(), ["progress 0 at 2", "progress 1 at 2"]);
    stream.watches.fall_behind(Revision(3));
    stream.watches.progress_round(Revision(3), &mut stream.out);
    assert_eq!(stream.told(), [""; 0], "not before they have caught up");
}
