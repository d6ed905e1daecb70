//! Leases: grant, revocation, expiry, checkpoint. Whether a lease's time has run out is decided by whoever keeps its
//! clock and arrives here as a command.

use bytes::Bytes;

use super::{ApplyBatch, LeaseChange, Stop};
use crate::error::{ApplyError, LeaseGrantError, LeaseRevokeError};
use crate::ids::{LeaseId, Term};
use crate::layout::lease as layout;
use crate::read::LeaseRecord;
use crate::response::Response;
use crate::rows::{RowsFault, Table};
use crate::v2::{V2Action, V2Mark, V2Path};

impl ApplyBatch<'_> {
    pub(super) fn find_lease(&self, id: LeaseId) -> Result<Option<LeaseRecord>, RowsFault> {
        self.state(&[]).lease(id)
    }

    pub(super) fn lease_grant(&mut self, id: LeaseId, ttl_seconds: i64) -> Result<Response, Stop> {
        if self.find_lease(id)?.is_some() {
            return Err(LeaseGrantError::Exists.into());
        }
        self.put_lease(LeaseRecord {
            id,
            granted_ttl_seconds: ttl_seconds,
            remaining_ttl_seconds: ttl_seconds,
            expiration_unix_nanos: None,
        });
        self.effects.leases.push(LeaseChange::Granted { id, ttl_seconds });
        Ok(Response::LeaseGrant { id, ttl_seconds })
    }

    pub(super) fn lease_revoke(&mut self, id: LeaseId) -> Result<Response, Stop> {
        let lease = self.find_lease(id)?.ok_or(LeaseRevokeError::NotFound)?;
        self.end_lease(&lease, LeaseEnd::Revoked)?;
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
            if let Some(lease) = self.find_lease(*id)? {
                self.end_lease(&lease, LeaseEnd::Expired)?;
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

    /// Writes a lease's row.
    pub(super) fn put_lease(&mut self, lease: LeaseRecord) {
        self.overlay.put(Table::Leases, lease_key(lease.id), layout::encode_value(&lease));
    }

    /// Ends a lease and deletes its keys, in key order and in one revision; none when it has no keys. With a directory
    /// of the v2 API that this is the lease of goes everything in it.
    fn end_lease(&mut self, lease: &LeaseRecord, end: LeaseEnd) -> Result<(), RowsFault> {
        let mut pending = Vec::new();
        for key in self.state(&[]).lease_keys(lease.id)? {
            let Some(stored) = self.state(&pending).live(&key)? else { continue };
            match V2Path::of_key(&key) {
                Some((path, true)) if lease.expiration_unix_nanos.is_some() => {
                    self.remove_directory(&mut pending, &path, end.action())?;
                }
                _ => self.erase_key(&mut pending, key, &stored, end.mark(lease))?,
            }
        }
        // A directory of the v2 API took its lease along.
        if self.find_lease(lease.id)?.is_some() {
            self.forget_lease(lease.id);
        }
        self.commit(pending);
        Ok(())
    }

    /// Takes a lease without keys away.
    pub(super) fn forget_lease(&mut self, id: LeaseId) {
        self.overlay.delete(Table::Leases, lease_key(id));
        self.effects.leases.push(LeaseChange::Ended { id });
    }
}

/// Why a lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeaseEnd {
    Revoked,
    Expired,
}

impl LeaseEnd {
    fn action(self) -> V2Action {
        match self {
            LeaseEnd::Revoked => V2Action::Delete,
            LeaseEnd::Expired => V2Action::Expire,
        }
    }

    /// What watchers of the v2 API are told of a key of the lease.
    fn mark(self, lease: &LeaseRecord) -> Option<V2Mark> {
        let is_plain = self == LeaseEnd::Revoked && lease.expiration_unix_nanos.is_none();
        let previous_expiration_unix_nanos = lease.expiration_unix_nanos;
        (!is_plain).then_some(V2Mark { previous_expiration_unix_nanos, ..V2Mark::of(self.action()) })
    }
}

fn lease_key(id: LeaseId) -> Bytes {
    Bytes::copy_from_slice(&layout::key(id))
}
