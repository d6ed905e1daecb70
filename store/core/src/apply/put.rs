//! `Put`: one key in one revision.

use bytes::Bytes;

use super::{ApplyBatch, Stop};
use crate::error::PutError;
use crate::ids::LeaseId;
use crate::read::state::Stored;
use crate::request::PutRequest;
use crate::response::{Event, PutResponse};
use crate::rows::RowsFault;

impl ApplyBatch<'_> {
    pub(super) fn put(&mut self, request: &PutRequest) -> Result<PutResponse, Stop> {
        if !self.has_put_lease(request)? {
            return Err(PutError::LeaseNotFound.into());
        }
        let old = self.state(&[]).newest(&request.key)?;
        check_put_target(request, old.as_ref())?;
        let mut pending = Vec::with_capacity(1);
        let response = self.put_over(&mut pending, request, old.as_ref())?;
        self.commit(pending);
        Ok(response)
    }

    /// Whether the lease that a put asks for exists.
    pub(super) fn has_put_lease(&self, request: &PutRequest) -> Result<bool, RowsFault> {
        Ok(request.lease.is_none() || self.find_lease(request.lease)?.is_some())
    }

    /// Executes a checked put over the key's newest version.
    pub(super) fn put_over(
        &mut self,
        pending: &mut Vec<Event>,
        request: &PutRequest,
        old: Option<&Stored>,
    ) -> Result<PutResponse, RowsFault> {
        let live = old.filter(|old| old.record.live);
        let value = match live {
            _ if !request.ignore_value => request.value.clone(),
            Some(live) => live.value(),
            None => Bytes::new(),
        };
        let lease = match live {
            _ if !request.ignore_lease => request.lease,
            Some(live) => live.record.lease,
            None => LeaseId::NONE,
        };
        self.write_key(pending, &request.key, value, lease, old)?;
        let prev_kv = live.filter(|_| request.prev_kv).map(|live| live.to_key_value(request.key.clone()));
        Ok(PutResponse { prev_kv })
    }
}

/// Refuses to keep the value or lease of a key that is not there.
pub(super) fn check_put_target(request: &PutRequest, old: Option<&Stored>) -> Result<(), PutError> {
    let is_live = old.is_some_and(|old| old.record.live);
    if (request.ignore_value || request.ignore_lease) && !is_live {
        return Err(PutError::KeyNotFound);
    }
    Ok(())
}
