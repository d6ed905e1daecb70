//! `etcdserverpb.Auth` on a store whose authentication is off and that has no users or roles: every call that can be
//! answered without them is answered as etcd answers it then. `UserAdd` and `RoleAdd` are not there yet.

use holdfast_proto::etcdserverpb as pb;

use crate::api::convert::response;
use crate::api::error::{Refusal, Status};
use crate::node::Node;

/// The revision of a store of users in which nothing was ever changed.
const AUTH_REVISION_FRESH: u64 = 1;

/// `AuthStatus`.
pub fn status(node: &Node) -> pb::AuthStatusResponse {
    pb::AuthStatusResponse { header: header(node), enabled: false, auth_revision: AUTH_REVISION_FRESH }
}

/// `AuthEnable`: needs a user `root`.
pub fn enable() -> Status {
    Refusal::RootUserNotExist.into()
}

/// `AuthDisable`: it is off.
pub fn disable(node: &Node) -> pb::AuthDisableResponse {
    pb::AuthDisableResponse { header: header(node) }
}

/// `Authenticate`.
pub fn authenticate() -> Status {
    Refusal::AuthNotEnabled.into()
}

/// `UserAdd`.
pub fn user_add(request: &pb::AuthUserAddRequest) -> Status {
    if request.name.is_empty() {
        return Refusal::UserEmpty.into();
    }
    Status::unimplemented("etcdserverpb.Auth", "UserAdd")
}

/// `UserList`.
pub fn user_list(node: &Node) -> pb::AuthUserListResponse {
    pb::AuthUserListResponse { header: header(node), users: Vec::new() }
}

/// `UserGet`, `UserDelete`, `UserChangePassword`, `UserGrantRole` and `UserRevokeRole`.
pub fn unknown_user() -> Status {
    Refusal::UserNotFound.into()
}

/// `RoleAdd`.
pub fn role_add(request: &pb::AuthRoleAddRequest) -> Status {
    if request.name.is_empty() {
        return Refusal::RoleEmpty.into();
    }
    Status::unimplemented("etcdserverpb.Auth", "RoleAdd")
}

/// `RoleList`.
pub fn role_list(node: &Node) -> pb::AuthRoleListResponse {
    pb::AuthRoleListResponse { header: header(node), roles: Vec::new() }
}

/// `RoleGrantPermission`.
pub fn role_grant_permission(request: &pb::AuthRoleGrantPermissionRequest) -> Status {
    if request.perm.is_none() {
        return Refusal::PermissionNotGiven.into();
    }
    unknown_role()
}

/// `RoleGet`, `RoleDelete` and `RoleRevokePermission`.
pub fn unknown_role() -> Status {
    Refusal::RoleNotFound.into()
}

fn header(node: &Node) -> Option<pb::ResponseHeader> {
    Some(response::header(node.header()))
}
