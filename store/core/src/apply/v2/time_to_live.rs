//! Nodes that end by themselves: each such node has a lease of its own, which lives as long as it does. Must leave
//! leases of the v3 API alone.

use bytes::Bytes;

use crate::apply::{ApplyBatch, LeaseChange};
use crate::ids::LeaseId;
use crate::layout::lease as layout;
use crate::read::LeaseRecord;
use crate::rows::{Direction, Rows, RowsFault, Table};
use crate::v2::V2TimeToLive;

impl ApplyBatch<'_> {
    /// The lease for a node that is written under `key` and has `old` so far: none when it is to last, else its own
    /// one, renewed, or a new one.
    pub(super) fn lease_for(
        &mut self,
        key: &Bytes,
        old: LeaseId,
        time_to_live: Option<&V2TimeToLive>,
    ) -> Result<LeaseId, RowsFault> {
        let Some(time_to_live) = time_to_live else { return Ok(LeaseId::NONE) };
        let id = if self.is_own(old, key)? { old } else { self.free_lease_id(time_to_live.lease)? };
        let V2TimeToLive { ttl_seconds, expiration_unix_nanos, .. } = *time_to_live;
        self.put_lease(LeaseRecord {
            id,
            granted_ttl_seconds: ttl_seconds,
            remaining_ttl_seconds: ttl_seconds,
            expiration_unix_nanos: Some(expiration_unix_nanos),
        });
        self.effects.leases.push(LeaseChange::Granted { id, ttl_seconds });
        Ok(id)
    }

    /// Ends the lease that a node had before it got `new`, unless something else hangs on it.
    pub(super) fn release(&mut self, old: LeaseId, new: LeaseId) -> Result<(), RowsFault> {
        if old == new || self.state(&[]).expiration(old)?.is_none() {
            return Ok(());
        }
        if !self.has_keys(old, None)? {
            self.forget_lease(old);
        }
        Ok(())
    }

    /// Whether a lease was made for the node under `key` and nobody else uses it.
    fn is_own(&self, id: LeaseId, key: &Bytes) -> Result<bool, RowsFault> {
        Ok(self.state(&[]).expiration(id)?.is_some() && !self.has_keys(id, Some(key))?)
    }

    /// Whether keys are attached to a lease, but for one.
    fn has_keys(&self, id: LeaseId, but: Option<&Bytes>) -> Result<bool, RowsFault> {
        let (lower, upper) = layout::attachment_bounds(id);
        let upper = upper.as_ref().map(<[u8; 8]>::as_slice);
        let mut cursor = self.overlay.scan(Table::LeaseKeys, &lower, upper, Direction::Forward)?;
        while let Some((row_key, _)) = cursor.current() {
            let (_, key) = layout::decode_attachment_key(row_key)?;
            if but.is_none_or(|but| but != key) {
                return Ok(true);
            }
            cursor.advance()?;
        }
        Ok(false)
    }

    /// The wanted id, or the next that is free: whoever chose it could not know.
    fn free_lease_id(&self, wanted: LeaseId) -> Result<LeaseId, RowsFault> {
        let mut id = wanted;
        while id.is_none() || self.find_lease(id)?.is_some() {
            id = LeaseId(id.0.checked_add(1).unwrap_or(1));
        }
        Ok(id)
    }
}
