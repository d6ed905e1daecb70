//! `DeleteRange`: all live keys of a range in one revision, in key order; no revision when there is none.

use bytes::Bytes;

use super::{ApplyBatch, Stop};
use crate::key_range::KeyRange;
use crate::read::state::Stored;
use crate::request::DeleteRangeRequest;
use crate::response::{DeleteRangeResponse, Event};
use crate::rows::{Direction, Rows, RowsFault, Table};

impl ApplyBatch<'_> {
    pub(super) fn delete_range(&mut self, request: &DeleteRangeRequest) -> Result<DeleteRangeResponse, Stop> {
        let mut pending = Vec::new();
        let response = self.delete_range_in(&mut pending, request)?;
        self.commit(pending);
        Ok(response)
    }

    /// Executes a deletion as part of the revision being written.
    pub(super) fn delete_range_in(
        &mut self,
        pending: &mut Vec<Event>,
        request: &DeleteRangeRequest,
    ) -> Result<DeleteRangeResponse, RowsFault> {
        let found = self.live_versions(&request.range)?;
        let mut response = DeleteRangeResponse { deleted: found.len() as u64, prev_kvs: Vec::new() };
        for (key, stored) in found {
            if request.prev_kv {
                response.prev_kvs.push(stored.to_key_value(key.clone()));
            }
            self.erase_key(pending, key, &stored, None)?;
        }
        Ok(response)
    }

    /// The live keys of a range with their newest versions.
    pub(super) fn live_versions(&self, range: &KeyRange) -> Result<Vec<(Bytes, Stored)>, RowsFault> {
        let mut found = Vec::new();
        if range.is_empty() {
            return Ok(found);
        }
        if let KeyRange::Single(key) = range {
            let live = self.state(&[]).newest(key)?.filter(|stored| stored.record.live);
            found.extend(live.map(|stored| (key.clone(), stored)));
            return Ok(found);
        }
        let end = range.end();
        let mut cursor =
            self.overlay.scan(Table::Current, range.start(), end.as_deref(), Direction::Forward)?;
        while let Some((key, row)) = cursor.current() {
            let stored = Stored::decode(Bytes::copy_from_slice(row), Table::Current)?;
            if stored.record.live {
                found.push((Bytes::copy_from_slice(key), stored));
            }
            cursor.advance()?;
        }
        Ok(found)
    }
}
