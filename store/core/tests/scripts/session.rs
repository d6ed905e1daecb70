//! Runs script commands against one store and one watch stream.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::Arc;

use holdfast_core::command::Operation;
use holdfast_core::error::RangeError;
use holdfast_core::ids::{LeaseId, MemberId, Revision, Term};
use holdfast_core::response::{AlarmKind, RevisionEvents};
use holdfast_core::txn_check;
use holdfast_core::v2::V2ReadError;
use holdfast_core::watch::{Moment, StreamWatches, WatchId, WatchIndex, WatchMessage};

use super::store::{Store, TERM};
use super::words::Words;
use super::{command, command_v2, print, print_v2};

/// Events that a step of history reads at most.
const HISTORY_STEP_EVENTS: usize = 3;

pub struct Session {
    store: Store,
    watches: StreamWatches,
    index: WatchIndex<WatchId>,
    messages: VecDeque<WatchMessage<Arc<RevisionEvents>>>,
    /// New events are not handed to the stream.
    is_paused: bool,
}

impl Session {
    pub fn new() -> Session {
        Session {
            store: Store::new(),
            watches: StreamWatches::default(),
            index: WatchIndex::default(),
            messages: VecDeque::new(),
            is_paused: false,
        }
    }

    /// Runs the commands of a block one after another; those between `batch` and the block's end as one run of the
    /// log. Tells what they answer and what the watch stream says.
    pub fn run(&mut self, commands: &str) -> String {
        let mut text = String::new();
        let mut batch = None;
        let lines: Vec<&str> = commands.lines().filter(|line| !line.starts_with('#')).collect();
        let mut rest = lines.as_slice();
        while let Some((line, behind)) = rest.split_first() {
            let below = behind.iter().take_while(|line| line.starts_with("  ")).count();
            let (below, next) = behind.split_at(below);
            rest = next;
            if *line == "batch" {
                batch = Some(Vec::new());
            } else if let Some(operation) = self.operation(line, below, &mut text) {
                match &mut batch {
                    Some(batch) => batch.push(operation),
                    None => self.apply(&[operation], &mut text),
                }
            }
        }
        if let Some(batch) = batch {
            self.apply(&batch, &mut text);
        }
        for message in self.messages.drain(..) {
            print::message(&message, &mut text);
        }
        text
    }

    /// The entry that a command stands for; other commands are carried out.
    fn operation(&mut self, line: &str, below: &[&str], text: &mut String) -> Option<Operation> {
        let mut words = Words::new(line);
        Some(match words.next() {
            "put" => Operation::Put(command::put(words)),
            "del" => Operation::DeleteRange(command::delete(words)),
            "txn" => {
                let request = command::txn(&below.iter().map(|line| &line[2..]).collect::<Vec<_>>());
                if let Err(error) = txn_check::check_duplicate_keys(&request) {
                    writeln!(text, "refused: {error}").unwrap();
                    return None;
                }
                Operation::Txn(request)
            }
            "compact" => Operation::Compact { revision: Revision(words.number()) },
            "lease" => return self.lease(words, text),
            "v2" => return self.v2(words, text),
            "alarm" => return self.alarm(words, text),
            "get" => {
                self.get(words, text);
                return None;
            }
            "watch" => {
                self.watch(words);
                return None;
            }
            "filter" => {
                self.store.filter(|| true);
                return None;
            }
            "restart" => {
                self.store.restart();
                return None;
            }
            other => panic!("no such command: {other}"),
        })
    }

    fn apply(&mut self, operations: &[Operation], text: &mut String) {
        let (applied, effects) = self.store.run(operations);
        for applied in applied {
            match applied.result {
                Ok(response) => {
                    writeln!(text, "ok, revision {}", applied.revision).unwrap();
                    print::response(&response, text);
                }
                Err(error) => writeln!(text, "refused at revision {}: {error}", applied.revision).unwrap(),
            }
        }
        for revision in effects.events {
            self.publish(&Arc::new(revision));
        }
    }

    fn publish(&mut self, revision: &Arc<RevisionEvents>) {
        if self.is_paused {
            return;
        }
        let mut matches = Vec::new();
        for (position, event) in (0_u32..).zip(&revision.events) {
            self.index.for_each(&event.kv.key, |watch_id| matches.push((watch_id, position)));
        }
        matches.sort_unstable();
        self.watches.live(revision, &matches, &mut self.messages);
    }

    /// A change through the v2 API, a read, or a wait for events from history.
    fn v2(&mut self, mut words: Words<'_>, text: &mut String) -> Option<Operation> {
        let view = self.store.view();
        match words.next() {
            "get" => {
                let (path, get) = command_v2::get(words);
                match view.v2_get(&path, get) {
                    Ok(tree) => print_v2::tree(&tree, text),
                    Err(V2ReadError::Refused(error)) => writeln!(text, "refused: {error}").unwrap(),
                    Err(V2ReadError::Fault(fault)) => panic!("{fault}"),
                }
                None
            }
            "wait" => {
                let (watch, from) = command_v2::wait(words);
                match view.v2_events(&watch, from, usize::MAX) {
                    Ok((events, _)) => events.iter().for_each(|event| print_v2::event(event, text)),
                    Err(error) => writeln!(text, "refused: {error}").unwrap(),
                }
                None
            }
            change => Some(Operation::V2(command_v2::change(change, words))),
        }
    }

    fn get(&mut self, words: Words<'_>, text: &mut String) {
        match self.store.view().range(&command::get(words)) {
            Ok(response) => print::range(&response, "", text),
            Err(RangeError::Revision(error)) => writeln!(text, "refused: {error}").unwrap(),
            Err(RangeError::Fault(fault)) => panic!("{fault}"),
        }
    }

    fn lease(&mut self, mut words: Words<'_>, text: &mut String) -> Option<Operation> {
        Some(match words.next() {
            "grant" => Operation::LeaseGrant { id: LeaseId(words.number()), ttl_seconds: words.number() },
            "revoke" => Operation::LeaseRevoke { id: LeaseId(words.number()) },
            "expire" => {
                let term = words.option("term").map_or(TERM, |term| Term(term.parse().unwrap()));
                let ids = words.rest().into_iter().map(|id| LeaseId(id.parse().unwrap())).collect();
                Operation::LeaseExpire { ids, term }
            }
            "checkpoint" => Operation::LeaseCheckpoint {
                remaining_seconds: vec![(LeaseId(words.number()), words.number())],
            },
            "list" => {
                let view = self.store.view();
                for lease in view.leases().unwrap() {
                    let keys: Vec<_> = view.lease_keys(lease.id).unwrap();
                    let keys: Vec<_> = keys.iter().map(|key| String::from_utf8_lossy(key)).collect();
                    let (granted, remaining) = (lease.granted_ttl_seconds, lease.remaining_ttl_seconds);
                    writeln!(text, "lease {}: {remaining} of {granted} s {keys:?}", lease.id).unwrap();
                }
                return None;
            }
            other => panic!("no such lease command: {other}"),
        })
    }

    fn alarm(&mut self, mut words: Words<'_>, text: &mut String) -> Option<Operation> {
        let kind = |word| match word {
            "nospace" => Some(AlarmKind::NoSpace),
            "corrupt" => Some(AlarmKind::Corrupt),
            _ => None,
        };
        Some(match words.next() {
            "raise" => Operation::AlarmRaise {
                member: MemberId(words.number()),
                kind: kind(words.next()).expect("an alarm is nospace or corrupt"),
            },
            "clear" => Operation::AlarmClear { member: MemberId(words.number()), kind: kind(words.next()) },
            "list" => {
                for alarm in &self.store.machine.head().alarms {
                    writeln!(text, "member {} {:?}", alarm.member, alarm.kind).unwrap();
                }
                return None;
            }
            other => panic!("no such alarm command: {other}"),
        })
    }

    fn watch(&mut self, mut words: Words<'_>) {
        let head = self.store.machine.head();
        let moment = Moment { revision: head.revision, compacted: head.compacted };
        match words.next() {
            "create" => {
                let create = command::watch(words);
                if let Some((id, range)) = self.watches.create(create, moment, &mut self.messages) {
                    self.index.insert(&range, id);
                }
            }
            "cancel" => {
                let id = WatchId(words.number());
                if let Some((id, range)) = self.watches.cancel(id, moment.revision, &mut self.messages) {
                    self.index.remove(&range, id);
                }
            }
            "progress" => self.watches.progress_request(moment.revision, &mut self.messages),
            "tick" => self.watches.progress_round(moment.revision, &mut self.messages),
            "pause" => {
                self.is_paused = true;
                self.watches.fall_behind(moment.revision.next());
            }
            "read" => self.read_history(moment),
            other => panic!("no such watch command: {other}"),
        }
    }

    /// One step of history; joins when there is no more.
    fn read_history(&mut self, moment: Moment) {
        for (id, range) in self.watches.compact(moment.compacted, &mut self.messages) {
            self.index.remove(&range, id);
        }
        let Some(from) = self.watches.behind_from() else { return };
        let wanted = Arc::clone(self.watches.behind_index());
        let view = self.store.view();
        let (events, until) =
            view.events(from, HISTORY_STEP_EVENTS, &mut |key| wanted.is_watched(key)).unwrap();
        let revisions: Vec<_> = events.into_iter().map(Arc::new).collect();
        self.watches.catch_up(&revisions, until, moment.revision, &mut self.messages);
        if until > moment.revision {
            for (id, range) in self.watches.index_behind() {
                self.index.insert(&range, id);
            }
            self.watches.join();
            self.is_paused = false;
        }
    }
}
