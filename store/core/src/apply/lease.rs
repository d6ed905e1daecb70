//! Leases: grant, revocation, expiry, checkpoint. Whether a lease's time has run out is decided by whoever keeps its
//! clock and arrives here as a command.

use bytes::Bytes;

use super::{ApplyBatch, LeaseChange, Stop};
use crate::error::{ApplyError, LeaseGrantError, LeaseRevokeError};
use crate::ids::{LeaseId, Term};
use crate::layout::lease as layout;
use crate::read::LeaseRecord;
use crate::response::Response;
use crate::rows::{Rows, RowsFault, Table};

impl ApplyBatch<'_> {
    pub(super) fn find_lease(&self, id: LeaseId) -> Result<Option<LeaseRecord>, RowsFault> {
        let row = self.overlay.get(Table::Leases, &layout::key(id))?;
        row.map(|row| layout::decode_value(id, &row)).transpose()
    }

    pub(super) fn lease_grant(&mut self, id: LeaseId, ttl_seconds: i64) -> Result<Response, Stop> {
        if self.find_lease(id)?.is_some() {
            return Err(LeaseGrantError::Exists.into());
        }
        self.put_lease(LeaseRecord {
            id,
            granted_ttl_seconds: ttl_seconds,
            remaining_ttl_seconds: ttl_seconds,
        });
        self.effects.leases.push(LeaseChange::Granted { id, ttl_seconds });
        Ok(Response::LeaseGrant { id, ttl_seconds })
    }

    pub(super) fn lease_revoke(&mut self, id: LeaseId) -> Result<Response, Stop> {
        if self.find_lease(id)?.is_none() {
            return Err(LeaseRevokeError::NotFound.into());
        }
        self.end_lease(id)?;
        Ok(Response::LeaseRevoke)
    }

    pub(super) fn lease_expire(
        &mut self,
        entry_term: Term,
        ids: &[LeaseId],
        proposer_term: Term,
    ) -> Result<Response, Stop> {
        if proposer_term < entry_term {
            return Err(ApplyError::StaleExpiry.into());
        }
        for id in ids {
            if self.find_lease(*id)?.is_some() {
                self.end_lease(*id)?;
            }
        }
        Ok(Response::Done)
    }

    pub(super) fn lease_checkpoint(
        &mut self,
        remaining_seconds: &[(LeaseId, i64)],
    ) -> Result<Response, Stop> {
        for (id, remaining_ttl_seconds) in remaining_seconds {
            if let Some(lease) = self.find_lease(*id)? {
                self.put_lease(LeaseRecord { remaining_ttl_seconds: *remaining_ttl_seconds, ..lease });
            }
        }
        Ok(Response::Done)
    }

    fn put_lease(&mut self, lease: LeaseRecord) {
        let row = layout::encode_value(lease.granted_ttl_seconds, lease.remaining_ttl_seconds);
        self.overlay.put(Table::Leases, lease_key(lease.id), row);
    }

    /// Ends a lease and deletes its keys, in key order and in one revision; none when it has no keys.
    fn end_lease(&mut self, id: LeaseId) -> Result<(), RowsFault> {
        let mut pending = Vec::new();
        for key in self.state(&[]).lease_keys(id)? {
            let live = self.state(&pending).newest(&key)?.filter(|stored| stored.record.live);
            if let Some(stored) = live {
                self.erase_key(&mut pending, key, &stored)?;
            }
        }
        self.overlay.delete(Table::Leases, lease_key(id));
        self.effects.leases.push(LeaseChange::Ended { id });
        self.commit(pending);
        Ok(())
    }
}

fn lease_key(id: LeaseId) -> Bytes {
    Bytes::copy_from_slice(&layout::key(id))
}
