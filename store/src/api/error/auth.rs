//! The part of the table that is about users, roles and tokens.

use holdfast_core::auth::{AuthChangeError, PermissionError};

use super::Code;
use crate::auth::LoginError;

pub(super) fn change(error: AuthChangeError) -> (Code, &'static str) {
    use Code::{FailedPrecondition, InvalidArgument};
    match error {
        AuthChangeError::RootUserNotFound => (FailedPrecondition, "etcdserver: root user does not exist"),
        AuthChangeError::RootRoleNotGranted => {
            (FailedPrecondition, "etcdserver: root user does not have root role")
        }
        AuthChangeError::UserEmpty => (InvalidArgument, "etcdserver: user name is empty"),
        AuthChangeError::UserExists => (FailedPrecondition, "etcdserver: user name already exists"),
        AuthChangeError::UserNotFound => (FailedPrecondition, "etcdserver: user name not found"),
        AuthChangeError::RoleEmpty => (InvalidArgument, "etcdserver: role name is empty"),
        AuthChangeError::RoleExists => (FailedPrecondition, "etcdserver: role name already exists"),
        AuthChangeError::RoleNotFound => (FailedPrecondition, "etcdserver: role name not found"),
        AuthChangeError::RoleNotGranted => {
            (FailedPrecondition, "etcdserver: role is not granted to the user")
        }
        AuthChangeError::PermissionNotGranted => {
            (FailedPrecondition, "etcdserver: permission is not granted to the role")
        }
        AuthChangeError::InvalidManagement => (InvalidArgument, "etcdserver: invalid auth management"),
    }
}

pub(super) fn permission(error: PermissionError) -> (Code, &'static str) {
    match error {
        PermissionError::Nobody => (Code::InvalidArgument, "etcdserver: user name is empty"),
        PermissionError::OldRevision => (Code::InvalidArgument, "etcdserver: revision of auth store is old"),
        PermissionError::Denied => (Code::PermissionDenied, "etcdserver: permission denied"),
        PermissionError::UserNotFound => (Code::FailedPrecondition, "etcdserver: user name not found"),
    }
}

pub(super) fn login(error: LoginError) -> (Code, &'static str) {
    match error {
        LoginError::NotEnabled => (Code::FailedPrecondition, "etcdserver: authentication is not enabled"),
        LoginError::Failed => {
            (Code::InvalidArgument, "etcdserver: authentication failed, invalid user ID or password")
        }
        LoginError::InvalidToken => (Code::Unauthenticated, "etcdserver: invalid auth token"),
        LoginError::VerifyOnly => (Code::Unknown, "auth: token signing attempted with verify-only key"),
        LoginError::PasswordTooLong => (Code::Unknown, "bcrypt: password length exceeds 72 bytes"),
        LoginError::TooMany => {
            (Code::ResourceExhausted, "holdfast: too many logins, or too many that failed; try again later")
        }
    }
}
