//! What members make known about themselves, and the version that the cluster agreed on. Voters and learners are
//! consensus' own affair, see `ApplyBatch::set_membership`.

use bytes::Bytes;

use super::ApplyBatch;
use crate::ids::MemberId;
use crate::layout::system;
use crate::response::Response;
use crate::rows::Table;

impl ApplyBatch<'_> {
    pub(super) fn member_publish(&mut self, member: MemberId, attributes: &Bytes) -> Response {
        self.overlay.put(Table::System, system::member_key(member), attributes.clone());
        Response::Done
    }

    pub(super) fn cluster_version_set(&mut self, version: &str) -> Response {
        let row = Bytes::copy_from_slice(version.as_bytes());
        self.overlay.put(Table::System, Bytes::from_static(system::CLUSTER_VERSION), row);
        Response::Done
    }
}
