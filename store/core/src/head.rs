//! The few numbers of the replicated state that every read and every command needs, kept beside the rows they come
//! from. Must be rebuilt from the `System` table alone at start.

use bytes::Bytes;

use crate::ids::{LogPosition, Revision};
use crate::layout::system;
use crate::overlay::Overlay;
use crate::response::Alarm;
use crate::rows::{Rows, RowsFault, Table};

/// The state machine's position and global state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The newest applied log entry.
    pub applied: LogPosition,
    /// The store revision.
    pub revision: Revision,
    /// The newest compacted revision; `Revision(-1)` when nothing was compacted (etcd's convention).
    pub compacted: Revision,
    /// Sum over the hashes of all live rows of `Current`; equal on members that stand at the same revision.
    pub accumulator: u128,
    /// Raised alarms, sorted.
    pub alarms: Vec<Alarm>,
}

impl Default for Head {
    fn default() -> Head {
        Head {
            applied: LogPosition::default(),
            revision: Revision::FRESH,
            compacted: Revision(-1),
            accumulator: 0,
            alarms: Vec::new(),
        }
    }
}

impl Head {
    /// Reads the head; what was never written is as in a fresh store.
    pub fn load(rows: &dyn Rows) -> Result<Head, RowsFault> {
        let mut head = Head::default();
        if let Some(row) = rows.get(Table::System, system::APPLIED)? {
            head.applied = system::decode_position(&row)?;
        }
        if let Some(row) = rows.get(Table::System, system::REVISION)? {
            head.revision = system::decode_revision(&row)?;
        }
        if let Some(row) = rows.get(Table::System, system::COMPACTED)? {
            head.compacted = system::decode_revision(&row)?;
        }
        if let Some(row) = rows.get(Table::System, system::ACCUMULATOR)? {
            head.accumulator = system::decode_accumulator(&row)?;
        }
        if let Some(row) = rows.get(Table::System, system::ALARMS)? {
            head.alarms = system::decode_alarms(&row)?;
        }
        Ok(head)
    }

    /// Puts what differs from `before` into `overlay`; the applied position always. Which rows exist afterwards must
    /// not depend on how the log was cut into runs.
    pub(crate) fn store(&self, before: &Head, overlay: &mut Overlay<'_>) {
        let mut put = |key, value| overlay.put(Table::System, Bytes::from_static(key), value);
        put(system::APPLIED, system::encode_position(self.applied));
        if self.revision != before.revision {
            put(system::REVISION, system::encode_revision(self.revision));
            put(system::ACCUMULATOR, system::encode_accumulator(self.accumulator));
        }
        if self.compacted != before.compacted {
            put(system::COMPACTED, system::encode_revision(self.compacted));
        }
        if self.alarms.is_empty() && !before.alarms.is_empty() {
            overlay.delete(Table::System, Bytes::from_static(system::ALARMS));
        } else if self.alarms != before.alarms {
            put(system::ALARMS, system::encode_alarms(&self.alarms));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{LogIndex, MemberId, Term};
    use crate::memory_rows::MemoryRows;
    use crate::response::AlarmKind;

    #[test]
    fn a_stored_head_loads_as_it_was() {
        let mut rows = MemoryRows::default();
        assert_eq!(Head::load(&rows).unwrap(), Head::default());
        let head = Head {
            applied: LogPosition { term: Term(3), index: LogIndex(40) },
            revision: Revision(17),
            compacted: Revision(5),
            accumulator: u128::MAX - 1,
            alarms: vec![Alarm { member: MemberId(9), kind: AlarmKind::Corrupt }],
        };
        let mut overlay = Overlay::new(&rows);
        head.store(&Head::default(), &mut overlay);
        let changes = overlay.into_changes();
        rows.apply(&changes);
        assert_eq!(Head::load(&rows).unwrap(), head);
    }
}
