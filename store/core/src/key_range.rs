//! Key ranges as etcd's requests name them, checked once at the border. Must not know about rows or requests.

use bytes::Bytes;

/// A set of keys: one key, or all keys from `start` up to an exclusive end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyRange {
    /// Exactly this key.
    Single(Bytes),
    /// Keys `>= start` and `< end`; empty when `end <= start`.
    Bounded {
        /// First key.
        start: Bytes,
        /// First key that is not in the range.
        end: Bytes,
    },
    /// Keys `>= start`.
    From(Bytes),
}

impl KeyRange {
    /// Reads the pair of fields (`key`, `range_end`) that etcd's requests carry: an empty `range_end` is the one
    /// key, a single zero byte means no upper end, and a `key` of one zero byte together with that means every key.
    pub fn from_wire(key: Bytes, range_end: Bytes) -> KeyRange {
        if range_end.is_empty() {
            KeyRange::Single(key)
        } else if range_end.as_ref() == [0] {
            // No key sorts between "" and "\0", so "\0" as start is every key.
            KeyRange::From(if key.as_ref() == [0] { Bytes::new() } else { key })
        } else {
            KeyRange::Bounded { start: key, end: range_end }
        }
    }

    /// Every key that begins with `prefix`.
    pub fn prefix(prefix: &[u8]) -> KeyRange {
        let mut end = prefix.to_vec();
        while let Some(last) = end.last_mut() {
            if *last < 0xff {
                *last += 1;
                return KeyRange::Bounded { start: Bytes::copy_from_slice(prefix), end: end.into() };
            }
            end.pop();
        }
        KeyRange::From(Bytes::copy_from_slice(prefix))
    }

    /// The first key that can be in the range.
    pub fn start(&self) -> &Bytes {
        match self {
            KeyRange::Single(key) | KeyRange::From(key) => key,
            KeyRange::Bounded { start, .. } => start,
        }
    }

    /// The exclusive upper bound, `None` when there is none. A single key's bound is the key followed by a zero byte.
    pub fn end(&self) -> Option<Bytes> {
        match self {
            KeyRange::Single(key) => {
                let mut end = Vec::with_capacity(key.len() + 1);
                end.extend_from_slice(key);
                end.push(0);
                Some(end.into())
            }
            KeyRange::Bounded { end, .. } => Some(end.clone()),
            KeyRange::From(_) => None,
        }
    }

    /// Whether `key` is in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        match self {
            KeyRange::Single(only) => only == key,
            KeyRange::Bounded { start, end } => key >= start.as_ref() && key < end.as_ref(),
            KeyRange::From(start) => key >= start.as_ref(),
        }
    }

    /// Whether no key can be in the range.
    pub fn is_empty(&self) -> bool {
        matches!(self, KeyRange::Bounded { start, end } if end <= start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_forms_are_read_as_etcd_reads_them() {
        assert_eq!(KeyRange::from_wire("a".into(), "".into()), KeyRange::Single("a".into()));
        assert_eq!(KeyRange::from_wire("a".into(), "\0".into()), KeyRange::From("a".into()));
        assert_eq!(KeyRange::from_wire("\0".into(), "\0".into()), KeyRange::From("".into()));
        assert!(KeyRange::from_wire("b".into(), "a".into()).is_empty());
        assert!(KeyRange::from_wire("b".into(), "b".into()).is_empty());
    }

    #[test]
    fn a_prefix_ends_behind_its_last_key() {
        assert!(KeyRange::prefix(b"a").contains(b"a\xff\xff"));
        assert!(!KeyRange::prefix(b"a").contains(b"b"));
        assert_eq!(KeyRange::prefix(b"\xff\xff").end(), None);
    }
}
