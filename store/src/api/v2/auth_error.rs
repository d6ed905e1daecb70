//! Refusals of `/v2/auth` in etcd's words and statuses.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use holdfast_core::auth::{AuthChangeError, V2AuthError};
use holdfast_core::error::ApplyError;

use super::members;
use crate::api::error::Status;
use crate::auth::LoginError;
use crate::node::NodeError;

/// A refused request.
#[derive(Debug, thiserror::Error)]
pub(super) enum AuthError {
    /// Not what this route understands.
    #[error("Invalid JSON in request body.")]
    InvalidJson,
    #[error("User JSON name does not match the name in the URL")]
    OtherUser,
    #[error("Role JSON name does not match the name in the URL")]
    OtherRole,
    #[error("User JSON contains both roles and grant/revoke")]
    RolesAndGrants,
    #[error("Role JSON contains both permissions and grant/revoke")]
    PermissionsAndGrants,
    /// etcd takes it, and goes down when it looks at it.
    #[error("auth: A permission must not be empty; /* means all keys")]
    EmptyPattern,
    #[error("auth: already enabled")]
    AlreadyEnabled,
    #[error("auth: already disabled")]
    AlreadyDisabled,
    #[error("auth: Cannot delete root user while auth is enabled.")]
    RootUser,
    #[error("auth: Cannot modify role root: is root role.")]
    RootRole,
    #[error("auth: {what} {name} does not exist.")]
    NotFound { what: &'static str, name: String },
    #[error("auth: User {0} does not exist")]
    NoUserToDelete(String),
    #[error("auth: Role {0} doesn't exist.")]
    NoRoleToDelete(String),
    #[error("auth: No root user available, please create one")]
    NoRootUser,
    /// The v2 API cannot make such a user; the v3 API can.
    #[error("auth: The root user lacks the role root, please grant it")]
    NoRootRole,
    #[error("auth: A password has at most 72 bytes")]
    PasswordTooLong,
    #[error("auth: {0}")]
    Change(V2AuthError),
    /// A method on what does not have it; the router has refused it before.
    #[error("Method Not Allowed")]
    NoSuchRequest,
    #[error(transparent)]
    Other(Status),
    /// The caller may not, or there is no outcome.
    #[error(transparent)]
    Node(NodeError),
}

impl AuthError {
    pub(super) fn of_user_deletion(error: NodeError, name: String) -> AuthError {
        match error {
            NodeError::Apply(ApplyError::Auth(AuthChangeError::UserNotFound)) => {
                AuthError::NoUserToDelete(name)
            }
            NodeError::Apply(ApplyError::Auth(AuthChangeError::InvalidManagement)) => AuthError::RootUser,
            error => error.into(),
        }
    }

    pub(super) fn of_role_deletion(error: NodeError, name: String) -> AuthError {
        match error {
            NodeError::Apply(ApplyError::Auth(AuthChangeError::RoleNotFound)) => {
                AuthError::NoRoleToDelete(name)
            }
            error => error.into(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            AuthError::InvalidJson
            | AuthError::OtherUser
            | AuthError::OtherRole
            | AuthError::RolesAndGrants
            | AuthError::PermissionsAndGrants
            | AuthError::EmptyPattern
            | AuthError::PasswordTooLong => StatusCode::BAD_REQUEST,
            AuthError::AlreadyEnabled
            | AuthError::AlreadyDisabled
            | AuthError::NoRootUser
            | AuthError::NoRootRole => StatusCode::CONFLICT,
            AuthError::RootUser | AuthError::RootRole => StatusCode::FORBIDDEN,
            AuthError::NotFound { .. } | AuthError::NoUserToDelete(_) | AuthError::NoRoleToDelete(_) => {
                StatusCode::NOT_FOUND
            }
            AuthError::Change(error) => change_status(error),
            AuthError::NoSuchRequest => StatusCode::METHOD_NOT_ALLOWED,
            AuthError::Other(_) | AuthError::Node(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

fn change_status(error: &V2AuthError) -> StatusCode {
    match error {
        V2AuthError::PasswordEmpty(_) | V2AuthError::UserUnchanged | V2AuthError::RoleUnchanged => {
            StatusCode::BAD_REQUEST
        }
        V2AuthError::UserExists(_)
        | V2AuthError::RoleExists(_)
        | V2AuthError::RoleHeld { .. }
        | V2AuthError::RoleNotHeld { .. }
        | V2AuthError::PermissionHeld { .. } => StatusCode::CONFLICT,
        V2AuthError::RootRole => StatusCode::FORBIDDEN,
        V2AuthError::UserNotFound(_) | V2AuthError::RoleNotFound(_) => StatusCode::NOT_FOUND,
    }
}

impl From<NodeError> for AuthError {
    fn from(error: NodeError) -> AuthError {
        match error {
            NodeError::Apply(ApplyError::V2Auth(error)) => AuthError::Change(error),
            NodeError::Apply(ApplyError::Auth(AuthChangeError::RootUserNotFound)) => AuthError::NoRootUser,
            NodeError::Apply(ApplyError::Auth(AuthChangeError::RootRoleNotGranted)) => AuthError::NoRootRole,
            NodeError::Login(LoginError::PasswordTooLong) => AuthError::PasswordTooLong,
            error => AuthError::Node(error),
        }
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        members::message(self.status(), &self.to_string())
    }
}
