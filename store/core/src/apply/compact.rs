//! `Compact`: forgets history below a revision. Only moves the boundary; rows are dropped in the background, and
//! nothing here may depend on whether they are gone yet.

use super::{ApplyBatch, Stop};
use crate::error::CompactError;
use crate::ids::Revision;
use crate::response::Response;

impl ApplyBatch<'_> {
    pub(super) fn compact(&mut self, revision: Revision) -> Result<Response, Stop> {
        if revision <= self.head.compacted {
            return Err(CompactError::Compacted { compacted: self.head.compacted }.into());
        }
        if revision > self.head.revision {
            return Err(CompactError::Future { newest: self.head.revision }.into());
        }
        self.head.compacted = revision;
        self.effects.compacted = Some(revision);
        Ok(Response::Compact)
    }
}
