//! Why a change of users and roles is refused, and why a caller may not do what it asks for. The wire texts stand in
//! the server.

use crate::rows::RowsFault;

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthChangeError {
    /// There is no user `root` that could administer.
    #[error("there is no user root")]
    RootUserNotFound,
    /// The user `root` lacks the role `root`.
    #[error("the user root lacks the role root")]
    RootRoleNotGranted,
    /// A user without a name.
    #[error("a user needs a name")]
    UserEmpty,
    /// The name is taken.
    #[error("the user is there already")]
    UserExists,
    /// There is no such user.
    #[error("there is no such user")]
    UserNotFound,
    /// A role without a name.
    #[error("a role needs a name")]
    RoleEmpty,
    /// The name is taken.
    #[error("the role is there already")]
    RoleExists,
    /// There is no such role.
    #[error("there is no such role")]
    RoleNotFound,
    /// The user does not have the role.
    #[error("the user does not have the role")]
    RoleNotGranted,
    /// The role does not have the permission.
    #[error("the role does not have the permission")]
    PermissionNotGranted,
    /// It would lock everybody out, or grant what is no range.
    #[error("this would lock everybody out, or is no range of keys")]
    InvalidManagement,
}

/// Why a caller may not do what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PermissionError {
    /// It did not say who it is.
    #[error("nobody may do this")]
    Nobody,
    /// Users or roles changed since its credentials were looked at.
    #[error("users or roles have changed meanwhile")]
    OldRevision,
    /// It lacks the permission.
    #[error("the user may not do this")]
    Denied,
    /// It is no user of this store; said only where the role `root` is asked for, as etcd does.
    #[error("there is no such user")]
    UserNotFound,
}

/// A check that did not end well: refused, or storage failed under it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AccessError {
    /// The caller may not.
    #[error(transparent)]
    Refused(#[from] PermissionError),
    /// Storage failed.
    #[error(transparent)]
    Fault(#[from] RowsFault),
}
