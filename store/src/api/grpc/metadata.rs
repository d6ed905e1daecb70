//! What the request headers of a call ask for. Headers that mean nothing here are passed over.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use super::timeout;
use crate::api::error::{Code, Refusal, Status};
use crate::auth::{Claim, Peer};

const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
const HAS_LEADER: HeaderName = HeaderName::from_static("hasleader");
const CLIENT_API_VERSION: HeaderName = HeaderName::from_static("client-api-version");

/// The headers of a call that change how it is served.
#[derive(Debug)]
pub(super) struct Metadata {
    /// How long the client waits.
    pub(super) timeout: Option<Duration>,
    /// Serve the call only while a leader is known.
    pub(super) requires_leader: bool,
    /// Who the client says it is.
    pub(super) claim: Claim,
}

impl Metadata {
    /// Reads the headers.
    pub(super) fn read(headers: &HeaderMap, peer: &Peer) -> Result<Metadata, Status> {
        let timeout = headers.get(GRPC_TIMEOUT).map(|value| {
            let malformed = |reason| Status::new(Code::Internal, format!("malformed grpc-timeout: {reason}"));
            timeout::parse(&String::from_utf8_lossy(value.as_bytes())).map_err(malformed)
        });
        if let Some(encoding) = headers.get(GRPC_ENCODING)
            && encoding != "identity"
        {
            let text = format!("grpc: Decompressor is not installed for grpc-encoding {encoding:?}");
            return Err(Status::new(Code::Unimplemented, text));
        }
        if let Some(version) = headers.get(CLIENT_API_VERSION)
            && std::str::from_utf8(version.as_bytes()).is_err()
        {
            return Err(Refusal::InvalidClientApiVersion.into());
        }
        let requires_leader = headers.get(HAS_LEADER).is_some_and(|value| value == "true");
        Ok(Metadata { timeout: timeout.transpose()?, requires_leader, claim: Claim::of_grpc(headers, peer) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(name: &'static str, value: &[u8]) -> Result<Metadata, Status> {
        let mut headers = HeaderMap::new();
        headers.insert("unknown", HeaderValue::from_static("x"));
        headers.insert(name, HeaderValue::from_bytes(value).unwrap());
        Metadata::read(&headers, &Peer::default())
    }

    #[test]
    fn known_metadata_is_read_and_unknown_passed_over() {
        let plain = read("source", b"cache").unwrap();
        assert_eq!((plain.timeout, plain.requires_leader, plain.claim.is_empty()), (None, false, true));
        assert!(!read("token", b"t").unwrap().claim.is_empty());
        assert!(read("hasleader", b"true").unwrap().requires_leader);
        assert!(!read("hasleader", b"yes").unwrap().requires_leader);
        assert_eq!(read("grpc-timeout", b"2S").unwrap().timeout, Some(Duration::from_secs(2)));
        assert!(read("grpc-encoding", b"identity").is_ok());
    }

    #[test]
    fn what_cannot_be_served_is_refused_in_the_words_of_grpc() {
        let gzip = read("grpc-encoding", b"gzip").unwrap_err();
        assert_eq!(gzip.code, Code::Unimplemented);
        assert_eq!(gzip.message, "grpc: Decompressor is not installed for grpc-encoding \"gzip\"");
        assert_eq!(read("grpc-timeout", b"soon").unwrap_err().code, Code::Internal);
        assert_eq!(read("client-api-version", b"\xff").unwrap_err(), Refusal::InvalidClientApiVersion.into());
    }
}
