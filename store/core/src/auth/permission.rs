//! A permission: a range of keys and what may be done there. Keeps the two byte strings as they were granted, since a
//! permission is named by them.

use bytes::Bytes;

use crate::key_range::KeyRange;

/// What a caller wants to do with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read them.
    Read,
    /// Write or delete them.
    Write,
}

/// What a permission allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionKind {
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Both.
    ReadWrite,
}

impl PermissionKind {
    /// Whether it allows `access`.
    pub fn allows(self, access: Access) -> bool {
        match self {
            PermissionKind::Read => access == Access::Read,
            PermissionKind::Write => access == Access::Write,
            PermissionKind::ReadWrite => true,
        }
    }
}

/// A permission of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// First key.
    pub key: Bytes,
    /// Empty for the one key, a zero byte for no end, else the first key behind.
    pub range_end: Bytes,
    /// What it allows.
    pub kind: PermissionKind,
}

impl Permission {
    /// Whether there can be keys in it.
    pub fn is_range(&self) -> bool {
        let is_open = self.range_end.as_ref() == [0];
        !self.key.is_empty() && (self.range_end.is_empty() || is_open || self.key < self.range_end)
    }

    /// Its keys.
    pub fn range(&self) -> KeyRange {
        KeyRange::from_wire(self.key.clone(), self.range_end.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(key: &'static str, range_end: &'static str) -> Permission {
        Permission { key: key.into(), range_end: range_end.into(), kind: PermissionKind::Read }
    }

    #[test]
    fn ranges_are_told_from_what_holds_no_key() {
        let ranges = [("a", ""), ("a", "b"), ("a", "\0"), ("\0", "\0"), ("\0", "a")];
        assert!(ranges.iter().all(|(key, end)| permission(key, end).is_range()));
        let none = [("", ""), ("", "a"), ("", "\0"), ("a", "a"), ("b", "a")];
        assert!(!none.iter().any(|(key, end)| permission(key, end).is_range()));
    }
}
