//! Changes of users and roles as messages and back. Must refuse whatever it does not understand.

use bytes::Bytes;

use super::CodecError;
use super::message::{self as wire, Auth, auth_kind as kind};
use crate::auth::{
    AuthChange, Permission, PermissionKind, Secret, TokenId, TokenRenewal, V2Pattern, V2Patterns,
    V2RolePermissions, V2RolePut, V2UserPut, V2UserRoles,
};

pub(super) fn write(change: &AuthChange) -> Auth {
    let of = |kind| Auth { kind, ..Auth::default() };
    let exposed = |secret: &Secret| Some(secret.expose().clone());
    match change {
        AuthChange::Enable { token_key } => Auth { secret: exposed(token_key), ..of(kind::ENABLE) },
        AuthChange::Disable => of(kind::DISABLE),
        AuthChange::UserAdd { name, password_hash } => Auth {
            user: name.clone(),
            secret: password_hash.as_ref().and_then(exposed),
            ..of(kind::USER_ADD)
        },
        AuthChange::UserDelete { name } => Auth { user: name.clone(), ..of(kind::USER_DELETE) },
        AuthChange::UserChangePassword { name, password_hash } => {
            let secret = exposed(password_hash);
            Auth { user: name.clone(), secret, ..of(kind::USER_CHANGE_PASSWORD) }
        }
        AuthChange::UserGrantRole { user, role } => {
            Auth { user: user.clone(), role: role.clone(), ..of(kind::USER_GRANT_ROLE) }
        }
        AuthChange::UserRevokeRole { user, role } => {
            Auth { user: user.clone(), role: role.clone(), ..of(kind::USER_REVOKE_ROLE) }
        }
        AuthChange::RoleAdd { name } => Auth { role: name.clone(), ..of(kind::ROLE_ADD) },
        AuthChange::RoleDelete { name } => Auth { role: name.clone(), ..of(kind::ROLE_DELETE) },
        AuthChange::RoleGrantPermission { role, permission } => Auth {
            role: role.clone(),
            key: permission.key.clone(),
            range_end: permission.range_end.clone(),
            permission: match permission.kind {
                PermissionKind::Read => 0,
                PermissionKind::Write => 1,
                PermissionKind::ReadWrite => 2,
            },
            ..of(kind::ROLE_GRANT_PERMISSION)
        },
        AuthChange::RoleRevokePermission { role, key, range_end } => Auth {
            role: role.clone(),
            key: key.clone(),
            range_end: range_end.clone(),
            ..of(kind::ROLE_REVOKE_PERMISSION)
        },
        AuthChange::V2UserPut(put) => write_user(put),
        AuthChange::V2RolePut(put) => write_role(put),
        AuthChange::RenewTokens { now_unix_seconds, renewals } => Auth {
            now_unix_seconds: *now_unix_seconds,
            renewals: renewals.iter().map(write_renewal).collect(),
            ..of(kind::RENEW_TOKENS)
        },
    }
}

pub(super) fn read(message: Auth) -> Result<AuthChange, CodecError> {
    let Auth { kind: of, user, role, secret, key, range_end, permission, .. } = message;
    let Auth { now_unix_seconds, renewals, grant, revoke, .. } = message;
    let (grant, revoke) = (grant.unwrap_or_default(), revoke.unwrap_or_default());
    let needed = |secret: Option<Bytes>| secret.map(Secret::new).ok_or(CodecError::Unknown("secret"));
    Ok(match of {
        kind::ENABLE => AuthChange::Enable { token_key: needed(secret)? },
        kind::DISABLE => AuthChange::Disable,
        kind::USER_ADD => AuthChange::UserAdd { name: user, password_hash: secret.map(Secret::new) },
        kind::USER_DELETE => AuthChange::UserDelete { name: user },
        kind::USER_CHANGE_PASSWORD => {
            AuthChange::UserChangePassword { name: user, password_hash: needed(secret)? }
        }
        kind::USER_GRANT_ROLE => AuthChange::UserGrantRole { user, role },
        kind::USER_REVOKE_ROLE => AuthChange::UserRevokeRole { user, role },
        kind::ROLE_ADD => AuthChange::RoleAdd { name: role },
        kind::ROLE_DELETE => AuthChange::RoleDelete { name: role },
        kind::ROLE_GRANT_PERMISSION => {
            let kind = permission_kind(permission)?;
            AuthChange::RoleGrantPermission { role, permission: Permission { key, range_end, kind } }
        }
        kind::ROLE_REVOKE_PERMISSION => AuthChange::RoleRevokePermission { role, key, range_end },
        kind::V2_USER_MAKE | kind::V2_USER_MERGE => {
            let roles = match of {
                kind::V2_USER_MAKE => V2UserRoles::Make(grant.roles),
                _ => V2UserRoles::Merge { grant: grant.roles, revoke: revoke.roles },
            };
            AuthChange::V2UserPut(V2UserPut { name: user, password_hash: secret.map(Secret::new), roles })
        }
        kind::V2_ROLE_MAKE | kind::V2_ROLE_MERGE => {
            let permissions = match of {
                kind::V2_ROLE_MAKE => V2RolePermissions::Make(read_patterns(grant)?),
                _ => {
                    let (grant, revoke) = (read_patterns(grant)?, read_patterns(revoke)?);
                    V2RolePermissions::Merge { grant, revoke }
                }
            };
            AuthChange::V2RolePut(V2RolePut { name: role, permissions })
        }
        kind::RENEW_TOKENS => {
            let renewals = renewals.into_iter().map(read_renewal).collect::<Result<_, _>>()?;
            AuthChange::RenewTokens { now_unix_seconds, renewals }
        }
        _ => return Err(CodecError::Unknown("change of users and roles")),
    })
}

fn write_user(put: &V2UserPut) -> Auth {
    let roles = |roles: &[String]| Some(wire::V2Grants { roles: roles.to_vec(), ..Default::default() });
    let (kind, grant, revoke) = match &put.roles {
        V2UserRoles::Make(made) => (kind::V2_USER_MAKE, roles(made), None),
        V2UserRoles::Merge { grant, revoke } => (kind::V2_USER_MERGE, roles(grant), roles(revoke)),
    };
    let secret = put.password_hash.as_ref().map(|hash| hash.expose().clone());
    Auth { kind, user: put.name.clone(), secret, grant, revoke, ..Auth::default() }
}

fn write_role(put: &V2RolePut) -> Auth {
    let (kind, grant, revoke) = match &put.permissions {
        V2RolePermissions::Make(made) => (kind::V2_ROLE_MAKE, Some(write_patterns(made)), None),
        V2RolePermissions::Merge { grant, revoke } => {
            (kind::V2_ROLE_MERGE, Some(write_patterns(grant)), Some(write_patterns(revoke)))
        }
    };
    Auth { kind, role: put.name.clone(), grant, revoke, ..Auth::default() }
}

fn write_patterns(patterns: &V2Patterns) -> wire::V2Grants {
    let bytes = |patterns: &[V2Pattern]| patterns.iter().map(|pattern| pattern.as_bytes().clone()).collect();
    wire::V2Grants { read: bytes(&patterns.read), write: bytes(&patterns.write), ..Default::default() }
}

fn read_patterns(message: wire::V2Grants) -> Result<V2Patterns, CodecError> {
    let patterns = |patterns: Vec<Bytes>| {
        let patterns =
            patterns.into_iter().map(|it| V2Pattern::new(it).ok_or(CodecError::Unknown("pattern")));
        patterns.collect::<Result<Vec<_>, _>>()
    };
    Ok(V2Patterns { read: patterns(message.read)?, write: patterns(message.write)? })
}

fn write_renewal(renewal: &TokenRenewal) -> wire::TokenRenewal {
    let TokenRenewal { id, until_unix_seconds } = *renewal;
    wire::TokenRenewal { id: Bytes::copy_from_slice(&id.0), until_unix_seconds }
}

fn read_renewal(message: wire::TokenRenewal) -> Result<TokenRenewal, CodecError> {
    let wire::TokenRenewal { id, until_unix_seconds } = message;
    let id = id.as_ref().try_into().map_err(|_| CodecError::Unknown("token"))?;
    Ok(TokenRenewal { id: TokenId(id), until_unix_seconds })
}

fn permission_kind(number: u32) -> Result<PermissionKind, CodecError> {
    match number {
        0 => Ok(PermissionKind::Read),
        1 => Ok(PermissionKind::Write),
        2 => Ok(PermissionKind::ReadWrite),
        _ => Err(CodecError::Unknown("kind of permission")),
    }
}
