//! What a user may do, put together from its roles. Must not be stored: it follows from users and roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::range_set::RangeSet;
use super::{Access, Role, User};
use crate::key_range::KeyRange;

/// The permissions of all roles of a user as one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    is_root: bool,
    readable: RangeSet,
    writable: RangeSet,
}

impl Rights {
    /// What `user` may do with the roles that there are.
    pub(super) fn of(user: &User, roles: &BTreeMap<String, Arc<Role>>) -> Rights {
        let held = || user.roles.iter().filter_map(|name| roles.get(name)).flat_map(|role| &role.permissions);
        let union = |access| {
            let allowed = held().filter(|permission| permission.kind.allows(access));
            RangeSet::union(allowed.map(super::Permission::range))
        };
        Rights { is_root: user.is_root(), readable: union(Access::Read), writable: union(Access::Write) }
    }

    /// Whether everything is allowed.
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// Whether `access` to every key of `range` is allowed.
    pub fn covers(&self, range: &KeyRange, access: Access) -> bool {
        let set = match access {
            Access::Read => &self.readable,
            Access::Write => &self.writable,
        };
        self.is_root || set.covers(range)
    }
}
