//! `etcdserverpb.Auth`: users, roles, tokens. What a change needs and does is decided where it is applied; here are the
//! wire's forms.

use holdfast_core::auth::{AuthChange, Guard, Permission, PermissionKind};
use holdfast_proto::{authpb, etcdserverpb as pb};

use crate::api::convert::response;
use crate::api::error::{Refusal, Status};
use crate::auth::{Claim, Password};
use crate::node::{Header, Node};

/// `AuthStatus`: open to everybody, but not to a void token.
pub async fn status(node: &Node, claim: &Claim) -> Result<pb::AuthStatusResponse, Status> {
    let view = node.read_as(claim, true, |_| Ok(())).await?;
    Ok(pb::AuthStatusResponse {
        header: header(node.header_at(view.head().revision)),
        enabled: view.auth().is_enabled(),
        auth_revision: view.auth().revision().0,
    })
}

/// `AuthEnable`.
pub async fn enable(node: &Node, claim: &Claim) -> Result<pb::AuthEnableResponse, Status> {
    Ok(pb::AuthEnableResponse { header: header(node.enable_auth(claim).await?) })
}

/// `AuthDisable`.
pub async fn disable(node: &Node, claim: &Claim) -> Result<pb::AuthDisableResponse, Status> {
    Ok(pb::AuthDisableResponse { header: header(node.change_auth(claim, AuthChange::Disable).await?) })
}

/// `Authenticate`.
pub async fn authenticate(
    node: &Node,
    claim: &Claim,
    request: pb::AuthenticateRequest,
) -> Result<pb::AuthenticateResponse, Status> {
    let pb::AuthenticateRequest { name, password } = request;
    let (answered, token) = node.log_in(&name, &Password::new(password), &claim.peer).await?;
    Ok(pb::AuthenticateResponse { header: header(answered), token })
}

/// `UserAdd`.
pub async fn user_add(
    node: &Node,
    claim: &Claim,
    request: pb::AuthUserAddRequest,
) -> Result<pb::AuthUserAddResponse, Status> {
    let has_password = !request.options.is_some_and(|options| options.no_password);
    let password = has_password.then(|| Password::new(request.password));
    Ok(pb::AuthUserAddResponse { header: header(node.add_user(claim, request.name, password).await?) })
}

/// `UserGet`: also for the user itself.
pub async fn user_get(
    node: &Node,
    claim: &Claim,
    request: pb::AuthUserGetRequest,
) -> Result<pb::AuthUserGetResponse, Status> {
    let check = |guard: &Guard<'_>| Ok(guard.user_get(&request.name)?);
    let view = node.read_as(claim, true, check).await?;
    let user = view.auth().user(&request.name).ok_or(Refusal::UserNotFound)?;
    let header = header(node.header_at(view.head().revision));
    Ok(pb::AuthUserGetResponse { header, roles: user.roles.iter().cloned().collect() })
}

/// `UserList`.
pub async fn user_list(node: &Node, claim: &Claim) -> Result<pb::AuthUserListResponse, Status> {
    let view = node.read_as(claim, true, |guard| Ok(guard.root()?)).await?;
    let header = header(node.header_at(view.head().revision));
    Ok(pb::AuthUserListResponse { header, users: view.auth().user_names().map(str::to_owned).collect() })
}

/// `UserDelete`.
pub async fn user_delete(
    node: &Node,
    claim: &Claim,
    request: pb::AuthUserDeleteRequest,
) -> Result<pb::AuthUserDeleteResponse, Status> {
    let change = AuthChange::UserDelete { name: request.name };
    Ok(pb::AuthUserDeleteResponse { header: header(node.change_auth(claim, change).await?) })
}

/// `UserChangePassword`.
pub async fn user_change_password(
    node: &Node,
    claim: &Claim,
    request: pb::AuthUserChangePasswordRequest,
) -> Result<pb::AuthUserChangePasswordResponse, Status> {
    let password = (!request.password.is_empty()).then(|| Password::new(request.password));
    let answered = node.change_password(claim, request.name, password).await?;
    Ok(pb::AuthUserChangePasswordResponse { header: header(answered) })
}

/// `UserGrantRole`.
pub async fn user_grant_role(
    node: &Node,
    claim: &Claim,
    request: pb::AuthUserGrantRoleRequest,
) -> Result<pb::AuthUserGrantRoleResponse, Status> {
    let change = AuthChange::UserGrantRole { user: request.user, role: request.role };
    Ok(pb::AuthUserGrantRoleResponse { header: header(node.change_auth(claim, change).await?) })
}

/// `UserRevokeRole`.
pub async fn user_revoke_role(
    node: &Node,
    claim: &Claim,
    request: pb::AuthUserRevokeRoleRequest,
) -> Result<pb::AuthUserRevokeRoleResponse, Status> {
    let change = AuthChange::UserRevokeRole { user: request.name, role: request.role };
    Ok(pb::AuthUserRevokeRoleResponse { header: header(node.change_auth(claim, change).await?) })
}

/// `RoleAdd`.
pub async fn role_add(
    node: &Node,
    claim: &Claim,
    request: pb::AuthRoleAddRequest,
) -> Result<pb::AuthRoleAddResponse, Status> {
    let change = AuthChange::RoleAdd { name: request.name };
    Ok(pb::AuthRoleAddResponse { header: header(node.change_auth(claim, change).await?) })
}

/// `RoleGet`: also for those who have the role. That of `root` is shown as what it means.
pub async fn role_get(
    node: &Node,
    claim: &Claim,
    request: pb::AuthRoleGetRequest,
) -> Result<pb::AuthRoleGetResponse, Status> {
    let check = |guard: &Guard<'_>| Ok(guard.role_get(&request.role)?);
    let view = node.read_as(claim, true, check).await?;
    let role = view.auth().role(&request.role).ok_or(Refusal::RoleNotFound)?;
    let perm = if request.role == holdfast_core::auth::ROOT {
        vec![authpb::Permission {
            perm_type: authpb::permission::Type::Readwrite.into(),
            key: "".into(),
            range_end: "\0".into(),
        }]
    } else {
        role.permissions.iter().cloned().map(wire_permission).collect()
    };
    Ok(pb::AuthRoleGetResponse { header: header(node.header_at(view.head().revision)), perm })
}

/// `RoleList`.
pub async fn role_list(node: &Node, claim: &Claim) -> Result<pb::AuthRoleListResponse, Status> {
    let view = node.read_as(claim, true, |guard| Ok(guard.root()?)).await?;
    let header = header(node.header_at(view.head().revision));
    Ok(pb::AuthRoleListResponse { header, roles: view.auth().role_names().map(str::to_owned).collect() })
}

/// `RoleDelete`.
pub async fn role_delete(
    node: &Node,
    claim: &Claim,
    request: pb::AuthRoleDeleteRequest,
) -> Result<pb::AuthRoleDeleteResponse, Status> {
    let change = AuthChange::RoleDelete { name: request.role };
    Ok(pb::AuthRoleDeleteResponse { header: header(node.change_auth(claim, change).await?) })
}

/// `RoleGrantPermission`.
pub async fn role_grant_permission(
    node: &Node,
    claim: &Claim,
    request: pb::AuthRoleGrantPermissionRequest,
) -> Result<pb::AuthRoleGrantPermissionResponse, Status> {
    let Some(permission) = request.perm else {
        node.check_administrator(claim).await?;
        return Err(Refusal::PermissionNotGiven.into());
    };
    let permission = core_permission(permission)?;
    let change = AuthChange::RoleGrantPermission { role: request.name, permission };
    Ok(pb::AuthRoleGrantPermissionResponse { header: header(node.change_auth(claim, change).await?) })
}

/// `RoleRevokePermission`.
pub async fn role_revoke_permission(
    node: &Node,
    claim: &Claim,
    request: pb::AuthRoleRevokePermissionRequest,
) -> Result<pb::AuthRoleRevokePermissionResponse, Status> {
    let pb::AuthRoleRevokePermissionRequest { role, key, range_end } = request;
    let change = AuthChange::RoleRevokePermission { role, key, range_end };
    Ok(pb::AuthRoleRevokePermissionResponse { header: header(node.change_auth(claim, change).await?) })
}

fn core_permission(permission: authpb::Permission) -> Result<Permission, Status> {
    let authpb::Permission { perm_type, key, range_end } = permission;
    let kind = match authpb::permission::Type::try_from(perm_type) {
        Ok(authpb::permission::Type::Read) => PermissionKind::Read,
        Ok(authpb::permission::Type::Write) => PermissionKind::Write,
        Ok(authpb::permission::Type::Readwrite) => PermissionKind::ReadWrite,
        // etcd stores an unknown kind, which then allows nothing.
        Err(_) => return Err(Refusal::InvalidAuthManagement.into()),
    };
    Ok(Permission { key, range_end, kind })
}

fn wire_permission(permission: Permission) -> authpb::Permission {
    let Permission { key, range_end, kind } = permission;
    let perm_type = match kind {
        PermissionKind::Read => authpb::permission::Type::Read,
        PermissionKind::Write => authpb::permission::Type::Write,
        PermissionKind::ReadWrite => authpb::permission::Type::Readwrite,
    };
    authpb::Permission { perm_type: perm_type.into(), key, range_end }
}

fn header(header: Header) -> Option<pb::ResponseHeader> {
    Some(response::header(header))
}
