//! A machine over rows in memory, driven as consensus drives it: runs of entries, each written in one batch.

#![allow(dead_code, reason = "every test binary that includes this file uses a part of it")]

use std::sync::Arc;

use holdfast_core::apply::{Effects, Machine};
use holdfast_core::command::{Command, Operation};
use holdfast_core::ids::{LogIndex, LogPosition, Term};
use holdfast_core::layout::record::Record;
use holdfast_core::layout::{event, history};
use holdfast_core::memory_rows::MemoryRows;
use holdfast_core::read::ReadView;
use holdfast_core::response::Applied;
use holdfast_core::rows::{RowChange, Table};

/// The term of every entry.
pub const TERM: Term = Term(7);

pub struct Store {
    pub machine: Machine,
    pub rows: MemoryRows,
    index: u64,
}

impl Store {
    pub fn new() -> Store {
        let rows = MemoryRows::default();
        Store { machine: Machine::load(&rows).unwrap(), rows, index: 0 }
    }

    /// Applies operations in one run.
    pub fn run<'o>(
        &mut self,
        operations: impl IntoIterator<Item = &'o Operation>,
    ) -> (Vec<Applied>, Effects) {
        let mut batch = self.machine.begin(&self.rows);
        let mut applied = Vec::new();
        for operation in operations {
            self.index += 1;
            let position = LogPosition { term: TERM, index: LogIndex(self.index) };
            applied.push(batch.apply(position, &Command::from(operation.clone())).unwrap());
        }
        let effects = batch.finish().unwrap();
        self.rows.apply(&effects.rows);
        (applied, effects)
    }

    pub fn view(&self) -> ReadView {
        self.machine.read_view(Arc::new(self.rows.clone()))
    }

    /// Reads the machine anew from its rows, as after a restart.
    pub fn restart(&mut self) {
        self.machine = Machine::load(&self.rows).unwrap();
    }

    /// Drops those of the rows that a background filter may drop by now for which `chosen` says so.
    pub fn filter(&mut self, mut chosen: impl FnMut() -> bool) {
        let compacted = self.machine.head().compacted;
        let mut drops = Vec::new();
        for (key, row) in self.rows.table(Table::Current) {
            let (record, _) = Record::decode(row, Table::Current).unwrap();
            if !record.live && record.id.main <= compacted && chosen() {
                drops.push(RowChange { table: Table::Current, key: key.clone(), value: None });
            }
        }
        for (key, value) in self.rows.table(Table::History) {
            if history::decode_value(value).unwrap().0 <= compacted && chosen() {
                drops.push(RowChange { table: Table::History, key: key.clone(), value: None });
            }
        }
        for key in self.rows.table(Table::Events).keys() {
            if event::decode_key(key).unwrap().main < compacted && chosen() {
                drops.push(RowChange { table: Table::Events, key: key.clone(), value: None });
            }
        }
        self.rows.apply(&drops);
    }
}
