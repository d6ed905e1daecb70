//! Bytes that nobody may read by accident: password hashes and keys. Must not be printable.

use std::fmt;

use bytes::Bytes;

/// A password hash or a key. Its debug form tells nothing of it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Bytes);

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: Bytes) -> Secret {
        Secret(bytes)
    }

    /// The bytes, for those who check or store them.
    pub fn expose(&self) -> &Bytes {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_tells_nothing() {
        let text = format!("{:?}", Secret::new("hunter2".into()));
        assert_eq!(text, "Secret(..)");
    }
}
