//! Users and roles as documents of `/v2/auth`, in the bytes of Go's encoder. Permissions that were granted by the v3 API
//! and that no pattern means are shown as ranges.

use std::fmt::Write as _;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use holdfast_core::auth::{Access, AuthState, ROOT, Role, User, V2Pattern, V2Patterns};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::auth_error::AuthError;

const JSON: &str = "application/json";

/// What the role `root` may do.
const EVERYTHING: &str = "/*";

/// A document that clients send.
pub(super) trait Form: DeserializeOwned + Default {}

/// What is sent for a user. Its password must not be printed.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct UserForm {
    #[serde(deserialize_with = "or_default")]
    pub user: String,
    #[serde(deserialize_with = "or_default")]
    pub password: String,
    pub roles: Option<Vec<String>>,
    #[serde(deserialize_with = "or_default")]
    pub grant: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub revoke: Vec<String>,
}

/// What is sent for a role.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct RoleForm {
    #[serde(deserialize_with = "or_default")]
    pub role: String,
    #[serde(deserialize_with = "or_default")]
    pub permissions: Permissions,
    #[serde(deserialize_with = "or_default")]
    pub grant: Permissions,
    #[serde(deserialize_with = "or_default")]
    pub revoke: Permissions,
}

impl Form for UserForm {}

impl Form for RoleForm {}

/// Permissions as they are sent and shown.
#[derive(Clone, Serialize, Deserialize, Default)]
#[serde(default)]
pub(super) struct Permissions {
    #[serde(deserialize_with = "or_default")]
    kv: KeyPermissions,
}

#[derive(Clone, Serialize, Deserialize, Default)]
#[serde(default)]
struct KeyPermissions {
    read: Option<Vec<String>>,
    write: Option<Vec<String>>,
}

/// Whether users are asked for.
#[derive(Serialize)]
pub(super) struct Switch {
    pub enabled: bool,
}

#[derive(Serialize)]
pub(super) struct RoleShown<'n> {
    role: &'n str,
    permissions: Permissions,
}

#[derive(Serialize)]
pub(super) struct UserShown<'n> {
    user: &'n str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<RoleShown<'n>>,
}

#[derive(Serialize)]
pub(super) struct UserRoles<'n> {
    user: &'n str,
    roles: Option<Vec<String>>,
}

#[derive(Serialize)]
pub(super) struct Users<'n> {
    /// None where there are no users, as in Go.
    users: Option<Vec<UserShown<'n>>>,
}

#[derive(Serialize)]
pub(super) struct Roles<'n> {
    roles: Vec<RoleShown<'n>>,
}

/// Reads the first document of a body; what follows is not looked at, nor is the case of names (Go's way).
pub(super) fn read<F: Form>(body: &[u8]) -> Option<F> {
    let document = serde_json::Deserializer::from_slice(body).into_iter::<Value>().next()?.ok()?;
    match in_lower_case(document) {
        Value::Null => Some(F::default()),
        document @ Value::Object(_) => serde_json::from_value(document).ok(),
        _ => None,
    }
}

/// The same document with the names of its fields in lower case. Values are left alone.
fn in_lower_case(document: Value) -> Value {
    match document {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name.to_lowercase(), in_lower_case(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other,
    }
}

/// In Go's reader `null` leaves a field as it is.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Permissions {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        let is_empty = |patterns: &Option<Vec<String>>| patterns.as_ref().is_none_or(Vec::is_empty);
        is_empty(&self.kv.read) && is_empty(&self.kv.write)
    }

    /// What is named.
    ///
    /// # Errors
    /// When a pattern is empty.
    pub fn patterns(&self) -> Result<V2Patterns, AuthError> {
        let parse = |patterns: &Option<Vec<String>>| {
            let patterns = patterns.iter().flatten();
            let parsed = patterns.map(|it| V2Pattern::new(it.clone().into()).ok_or(AuthError::EmptyPattern));
            parsed.collect::<Result<Vec<_>, _>>()
        };
        Ok(V2Patterns { read: parse(&self.kv.read)?, write: parse(&self.kv.write)? })
    }

    /// As they were sent for a role.
    pub fn shown(self, role: &str) -> RoleShown<'_> {
        RoleShown { role, permissions: self }
    }
}

/// A role; without one it is `root`, which has no row of its own.
pub(super) fn role<'n>(name: &'n str, role: Option<&Role>) -> RoleShown<'n> {
    let of = |access: Access| {
        let held = role.map(|role| role.permissions.as_slice()).unwrap_or_default();
        let held = held.iter().filter(|permission| permission.kind.allows(access));
        let mut shown: Vec<String> = held
            .map(|permission| String::from_utf8_lossy(&V2Pattern::shown(permission)).into_owned())
            .collect();
        if name == ROOT {
            shown = vec![EVERYTHING.to_owned()];
        }
        shown.sort();
        Some(shown)
    };
    let kv = KeyPermissions { read: of(Access::Read), write: of(Access::Write) };
    RoleShown { role: name, permissions: Permissions { kv } }
}

/// All roles, `root` among them.
pub(super) fn roles(auth: &AuthState) -> Roles<'_> {
    let mut names: Vec<&str> = auth.role_names().filter(|name| *name != ROOT).chain([ROOT]).collect();
    names.sort_unstable();
    Roles { roles: names.into_iter().map(|name| role(name, auth.role(name))).collect() }
}

/// A user with what its roles allow.
pub(super) fn user<'n>(name: &'n str, user: &'n User, auth: &AuthState) -> UserShown<'n> {
    UserShown { user: name, roles: user.roles.iter().map(|name| role(name, auth.role(name))).collect() }
}

/// All users.
pub(super) fn users(auth: &AuthState) -> Users<'_> {
    let known = |name| auth.user(name).map(|found| user(name, found, auth));
    let users: Vec<UserShown<'_>> = auth.user_names().filter_map(known).collect();
    Users { users: (!users.is_empty()).then_some(users) }
}

/// The answer to a PUT to a user.
pub(super) fn user_roles(user: &str, roles: Option<Vec<String>>) -> UserRoles<'_> {
    UserRoles { user, roles }
}

/// The roles that a user was made with, as they were sent, and the one that `root` always has.
pub(super) fn sent_roles(sent: Option<Vec<String>>, made: &User) -> Option<Vec<String>> {
    let is_missing = made.is_root() && !sent.iter().flatten().any(|role| role == ROOT);
    if !is_missing {
        return sent;
    }
    Some(sent.into_iter().flatten().chain([ROOT.to_owned()]).collect())
}

/// A document as an answer.
pub(super) fn answer(status: StatusCode, document: &impl Serialize) -> Response {
    let text = serde_json::to_string(document).expect("texts and lists have a form in JSON");
    (status, [(CONTENT_TYPE, JSON)], escaped(&text) + "\n").into_response()
}

/// The answer to what leaves nothing to show.
pub(super) fn nothing() -> Response {
    ([(CONTENT_TYPE, JSON)], "").into_response()
}

/// Go's escapes, which keep HTML and JavaScript apart from JSON. These characters stand in strings only.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(text, "\\u{:04x}", u32::from(character));
            }
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_as_by_go() {
        let form: UserForm = read(br#" {"User":"a","PASSWORD":"b","roles":null,"other":[1]} rest"#).unwrap();
        assert_eq!((form.user.as_str(), form.password.as_str(), form.roles), ("a", "b", None));
        let form: UserForm = read(br#"{"user":null,"roles":["x"],"grant":null}"#).unwrap();
        assert_eq!((form.user.as_str(), form.roles, form.grant.len()), ("", Some(vec!["x".to_owned()]), 0));
        let form: RoleForm = read(br#"{"role":"r","grant":{"KV":{"read":["/a"],"write":null}}}"#).unwrap();
        assert!(form.permissions.is_empty() && !form.grant.is_empty() && form.revoke.is_empty());
        assert_eq!(read::<UserForm>(b"null").unwrap().user, "");
        for bad in [&b""[..], b"{", b"x", b"[]", br#"{"user":5}"#, br#"{"roles":"r"}"#, b"\xff"] {
            assert!(read::<UserForm>(bad).is_none(), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn an_empty_pattern_is_refused() {
        let form: RoleForm = read(br#"{"grant":{"kv":{"read":["/a",""]}}}"#).unwrap();
        assert!(matches!(form.grant.patterns(), Err(AuthError::EmptyPattern)));
    }

    #[test]
    fn names_cannot_leave_their_strings() {
        assert_eq!(escaped("{\"user\":\"<&>\u{2028}\"}"), r#"{"user":"\u003c\u0026\u003e\u2028"}"#);
    }
}
