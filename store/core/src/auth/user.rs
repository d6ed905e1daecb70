//! A user and a role as they are stored. Must not hold what follows from them.

use std::collections::BTreeSet;

use super::{Permission, ROOT, Secret};
use crate::ids::AuthRevision;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The bcrypt hash of its password; empty when nothing matches. None for a user that has no password at all.
    pub password_hash: Option<Secret>,
    /// Its roles.
    pub roles: BTreeSet<String>,
    /// The revision that made the user or gave it its password: tokens from before are void.
    pub credentials_since: AuthRevision,
}

impl User {
    /// Whether it may do everything.
    pub fn is_root(&self) -> bool {
        self.roles.contains(ROOT)
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Role {
    /// Its permissions by first key.
    pub permissions: Vec<Permission>,
}

impl Role {
    /// Adds a permission behind those of the same first key, or changes the kind of the one with the same range.
    pub(crate) fn grant(&mut self, permission: Permission) {
        let is_same =
            |held: &&mut Permission| held.key == permission.key && held.range_end == permission.range_end;
        if let Some(held) = self.permissions.iter_mut().find(is_same) {
            held.kind = permission.kind;
            return;
        }
        let at = self.permissions.partition_point(|held| held.key <= permission.key);
        self.permissions.insert(at, permission);
    }

    /// Takes the permission of this range away. Answers whether there was one.
    pub(crate) fn revoke(&mut self, key: &[u8], range_end: &[u8]) -> bool {
        let before = self.permissions.len();
        self.permissions.retain(|held| held.key != key || held.range_end != range_end);
        self.permissions.len() < before
    }
}
