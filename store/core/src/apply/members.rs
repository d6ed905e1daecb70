//! What members make known about themselves, and the version that the cluster agreed on. Voters and learners are
//! consensus' own affair, see `ApplyBatch::set_membership`.

use bytes::Bytes;

use super::{ApplyBatch, Stop};
use crate::ids::MemberId;
use crate::layout::system;
use crate::response::Response;
use crate::rows::{Rows, Table};

impl ApplyBatch<'_> {
    /// A member that was removed meanwhile is not brought back by what it had to say.
    pub(super) fn member_publish(&mut self, member: MemberId, attributes: &Bytes) -> Result<Response, Stop> {
        if self.overlay.get(Table::System, &system::removed_key(member))?.is_none() {
            self.overlay.put(Table::System, system::member_key(member), attributes.clone());
        }
        Ok(Response::Done)
    }

    /// Records that consensus removed a member for good: what it published goes, its id is not used again.
    pub fn member_removed(&mut self, member: MemberId) {
        self.overlay.delete(Table::System, system::member_key(member));
        self.overlay.put(Table::System, system::removed_key(member), Bytes::new());
    }

    pub(super) fn cluster_version_set(&mut self, version: &str) -> Response {
        let row = Bytes::copy_from_slice(version.as_bytes());
        self.overlay.put(Table::System, Bytes::from_static(system::CLUSTER_VERSION), row);
        Response::Done
    }
}
