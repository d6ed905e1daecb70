//! Changes of users, roles and of the switch, as commands carry them. Must not hold a password, only its hash.

use bytes::Bytes;

use super::{Permission, Secret, TokenRenewal, V2RolePut, V2UserPut};

/// One change. All of them need the role `root` once authentication is enabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthChange {
    /// Demands credentials from now on.
    Enable {
        /// The key that simple tokens are signed with from now on; drawn by whoever proposes.
        token_key: Secret,
    },
    /// Lets everybody in again.
    Disable,
    /// Makes a user.
    UserAdd {
        /// Its name.
        name: String,
        /// The hash of its password; none for a user that can only log in by certificate.
        password_hash: Option<Secret>,
    },
    /// Takes a user away.
    UserDelete {
        /// Its name.
        name: String,
    },
    /// Gives a user another password. One without a password stays without.
    UserChangePassword {
        /// Its name.
        name: String,
        /// The hash; empty for a password that nothing matches.
        password_hash: Secret,
    },
    /// Gives a role to a user.
    UserGrantRole {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// Takes a role from a user.
    UserRevokeRole {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// Makes a role.
    RoleAdd {
        /// Its name.
        name: String,
    },
    /// Takes a role away, also from those who have it.
    RoleDelete {
        /// Its name.
        name: String,
    },
    /// Adds a permission to a role, or changes the kind of one that it has.
    RoleGrantPermission {
        /// The role.
        role: String,
        /// The permission.
        permission: Permission,
    },
    /// Takes a permission from a role.
    RoleRevokePermission {
        /// The role.
        role: String,
        /// First key of the permission, as it was granted.
        key: Bytes,
        /// End of the permission, as it was granted.
        range_end: Bytes,
    },
    /// Makes or changes a user as the v2 API does: password and roles at once.
    V2UserPut(V2UserPut),
    /// Makes or changes a role as the v2 API does: many permissions at once.
    V2RolePut(V2RolePut),
    /// Tokens that are in use. Proposed by members only; no change of users or roles.
    RenewTokens {
        /// The proposer's time, in seconds since 1970: what ran out before is forgotten.
        now_unix_seconds: u64,
        /// The tokens.
        renewals: Vec<TokenRenewal>,
    },
}
