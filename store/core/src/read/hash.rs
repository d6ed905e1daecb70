//! The hashes of keys and of users by a full scan, from the rows themselves.

use std::ops::ControlFlow;

use super::state::State;
use crate::fingerprint;
use crate::ids::Revision;
use crate::key_range::KeyRange;
use crate::layout::auth;
use crate::layout::record::Record;
use crate::rows::{Direction, RowsFault, Table};

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

    /// Hash over the rows of users, roles and settings; 0 when there are none. Renewed tokens come and go without a
    /// revision and are left out.
    pub fn hash_auth(&self) -> Result<u64, RowsFault> {
        let mut hash = 0;
        let mut cursor = self.rows.scan(Table::Auth, &[], None, Direction::Forward)?;
        while let Some((key, value)) = cursor.current() {
            if !auth::is_token(key) {
                hash = fingerprint::chain(hash, key, value);
            }
            cursor.advance()?;
        }
        Ok(hash)
    }
}
