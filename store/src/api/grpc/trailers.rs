//! `grpc-status` and `grpc-message`, as trailers or, when nothing else is sent, as headers.

use std::borrow::Cow;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::body::GrpcBody;
use crate::api::error::{Code, Status};

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const GRPC_CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/grpc");

/// gRPC sends printable ASCII but `%` as it is.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%');

/// The trailers of a call that went well.
pub(super) fn success() -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(GRPC_STATUS, HeaderValue::from_static("0"));
    trailers
}

/// The trailers of a call that ended with `status`.
pub(super) fn of(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::with_capacity(2);
    insert(&mut trailers, status);
    trailers
}

/// A response that begins with a message.
pub(super) fn response(body: GrpcBody) -> Response<GrpcBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, GRPC_CONTENT_TYPE);
    response
}

/// A response that consists of a refusal alone.
pub(super) fn refusal(status: &Status) -> Response<GrpcBody> {
    let mut response = response(GrpcBody::Empty);
    insert(response.headers_mut(), status);
    response
}

fn insert(headers: &mut HeaderMap, status: &Status) {
    headers.insert(GRPC_STATUS, HeaderValue::from(status.code as u16));
    if status.code != Code::Ok && !status.message.is_empty() {
        let encoded: Cow<'_, str> = utf8_percent_encode(&status.message, ENCODED).into();
        let value = HeaderValue::from_str(&encoded).expect("percent encoding leaves printable ASCII only");
        headers.insert(GRPC_MESSAGE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_percent_encoded() {
        let trailers = of(&Status::new(Code::NotFound, "100% \"ü\"\n"));
        assert_eq!(trailers["grpc-status"], "5");
        assert_eq!(trailers["grpc-message"], "100%25 \"%C3%BC\"%0A");
    }

    #[test]
    fn a_refusal_is_one_block_of_headers() {
        let response = refusal(&Status::new(Code::Unimplemented, "no"));
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/grpc");
        assert_eq!(response.headers()["grpc-status"], "12");
        assert!(http_body::Body::is_end_stream(response.body()));
    }
}
