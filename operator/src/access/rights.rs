//! Rights of roles as the store counts them: a kind and a range of keys. Pure.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::crd::{Permission, PermissionKind};

/// The first and the last key of "all keys", as etcd writes it.
const ALL_KEYS: [u8; 1] = [0];

/// A right of a role. A role has at most one for each range of keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The range.
    pub keys: Keys,
    /// What is allowed on it.
    pub kind: Kind,
}

/// A range of keys: one key when `end` is empty, all from `first` on when it is a zero byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Keys {
    /// The first key.
    pub first: Vec<u8>,
    /// The first key behind the range.
    pub end: Vec<u8>,
}

/// What is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// To read and watch.
    Read,
    /// To write and delete.
    Write,
    /// Both.
    ReadWrite,
}

/// A right as the gateway's JSON has it. What is zero is left out: no kind means reading.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", default)]
pub(crate) struct RightJson {
    #[serde(rename = "permType")]
    kind: String,
    key: String,
    range_end: String,
}

impl Right {
    /// Everything.
    #[must_use]
    pub fn all() -> Self {
        let keys = Keys { first: ALL_KEYS.to_vec(), end: ALL_KEYS.to_vec() };
        Self { keys, kind: Kind::ReadWrite }
    }

    /// What a resource asks for.
    #[must_use]
    pub fn wanted(permission: &Permission) -> Self {
        let keys = match (&permission.prefix, &permission.key) {
            (Some(prefix), _) => Keys::with_prefix(prefix.as_bytes()),
            (None, key) => Keys {
                first: key.clone().unwrap_or_default().into_bytes(),
                end: permission.range_end.clone().unwrap_or_default().into_bytes(),
            },
        };
        let kind = match permission.kind {
            PermissionKind::Read => Kind::Read,
            PermissionKind::Write => Kind::Write,
            PermissionKind::ReadWrite => Kind::ReadWrite,
        };
        Self { keys, kind }
    }

    pub(crate) fn json(&self) -> RightJson {
        let kind = match self.kind {
            Kind::Read => "READ",
            Kind::Write => "WRITE",
            Kind::ReadWrite => "READWRITE",
        };
        let [key, range_end] = self.keys.json();
        RightJson { kind: kind.to_owned(), key, range_end }
    }

    /// Reads what the store has. None for what no known version of it can have.
    pub(crate) fn read(json: &RightJson) -> Option<Self> {
        let kind = match json.kind.as_str() {
            "" | "READ" => Kind::Read,
            "WRITE" => Kind::Write,
            "READWRITE" => Kind::ReadWrite,
            _ => return None,
        };
        let keys =
            Keys { first: STANDARD.decode(&json.key).ok()?, end: STANDARD.decode(&json.range_end).ok()? };
        Some(Self { keys, kind })
    }
}

impl Keys {
    /// All keys that begin with `prefix`.
    fn with_prefix(prefix: &[u8]) -> Self {
        if prefix.is_empty() {
            return Self { first: ALL_KEYS.to_vec(), end: ALL_KEYS.to_vec() };
        }
        let mut end = prefix.to_vec();
        // The first text behind all that begin with it: the last byte that can be counted up is, and what follows falls off.
        while let Some(last) = end.pop() {
            if last < u8::MAX {
                end.push(last + 1);
                break;
            }
        }
        if end.is_empty() {
            end = ALL_KEYS.to_vec();
        }
        Self { first: prefix.to_vec(), end }
    }

    /// Both ends, as the gateway's JSON has them.
    pub(crate) fn json(&self) -> [String; 2] {
        [STANDARD.encode(&self.first), STANDARD.encode(&self.end)]
    }
}

/// What has to be granted and then revoked, for a role that has `present` to have `wanted`. A grant replaces what the role
/// has on the same range.
#[must_use]
pub fn difference(present: &BTreeSet<Right>, wanted: &BTreeSet<Right>) -> (Vec<Right>, Vec<Keys>) {
    let wanted_keys: BTreeSet<&Keys> = wanted.iter().map(|right| &right.keys).collect();
    let granted = wanted.difference(present).cloned().collect();
    let revoked = present.iter().map(|right| &right.keys).filter(|keys| !wanted_keys.contains(keys)).cloned();
    (granted, revoked.collect())
}

/// The rights that a role resource asks for. Of two for the same range the first counts as much as the second: both
/// together are what is granted.
#[must_use]
pub fn wanted(permissions: &[Permission]) -> BTreeSet<Right> {
    let mut rights = std::collections::BTreeMap::<Keys, Kind>::new();
    for Right { keys, kind } in permissions.iter().map(Right::wanted) {
        rights
            .entry(keys)
            .and_modify(|present| {
                if *present != kind {
                    *present = Kind::ReadWrite;
                }
            })
            .or_insert(kind);
    }
    rights.into_iter().map(|(keys, kind)| Right { keys, kind }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(
        kind: PermissionKind,
        key: Option<&str>,
        end: Option<&str>,
        prefix: Option<&str>,
    ) -> Permission {
        Permission {
            kind,
            key: key.map(str::to_owned),
            range_end: end.map(str::to_owned),
            prefix: prefix.map(str::to_owned),
        }
    }

    fn keys(first: &[u8], end: &[u8]) -> Keys {
        Keys { first: first.to_vec(), end: end.to_vec() }
    }

    #[test]
    fn a_prefix_ends_where_the_next_one_begins() {
        assert_eq!(Keys::with_prefix(b"/app/"), keys(b"/app/", b"/app0"));
        assert_eq!(Keys::with_prefix(&[b'a', 0xff]), keys(&[b'a', 0xff], b"b"));
        assert_eq!(Keys::with_prefix(&[0xff, 0xff]), keys(&[0xff, 0xff], &[0]));
        assert_eq!(Keys::with_prefix(b""), keys(&[0], &[0]));
    }

    #[test]
    fn rights_survive_being_sent() {
        let rights = [
            Right::all(),
            Right::wanted(&permission(PermissionKind::Read, Some("k"), None, None)),
            Right::wanted(&permission(PermissionKind::Write, Some("a"), Some("m"), None)),
        ];
        for right in rights {
            assert_eq!(Right::read(&right.json()), Some(right));
        }
        let left_out: RightJson = serde_json::from_str(r#"{"key":"aw=="}"#).unwrap();
        assert_eq!(Right::read(&left_out), Some(Right { keys: keys(b"k", b""), kind: Kind::Read }));
        let json = serde_json::to_string(&Right::all().json()).unwrap();
        assert_eq!(json, r#"{"permType":"READWRITE","key":"AA==","range_end":"AA=="}"#);
    }

    #[test]
    fn only_what_differs_is_granted_and_revoked() {
        let right = |key: &str, kind| Right { keys: keys(key.as_bytes(), b""), kind };
        let present =
            BTreeSet::from([right("a", Kind::Read), right("b", Kind::Read), right("c", Kind::Write)]);
        let wanted =
            BTreeSet::from([right("a", Kind::Read), right("b", Kind::ReadWrite), right("d", Kind::Read)]);
        let (granted, revoked) = difference(&present, &wanted);
        assert_eq!(granted, [right("b", Kind::ReadWrite), right("d", Kind::Read)]);
        assert_eq!(revoked, [keys(b"c", b"")]);
        assert_eq!(difference(&wanted, &wanted), (vec![], vec![]));
    }

    #[test]
    fn two_rights_on_one_range_are_both() {
        let both = wanted(&[
            permission(PermissionKind::Read, None, None, Some("/a/")),
            permission(PermissionKind::Write, None, None, Some("/a/")),
        ]);
        assert_eq!(both.into_iter().map(|right| right.kind).collect::<Vec<_>>(), [Kind::ReadWrite]);
    }
}
