//! A store for tests: a machine on top of rows in memory, one command at a time or in runs, and naive recomputations
//! of everything that is kept incrementally. Compiled for tests only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::apply::{Effects, Machine};
use crate::command::{Command, Operation};
use crate::error::ApplyError;
use crate::ids::{LeaseId, LogIndex, LogPosition, Revision, Term};
use crate::key_range::KeyRange;
use crate::layout::record::Record;
use crate::layout::{event, history};
use crate::memory_rows::MemoryRows;
use crate::read::ReadView;
use crate::request::{DeleteRangeRequest, PutRequest, TxnOperation, TxnRequest};
use crate::response::{KeyValue, Response};
use crate::rows::{Direction, RowChange, Rows, Table};

/// Everything that a test of the machine needs.
pub(crate) struct TestStore {
    pub machine: Machine,
    pub rows: MemoryRows,
    pub index: u64,
    /// What the last run left behind.
    pub effects: Effects,
}

pub(crate) const TERM: Term = Term(7);

impl TestStore {
    pub fn new() -> TestStore {
        let rows = MemoryRows::default();
        TestStore { machine: Machine::load(&rows).unwrap(), rows, index: 0, effects: Effects::default() }
    }

    /// Applies what nobody asks for in one run.
    pub fn run(&mut self, operations: &[Operation]) -> Vec<Result<Response, ApplyError>> {
        let commands: Vec<Command> = operations.iter().cloned().map(Command::from).collect();
        self.run_commands(&commands)
    }

    /// Applies commands in one run.
    pub fn run_commands(&mut self, commands: &[Command]) -> Vec<Result<Response, ApplyError>> {
        let mut batch = self.machine.begin(&self.rows);
        let mut results = Vec::new();
        for command in commands {
            self.index += 1;
            let position = LogPosition { term: TERM, index: LogIndex(self.index) };
            results.push(batch.apply(position, command).unwrap().result);
        }
        self.effects = batch.finish().unwrap();
        self.rows.apply(&self.effects.rows);
        results
    }

    pub fn apply(&mut self, operation: Operation) -> Result<Response, ApplyError> {
        self.run(&[operation]).remove(0)
    }

    pub fn put(&mut self, key: &str, value: &str) -> Revision {
        self.apply(Operation::Put(put(key, value))).unwrap();
        self.revision()
    }

    pub fn put_with_lease(&mut self, key: &str, value: &str, lease: i64) {
        self.apply(Operation::Put(PutRequest { lease: LeaseId(lease), ..put(key, value) })).unwrap();
    }

    pub fn delete(&mut self, key: &str) -> u64 {
        self.delete_range(KeyRange::Single(key.to_owned().into()))
    }

    pub fn delete_range(&mut self, range: KeyRange) -> u64 {
        match self.apply(Operation::DeleteRange(DeleteRangeRequest { range, prev_kv: false })).unwrap() {
            Response::DeleteRange(response) => response.deleted,
            other => panic!("not the answer of a deletion: {other:?}"),
        }
    }

    pub fn txn(&mut self, success: Vec<TxnOperation>) -> Result<Response, ApplyError> {
        self.apply(Operation::Txn(TxnRequest { success, ..TxnRequest::default() }))
    }

    pub fn grant(&mut self, id: i64) {
        self.apply(Operation::LeaseGrant { id: LeaseId(id), ttl_seconds: 60 }).unwrap();
    }

    pub fn compact(&mut self, revision: i64) -> Result<Response, ApplyError> {
        self.apply(Operation::Compact { revision: Revision(revision) })
    }

    pub fn revision(&self) -> Revision {
        self.machine.head().revision
    }

    pub fn view(&self) -> ReadView {
        self.machine.read_view(Arc::new(self.rows.clone()))
    }

    pub fn get(&self, key: &str) -> Option<KeyValue> {
        self.view().get(key.as_bytes()).unwrap()
    }

    /// All rows of a table.
    pub fn table(&self, table: Table) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut cursor = self.rows.scan(table, &[], None, Direction::Forward).unwrap();
        while let Some((key, value)) = cursor.current() {
            found.insert(key.to_vec(), value.to_vec());
            cursor.advance().unwrap();
        }
        found
    }

    /// Drops the rows that a background filter may drop, those of them that `chosen` accepts.
    pub fn filter(&mut self, mut chosen: impl FnMut() -> bool) {
        let compacted = self.machine.head().compacted;
        let mut drops = Vec::new();
        for (key, row) in self.table(Table::Current) {
            let (record, _) = Record::decode(&row, Table::Current).unwrap();
            if !record.live && record.id.main <= compacted && chosen() {
                drops.push((Table::Current, key));
            }
        }
        for (key, value) in self.table(Table::History) {
            if history::decode_value(&value).unwrap().0 <= compacted && chosen() {
                drops.push((Table::History, key));
            }
        }
        for key in self.table(Table::Events).into_keys() {
            if event::decode_key(&key).unwrap().main < compacted && chosen() {
                drops.push((Table::Events, key));
            }
        }
        let changes: Vec<RowChange> =
            drops.into_iter().map(|(table, key)| RowChange { table, key: key.into(), value: None }).collect();
        self.rows.apply(&changes);
    }

    /// Checks the invariants that tie the tables to each other.
    pub fn check_invariants(&self) {
        let head = self.machine.head();
        let mut newest = BTreeMap::new();
        for (row_key, value) in self.table(Table::Events) {
            let (_, _, key) = event::decode_value(&value).unwrap();
            newest.insert(key.to_vec(), event::decode_key(&row_key).unwrap());
        }
        let mut live = BTreeSet::new();
        let mut leased = BTreeSet::new();
        for (key, row) in self.table(Table::Current) {
            let (record, _) = Record::decode(&row, Table::Current).unwrap();
            if record.id.main > head.compacted {
                assert_eq!(newest.get(&key), Some(&record.id), "cur is the newest event of its key");
            }
            if record.live {
                live.insert(key.clone());
                if !record.lease.is_none() {
                    leased.insert([&record.lease.0.to_be_bytes(), key.as_slice()].concat());
                }
            }
            self.check_chain(&key, &record);
        }
        assert_eq!(self.view().recompute_accumulator().unwrap(), head.accumulator);
        assert_eq!(leased, self.table(Table::LeaseKeys).into_keys().collect(), "attached keys");
        let everything = KeyRange::From(Bytes::new());
        assert_eq!(self.view().count(&everything, None).unwrap(), live.len() as u64);
        let chunks = self.table(Table::Rank);
        let firsts: Vec<&Vec<u8>> = chunks.keys().collect();
        for (at, (first, count)) in chunks.iter().enumerate() {
            let inside =
                live.iter().filter(|key| *key >= first && firsts.get(at + 1).is_none_or(|end| key < end));
            assert_eq!(inside.count(), u32::from_le_bytes(count.as_slice().try_into().unwrap()) as usize);
        }
        let reloaded = Machine::load(&self.rows).unwrap();
        assert_eq!(reloaded.head(), head);
        let view = reloaded.read_view(Arc::new(self.rows.clone()));
        assert_eq!(view.auth(), self.view().auth(), "users and roles are what their rows say");
    }

    /// Every version that a reader may ask for leads to the one before it.
    fn check_chain(&self, key: &[u8], newest: &Record) {
        let compacted = self.machine.head().compacted;
        let mut successor = *newest;
        while let Some(id) = successor.previous
            && successor.id.main > compacted
        {
            let value = self.rows.get(Table::History, &history::key(key, id)).unwrap().expect("kept in hist");
            let (superseded, row) = history::decode_value(&value).unwrap();
            assert_eq!(superseded, successor.id.main);
            let (record, _) = Record::decode(row, Table::History).unwrap();
            assert_eq!(record.id, id);
            successor = record;
        }
    }
}

pub(crate) fn put(key: &str, value: &str) -> PutRequest {
    PutRequest { key: key.to_owned().into(), value: value.to_owned().into(), ..PutRequest::default() }
}
