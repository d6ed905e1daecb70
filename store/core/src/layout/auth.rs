//! Rows of `auth`: users, roles and settings of authentication. Must not check them.

use bytes::Bytes;
use prost::encoding::encode_varint;

use crate::auth::{Permission, PermissionKind, Role, Secret, TokenId, User};
use crate::ids::AuthRevision;
use crate::layout::{damaged, expect_end, take, take_varint};
use crate::rows::{RowsFault, Table};

/// Key of the switch; the row is there once authentication was enabled.
pub const ENABLED: &[u8] = b"enabled";
/// Key of the revision of users and roles.
pub const REVISION: &[u8] = b"revision";
/// Key of the key that simple tokens are signed with.
pub const TOKEN_KEY: &[u8] = b"token_key";

const USER_PREFIX: &[u8] = b"user/";
const ROLE_PREFIX: &[u8] = b"role/";
const TOKEN_PREFIX: &[u8] = b"token/";

const TOKEN_KEY_FORMAT: u8 = 1;
const USER_FORMAT: u8 = 1;
const ROLE_FORMAT: u8 = 1;

/// What a row of the table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthKey {
    /// The switch.
    Enabled,
    /// The revision.
    Revision,
    /// The key of simple tokens.
    TokenKey,
    /// A user.
    User(String),
    /// A role.
    Role(String),
    /// A renewed token.
    Token(TokenId),
}

/// The row key of a user.
pub fn user_key(name: &str) -> Bytes {
    [USER_PREFIX, name.as_bytes()].concat().into()
}

/// The row key of a role.
pub fn role_key(name: &str) -> Bytes {
    [ROLE_PREFIX, name.as_bytes()].concat().into()
}

/// The row key of a renewed token.
pub fn renewed_token_key(id: &TokenId) -> Bytes {
    [TOKEN_PREFIX, &id.0].concat().into()
}

/// Whether the row is about a token, of which the state is not of the same kind: it passes by itself.
pub fn is_token(key: &[u8]) -> bool {
    key.starts_with(TOKEN_PREFIX)
}

/// Reads a row key.
pub fn decode_key(key: &[u8]) -> Result<AuthKey, RowsFault> {
    match key {
        ENABLED => return Ok(AuthKey::Enabled),
        REVISION => return Ok(AuthKey::Revision),
        TOKEN_KEY => return Ok(AuthKey::TokenKey),
        _ => {}
    }
    if let Some(name) = key.strip_prefix(USER_PREFIX) {
        return Ok(AuthKey::User(text(name)?));
    }
    if let Some(id) = key.strip_prefix(TOKEN_PREFIX) {
        let id = id.try_into().map_err(|_| damaged(Table::Auth, "a token of another length"))?;
        return Ok(AuthKey::Token(TokenId(id)));
    }
    let name = key.strip_prefix(ROLE_PREFIX).ok_or_else(|| damaged(Table::Auth, "unknown kind of row"))?;
    Ok(AuthKey::Role(text(name)?))
}

/// Encodes the switch.
pub fn encode_enabled(enabled: bool) -> Bytes {
    Bytes::copy_from_slice(&[u8::from(enabled)])
}

/// Decodes the switch.
pub fn decode_enabled(value: &[u8]) -> Result<bool, RowsFault> {
    match value {
        [0] => Ok(false),
        [1] => Ok(true),
        _ => Err(damaged(Table::Auth, "the switch is neither on nor off")),
    }
}

/// Encodes the revision.
pub fn encode_revision(revision: AuthRevision) -> Bytes {
    Bytes::copy_from_slice(&revision.0.to_le_bytes())
}

/// Decodes the revision.
pub fn decode_revision(value: &[u8]) -> Result<AuthRevision, RowsFault> {
    let mut input = value;
    let revision = AuthRevision(u64::from_le_bytes(take(&mut input, Table::Auth)?));
    expect_end(input, Table::Auth)?;
    Ok(revision)
}

/// Encodes the key of simple tokens: format, then its bytes.
pub fn encode_token_key(token_key: &Secret) -> Bytes {
    [&[TOKEN_KEY_FORMAT], token_key.expose().as_ref()].concat().into()
}

/// Decodes the key of simple tokens.
pub fn decode_token_key(value: &[u8]) -> Result<Secret, RowsFault> {
    match value.split_first() {
        Some((&TOKEN_KEY_FORMAT, key)) => Ok(Secret::new(Bytes::copy_from_slice(key))),
        _ => Err(damaged(Table::Auth, "unknown format of token key")),
    }
}

/// Encodes until when a token is good, in seconds since 1970.
pub fn encode_token(until_unix_seconds: u64) -> Bytes {
    Bytes::copy_from_slice(&until_unix_seconds.to_le_bytes())
}

/// Decodes until when a token is good.
pub fn decode_token(value: &[u8]) -> Result<u64, RowsFault> {
    let mut input = value;
    let until_unix_seconds = u64::from_le_bytes(take(&mut input, Table::Auth)?);
    expect_end(input, Table::Auth)?;
    Ok(until_unix_seconds)
}

/// Encodes a user: format, revision of its credentials (LE64), whether it has a password, the hash, its roles. Byte
/// strings stand behind their length, lists behind their number.
pub fn encode_user(user: &User) -> Bytes {
    let mut value = vec![USER_FORMAT];
    value.extend_from_slice(&user.credentials_since.0.to_le_bytes());
    match &user.password_hash {
        None => value.push(0),
        Some(hash) => {
            value.push(1);
            put_bytes(&mut value, hash.expose());
        }
    }
    encode_varint(user.roles.len() as u64, &mut value);
    for role in &user.roles {
        put_bytes(&mut value, role.as_bytes());
    }
    value.into()
}

/// Decodes a user.
pub fn decode_user(value: &[u8]) -> Result<User, RowsFault> {
    let mut input = value;
    if take(&mut input, Table::Auth)? != [USER_FORMAT] {
        return Err(damaged(Table::Auth, "unknown format of user"));
    }
    let credentials_since = AuthRevision(u64::from_le_bytes(take(&mut input, Table::Auth)?));
    let password_hash = match take(&mut input, Table::Auth)? {
        [0] => None,
        [1] => Some(Secret::new(Bytes::copy_from_slice(take_bytes(&mut input)?))),
        _ => return Err(damaged(Table::Auth, "a user neither with nor without a password")),
    };
    let count = take_varint(&mut input, Table::Auth)?;
    let roles = (0..count).map(|_| text(take_bytes(&mut input)?)).collect::<Result<_, _>>()?;
    expect_end(input, Table::Auth)?;
    Ok(User { password_hash, roles, credentials_since })
}

/// Encodes a role: format, number of permissions, and of each its kind (etcd's numbers), key and end.
pub fn encode_role(role: &Role) -> Bytes {
    let mut value = vec![ROLE_FORMAT];
    encode_varint(role.permissions.len() as u64, &mut value);
    for permission in &role.permissions {
        value.push(match permission.kind {
            PermissionKind::Read => 0,
            PermissionKind::Write => 1,
            PermissionKind::ReadWrite => 2,
        });
        put_bytes(&mut value, &permission.key);
        put_bytes(&mut value, &permission.range_end);
    }
    value.into()
}

/// Decodes a role.
pub fn decode_role(value: &[u8]) -> Result<Role, RowsFault> {
    let mut input = value;
    if take(&mut input, Table::Auth)? != [ROLE_FORMAT] {
        return Err(damaged(Table::Auth, "unknown format of role"));
    }
    let count = take_varint(&mut input, Table::Auth)?;
    let permissions = (0..count).map(|_| take_permission(&mut input)).collect::<Result<_, _>>()?;
    expect_end(input, Table::Auth)?;
    Ok(Role { permissions })
}

fn take_permission(input: &mut &[u8]) -> Result<Permission, RowsFault> {
    let kind = match take(input, Table::Auth)? {
        [0] => PermissionKind::Read,
        [1] => PermissionKind::Write,
        [2] => PermissionKind::ReadWrite,
        _ => return Err(damaged(Table::Auth, "unknown kind of permission")),
    };
    let key = Bytes::copy_from_slice(take_bytes(input)?);
    let range_end = Bytes::copy_from_slice(take_bytes(input)?);
    Ok(Permission { key, range_end, kind })
}

fn put_bytes(value: &mut Vec<u8>, bytes: &[u8]) {
    encode_varint(bytes.len() as u64, value);
    value.extend_from_slice(bytes);
}

fn take_bytes<'i>(input: &mut &'i [u8]) -> Result<&'i [u8], RowsFault> {
    let len = usize::try_from(take_varint(input, Table::Auth)?).unwrap_or(usize::MAX);
    let (bytes, rest) =
        input.split_at_checked(len).ok_or_else(|| damaged(Table::Auth, "row is too short"))?;
    *input = rest;
    Ok(bytes)
}

fn text(bytes: &[u8]) -> Result<String, RowsFault> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged(Table::Auth, "a name is not text"))
}

#[cfg(test)]
mod tests;
