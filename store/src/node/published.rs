//! What a member makes known about itself through the log: its name and client URLs, as bytes that the core stores
//! without reading them.

use bytes::Bytes;
use prost::Message;

/// A member's attributes.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(super) struct PublishedMember {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Where clients reach it.
    #[prost(string, repeated, tag = "2")]
    pub client_urls: Vec<String>,
}

impl PublishedMember {
    /// The stored form.
    pub(super) fn encode_to_bytes(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// Reads the stored form. Bytes of a newer version that cannot be read count as nothing published.
    pub(super) fn read(bytes: &Bytes) -> PublishedMember {
        PublishedMember::decode(bytes.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_fixed() {
        let member = PublishedMember { name: "a".into(), client_urls: vec!["u".into()] };
        assert_eq!(member.encode_to_bytes().as_ref(), b"\x0a\x01a\x12\x01u");
        assert_eq!(PublishedMember::read(&member.encode_to_bytes()), member);
    }
}
