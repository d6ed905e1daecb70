//! Nodes that end by themselves: each such node has a lease of its own. A change that gives it more time gives it a new
//! lease, so that an expiry that was under way meanwhile finds nothing to end. Must leave leases of the v3 API alone.

use crate::apply::{ApplyBatch, LeaseChange};
use crate::ids::LeaseId;
use crate::layout::lease as layout;
use crate::read::LeaseRecord;
use crate::rows::{Direction, Rows, RowsFault, Table};
use crate::v2::V2TimeToLive;

impl ApplyBatch<'_> {
    /// A lease for a node that is about to be written; none when it is to last.
    pub(super) fn new_lease(&mut self, time_to_live: Option<&V2TimeToLive>) -> Result<LeaseId, RowsFault> {
        let Some(time_to_live) = time_to_live else { return Ok(LeaseId::NONE) };
        let id = self.free_lease_id(time_to_live.lease)?;
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

    /// Ends the lease that a node had until now, unless something else hangs on it.
    pub(super) fn release(&mut self, lease: LeaseId) -> Result<(), RowsFault> {
        if self.state(&[]).expiration(lease)?.is_some() && !self.has_keys(lease)? {
            self.forget_lease(lease);
        }
        Ok(())
    }

    fn has_keys(&self, id: LeaseId) -> Result<bool, RowsFault> {
        let (lower, upper) = layout::attachment_bounds(id);
        let upper = upper.as_ref().map(<[u8; 8]>::as_slice);
        let cursor = self.overlay.scan(Table::LeaseKeys, &lower, upper, Direction::Forward)?;
        Ok(cursor.current().is_some())
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
