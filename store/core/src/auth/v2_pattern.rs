//! Permissions as the v2 API writes them: a key, or with a star at its end everything that begins so. Must not say who
//! has them.

use bytes::Bytes;

use super::{Access, Permission, PermissionKind, Role};
use crate::key_range::KeyRange;

/// The range end that means no end.
const NO_END: &[u8] = b"\0";

/// A pattern of the v2 API; never empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct V2Pattern(Bytes);

/// Patterns of what may be read and written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct V2Patterns {
    /// What may be read.
    pub read: Vec<V2Pattern>,
    /// What may be written.
    pub write: Vec<V2Pattern>,
}

impl V2Pattern {
    /// Takes the bytes over, unless there are none.
    pub fn new(pattern: Bytes) -> Option<V2Pattern> {
        (!pattern.is_empty()).then_some(V2Pattern(pattern))
    }

    /// The pattern as it is written.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The two byte strings by which a permission on these keys is named.
    pub(crate) fn named(&self) -> (Bytes, Bytes) {
        let Some(prefix) = self.0.strip_suffix(b"*") else { return (self.0.clone(), Bytes::new()) };
        if prefix.is_empty() {
            return (Bytes::from_static(NO_END), Bytes::from_static(NO_END));
        }
        let end = KeyRange::prefix(prefix).end();
        (self.0.slice(..prefix.len()), end.unwrap_or(Bytes::from_static(NO_END)))
    }

    /// How the keys of a permission are shown: as the pattern that means them, or, where none does, as a range in the
    /// form that etcdctl prints. Such a text is no pattern that would mean these keys.
    pub fn shown(permission: &Permission) -> Bytes {
        let Permission { key, range_end, .. } = permission;
        let starred = || V2Pattern([key.as_ref(), b"*"].concat().into());
        let pattern = match range_end.as_ref() {
            b"" => V2Pattern(key.clone()),
            _ if key.as_ref() == NO_END && range_end.as_ref() == NO_END => {
                V2Pattern(Bytes::from_static(b"*"))
            }
            _ => starred(),
        };
        if pattern.named() == (key.clone(), range_end.clone()) {
            return pattern.0;
        }
        let end: &[u8] = match range_end.as_ref() {
            // One key whose name ends with a star.
            b"" => &[key.as_ref(), NO_END].concat(),
            NO_END => b"",
            end => end,
        };
        [b"[", key.as_ref(), b", ", end, b")"].concat().into()
    }
}

impl V2Patterns {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.read.is_empty() && self.write.is_empty()
    }

    /// What is named for one kind of access.
    pub(super) fn of(&self, access: Access) -> &[V2Pattern] {
        match access {
            Access::Read => &self.read,
            Access::Write => &self.write,
        }
    }
}

impl Role {
    /// Whether the role itself, not just the sum of its ranges, allows this by the pattern's own name.
    pub(super) fn holds(&self, pattern: &V2Pattern, access: Access) -> bool {
        self.kind(pattern).is_some_and(|kind| kind.allows(access))
    }

    /// Adds one kind of access to what the role has under the pattern's name.
    pub(super) fn add(&mut self, pattern: &V2Pattern, access: Access) {
        let (key, range_end) = pattern.named();
        let alone = match access {
            Access::Read => PermissionKind::Read,
            Access::Write => PermissionKind::Write,
        };
        let kind = match self.kind(pattern) {
            Some(held) if held != alone => PermissionKind::ReadWrite,
            _ => alone,
        };
        self.grant(Permission { key, range_end, kind });
    }

    /// Takes one kind of access away; nothing when the role does not have it.
    pub(super) fn take(&mut self, pattern: &V2Pattern, access: Access) {
        let (key, range_end) = pattern.named();
        match (self.kind(pattern), access) {
            (Some(PermissionKind::ReadWrite), Access::Read) => {
                self.grant(Permission { key, range_end, kind: PermissionKind::Write });
            }
            (Some(PermissionKind::ReadWrite), Access::Write) => {
                self.grant(Permission { key, range_end, kind: PermissionKind::Read });
            }
            (Some(held), access) if held.allows(access) => {
                self.revoke(&key, &range_end);
            }
            _ => {}
        }
    }

    fn kind(&self, pattern: &V2Pattern) -> Option<PermissionKind> {
        let named = pattern.named();
        let is_same = |held: &&Permission| (&held.key, &held.range_end) == (&named.0, &named.1);
        self.permissions.iter().find(is_same).map(|held| held.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(key: &'static str, range_end: &'static str) -> Permission {
        Permission { key: key.into(), range_end: range_end.into(), kind: PermissionKind::Read }
    }

    fn shown(key: &'static str, range_end: &'static str) -> String {
        String::from_utf8(V2Pattern::shown(&permission(key, range_end)).to_vec()).unwrap()
    }

    #[test]
    fn a_pattern_is_named_by_the_range_that_it_means() {
        for (pattern, key, range_end) in [
            ("/a", "/a", ""),
            ("/a/*", "/a/", "/a0"),
            ("/a*", "/a", "/b"),
            ("*", "\0", "\0"),
            ("/*", "/", "0"),
        ] {
            let parsed = V2Pattern::new(pattern.into()).unwrap();
            assert_eq!(parsed.named(), (key.into(), range_end.into()), "{pattern}");
            assert!(permission(key, range_end).is_range());
            assert_eq!(shown(key, range_end), pattern);
        }
        assert_eq!(V2Pattern::new(Bytes::new()), None);
        let last = V2Pattern::new(Bytes::from_static(b"\xff*")).unwrap();
        assert_eq!(last.named(), (Bytes::from_static(b"\xff"), "\0".into()));
    }

    #[test]
    fn what_no_pattern_means_is_shown_as_a_range() {
        assert_eq!(shown("/a", "/c"), "[/a, /c)");
        assert_eq!(shown("/a", "\0"), "[/a, )");
        assert_eq!(shown("/a*", ""), "[/a*, /a*\0)");
    }

    #[test]
    fn kinds_of_access_come_and_go_each_by_itself() {
        let mut role = Role::default();
        let pattern = V2Pattern::new("/a/*".into()).unwrap();
        role.add(&pattern, Access::Write);
        assert!(role.holds(&pattern, Access::Write) && !role.holds(&pattern, Access::Read));
        role.add(&pattern, Access::Read);
        assert_eq!(
            role.permissions,
            [Permission { kind: PermissionKind::ReadWrite, ..permission("/a/", "/a0") }]
        );
        role.take(&pattern, Access::Write);
        assert_eq!(role.permissions, [permission("/a/", "/a0")]);
        role.take(&pattern, Access::Write);
        role.take(&pattern, Access::Read);
        assert_eq!(role.permissions, []);
    }
}
