//! The hash of the state by a full scan, from the keys and values themselves.

use std::ops::ControlFlow;

use super::state::State;
use crate::fingerprint;
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::layout::record::Record;
use crate::rows::{Direction, RowsFault};

impl State<'_> {
    /// Sum of the contributions of all keys that are live at a revision that was checked. Content hashes are computed
    /// anew, so that damaged rows show.
    pub fn accumulate(&self, revision: Revision) -> Result<u128, RowsFault> {
        let everything = KeyRange::prefix(&[]);
        let mut accumulator = 0u128;
        self.walk(&everything, revision, Direction::Forward, &mut |record, kv| {
            let content_hash = fingerprint::content_hash(kv.key, kv.value, record);
            let contribution = fingerprint::contribution(&Record { content_hash, ..*record });
            accumulator = accumulator.wrapping_add(contribution);
            ControlFlow::Continue(())
        })?;
        Ok(accumulator)
    }
}
