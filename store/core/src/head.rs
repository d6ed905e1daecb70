//! The few numbers of the replicated state that every read and every command needs, kept beside the rows they come
//! from. Must be rebuilt from the `System` table alone at start.

use crate::ids::{LogPosition, Revision};
use crate::response::Alarm;

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
