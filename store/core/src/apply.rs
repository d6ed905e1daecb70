//! Applies commands: the only way in which replicated state changes. `Machine` keeps the head and the rank index
//! beside the rows; `ApplyBatch` collects the row changes of a run of log entries on top of a base view.

use std::sync::Arc;

use bytes::Bytes;

use crate::command::Command;
use crate::ids::{LeaseId, LogPosition, Revision};
use crate::read::ReadView;
use crate::response::{Applied, RevisionEvents};
use crate::rows::{RowChange, Rows, RowsFault};

/// The state machine's memory: head, rank index and nothing else that grows with the data.
#[derive(Debug, Clone)]
pub struct Machine {}

/// What became of a lease, for whoever keeps its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseChange {
    /// It was granted.
    Granted {
        /// The lease.
        id: LeaseId,
        /// Its time to live.
        ttl_seconds: i64,
    },
    /// It ended, by revocation or expiry.
    Ended {
        /// The lease.
        id: LeaseId,
    },
}

/// What a finished run of entries leaves behind: rows to write in one atomic batch, and news for watchers and clocks.
#[derive(Debug, Default)]
pub struct Effects {
    /// Row changes, at most one for a row, sorted by table and key; they include the applied position.
    pub rows: Vec<RowChange>,
    /// Events by revision, ascending.
    pub events: Vec<RevisionEvents>,
    /// Leases made and ended, in order.
    pub leases: Vec<LeaseChange>,
    /// The new compacted revision, when it moved.
    pub compacted: Option<Revision>,
}

impl Machine {
    /// Reads head and rank index from the rows, or those of a fresh store from empty tables.
    pub fn load(rows: &dyn Rows) -> Result<Machine, RowsFault> {
        let _ = rows;
        todo!()
    }

    /// The head after everything applied so far.
    pub fn head(&self) -> &crate::head::Head {
        todo!()
    }

    /// Begins a run of entries on top of `base`, which must be the view right after the last finished run.
    pub fn begin<'a>(&'a mut self, base: &'a dyn Rows) -> ApplyBatch<'a> {
        let _ = base;
        todo!()
    }

    /// A view for readers: `rows` must be a view taken right after the last finished run was written.
    pub fn read_view(&self, rows: Arc<dyn Rows>) -> ReadView {
        let _ = rows;
        todo!()
    }
}

/// A run of entries being applied.
pub struct ApplyBatch<'a> {
    _machine: &'a mut Machine,
}

impl ApplyBatch<'_> {
    /// Applies one command at its log position. `Err` is a fault of storage: the member must stop, and the run's
    /// rows must not be written.
    pub fn apply(&mut self, position: LogPosition, command: &Command) -> Result<Applied, RowsFault> {
        let _ = (position, command);
        todo!()
    }

    /// Records that an entry without a command (blank, membership) was applied.
    pub fn skip(&mut self, position: LogPosition) {
        let _ = position;
        todo!()
    }

    /// Records consensus' own encoding of the membership in effect since `position`; read back by `Machine::membership`.
    pub fn set_membership(&mut self, position: LogPosition, encoded: Bytes) {
        let _ = (position, encoded);
        todo!()
    }

    /// Ends the run.
    pub fn finish(self) -> Result<Effects, RowsFault> {
        todo!()
    }
}
