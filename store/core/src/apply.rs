//! Applies commands: the only way in which replicated state changes. `Machine` keeps the head and the rank index
//! beside the rows; `ApplyBatch` collects the row changes of a run of log entries on top of a base view.

use std::sync::Arc;

use bytes::Bytes;

use crate::auth::{AuthState, Caller};
use crate::command::{Command, Operation};
use crate::error::ApplyError;
use crate::hash_history::HashHistory;
use crate::head::Head;
use crate::ids::{LeaseId, LogPosition, Revision};
use crate::layout::system;
use crate::overlay::Overlay;
use crate::rank::tree::ChunkTree;
use crate::rank::{self, RankUpdate};
use crate::read::ReadView;
use crate::read::state::State;
use crate::response::{Applied, Event, Response, RevisionEvents};
use crate::rows::{RowChange, Rows, RowsFault, Table};

mod alarm;
mod auth;
mod compact;
mod delete_range;
mod keys;
mod lease;
mod members;
mod put;
mod txn;
mod v2;

/// The state machine's memory: head, users and roles, rank index, recent hashes, and nothing else that grows with the
/// data.
#[derive(Debug, Clone)]
pub struct Machine {
    head: Arc<Head>,
    auth: Arc<AuthState>,
    ranks: ChunkTree,
    hashes: HashHistory,
}

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
    /// When users, roles or the switch changed: the store revision at the first such change. Events behind it happened
    /// under other rights than those before.
    pub auth_changed: Option<Revision>,
}

impl Machine {
    /// Reads head, users and rank index from the rows, or those of a fresh store from empty tables.
    pub fn load(rows: &dyn Rows) -> Result<Machine, RowsFault> {
        let head = Head::load(rows)?;
        let mut hashes = HashHistory::default();
        hashes.push(head.revision, head.accumulator);
        let auth = Arc::new(AuthState::load(rows)?);
        Ok(Machine { head: Arc::new(head), auth, ranks: rank::load(rows)?, hashes })
    }

    /// The head after everything applied so far.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Begins a run of entries on top of `base`, which must be the view right after the last finished run. A run that
    /// is dropped before it is finished leaves no trace here.
    pub fn begin<'a>(&'a mut self, base: &'a dyn Rows) -> ApplyBatch<'a> {
        ApplyBatch {
            overlay: Overlay::new(base),
            head: Head::clone(&self.head),
            auth: Arc::clone(&self.auth),
            ranks: RankUpdate::new(self.ranks.clone()),
            hashes: self.hashes.clone(),
            effects: Effects::default(),
            machine: self,
        }
    }

    /// A view for readers: `rows` must be a view taken right after the last finished run was written.
    pub fn read_view(&self, rows: Arc<dyn Rows>) -> ReadView {
        let (head, auth) = (Arc::clone(&self.head), Arc::clone(&self.auth));
        ReadView::new(rows, head, auth, self.ranks.clone(), self.hashes.clone())
    }
}

/// A run of entries being applied.
pub struct ApplyBatch<'a> {
    machine: &'a mut Machine,
    overlay: Overlay<'a>,
    head: Head,
    auth: Arc<AuthState>,
    ranks: RankUpdate,
    hashes: HashHistory,
    effects: Effects,
}

/// Why an operation did not happen: it was refused, which is a normal outcome, or storage failed.
enum Stop {
    Refused(ApplyError),
    Fault(RowsFault),
}

impl<Refusal: Into<ApplyError>> From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal.into())
    }
}

impl From<RowsFault> for Stop {
    fn from(fault: RowsFault) -> Stop {
        Stop::Fault(fault)
    }
}

impl ApplyBatch<'_> {
    /// Applies one command at its log position. `Err` is a fault of storage: the member must stop, and the run's
    /// rows must not be written.
    pub fn apply(&mut self, position: LogPosition, command: &Command) -> Result<Applied, RowsFault> {
        self.head.applied = position;
        let result = match self.execute(position, &command.caller, &command.operation) {
            Ok(response) => Ok(response),
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        Ok(Applied { revision: self.head.revision, result })
    }

    /// Records that an entry without a command (blank, membership) was applied.
    pub fn skip(&mut self, position: LogPosition) {
        self.head.applied = position;
    }

    /// Records consensus' own encoding of the membership in effect since `position`; read back by
    /// `ReadView::membership`.
    pub fn set_membership(&mut self, position: LogPosition, encoded: Bytes) {
        let row = system::encode_membership(position, &encoded);
        self.overlay.put(Table::System, Bytes::from_static(system::MEMBERSHIP), row);
    }

    /// Ends the run.
    pub fn finish(self) -> Result<Effects, RowsFault> {
        let ApplyBatch { machine, mut overlay, head, auth, ranks, hashes, mut effects } = self;
        machine.ranks = ranks.finish(&mut overlay);
        machine.hashes = hashes;
        machine.auth = auth;
        head.store(&machine.head, &mut overlay);
        machine.head = Arc::new(head);
        effects.rows = overlay.into_changes();
        Ok(effects)
    }

    fn execute(
        &mut self,
        position: LogPosition,
        caller: &Caller,
        operation: &Operation,
    ) -> Result<Response, Stop> {
        self.check_alarms(operation)?;
        self.authorize(caller, operation)?;
        match operation {
            Operation::Noop => Ok(Response::Done),
            Operation::Put(request) => self.put(request).map(Response::Put),
            Operation::DeleteRange(request) => self.delete_range(request).map(Response::DeleteRange),
            Operation::Txn(request) => self.txn(request).map(Response::Txn),
            Operation::Compact { revision } => self.compact(*revision),
            Operation::LeaseGrant { id, ttl_seconds } => self.lease_grant(*id, *ttl_seconds),
            Operation::LeaseRevoke { id } => self.lease_revoke(*id),
            Operation::LeaseExpire { ids, term } => self.lease_expire(position.term, ids, *term),
            Operation::LeaseCheckpoint { remaining_seconds } => self.lease_checkpoint(remaining_seconds),
            Operation::AlarmRaise { member, kind } => Ok(self.alarm_raise(*member, *kind)),
            Operation::AlarmClear { member, kind } => Ok(self.alarm_clear(*member, *kind)),
            Operation::MemberPublish { member, attributes } => self.member_publish(*member, attributes),
            Operation::ClusterVersionSet { version } => Ok(self.cluster_version_set(version)),
            Operation::V2(request) => self.v2(request).map(|event| Response::V2(Box::new(event))),
            Operation::Auth(change) => self.auth_change(change),
        }
    }

    /// The moment in which the next read takes place; `pending` are the changes of the revision being written.
    fn state(&self, pending: &[Event]) -> State<'_> {
        let revision = if pending.is_empty() { self.head.revision } else { self.head.revision.next() };
        State { rows: &self.overlay, revision, compacted: self.head.compacted, ranks: self.ranks.tree() }
    }

    /// Ends the revision being written; without changes there is none.
    fn commit(&mut self, pending: Vec<Event>) {
        if pending.is_empty() {
            return;
        }
        self.head.revision = self.head.revision.next();
        self.hashes.push(self.head.revision, self.head.accumulator);
        self.effects.events.push(RevisionEvents { revision: self.head.revision, events: pending });
    }
}

#[cfg(test)]
mod tests;
