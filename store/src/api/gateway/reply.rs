//! The bodies and headers of gateway answers. Errors carry the fields of every etcd since 3.4, because clients read
//! different ones: `error` beside `code` and `message`, and in streams the gRPC and the HTTP code beside both.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;

use crate::api::error::{Code, Status};
use crate::api::http::plain;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const GRPC_CONTENT_TYPE: HeaderName = HeaderName::from_static("grpc-metadata-content-type");
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

#[derive(Serialize)]
struct UnaryError<'a> {
    error: &'a str,
    code: i32,
    message: &'a str,
}

#[derive(Serialize)]
struct StreamError<'a> {
    error: StreamErrorBody<'a>,
}

#[derive(Serialize)]
struct StreamErrorBody<'a> {
    grpc_code: i32,
    http_code: u16,
    code: i32,
    message: &'a str,
    http_status: &'a str,
}

#[derive(Serialize)]
struct StreamResult<'a, A> {
    result: &'a A,
}

/// The answer of a unary call.
pub(super) fn unary<A: Serialize>(answer: &A) -> Response {
    match serde_json::to_vec(answer) {
        Ok(body) => ([(CONTENT_TYPE, JSON), (GRPC_CONTENT_TYPE, GRPC)], body).into_response(),
        Err(error) => refusal(&unprintable(&error)),
    }
}

/// The refusal of a unary call.
pub(super) fn refusal(status: &Status) -> Response {
    let message = status.message.as_ref();
    let body = to_line(&UnaryError { error: message, code: status.code as i32, message });
    let mut response = (status.http_status(), [(CONTENT_TYPE, JSON)], body).into_response();
    if status.code == Code::Unauthenticated
        && let Ok(value) = HeaderValue::from_str(message)
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

/// The refusal of a streaming call that has not sent anything yet.
pub(super) fn stream_refusal(status: &Status) -> Response {
    (status.http_status(), [(CONTENT_TYPE, JSON)], stream_error(status)).into_response()
}

/// A streaming call under way; each item of `body` must be one line.
pub(super) fn stream(body: Body) -> Response {
    ([(CONTENT_TYPE, JSON), (GRPC_CONTENT_TYPE, GRPC)], body).into_response()
}

/// One message of a stream as a line of JSON.
///
/// # Errors
/// When a message cannot be printed, such as an enum number that has no name.
pub(super) fn stream_line<A: Serialize>(result: &A) -> Result<Bytes, Status> {
    let mut line = serde_json::to_vec(&StreamResult { result }).map_err(|error| unprintable(&error))?;
    line.push(b'\n');
    Ok(line.into())
}

/// The line that ends a stream with an error.
pub(super) fn stream_error(status: &Status) -> Bytes {
    let http_status = status.http_status();
    let code = status.code as i32;
    let mut line = to_line(&StreamError {
        error: StreamErrorBody {
            grpc_code: code,
            http_code: http_status.as_u16(),
            code,
            message: &status.message,
            http_status: http_status.canonical_reason().unwrap_or_default(),
        },
    });
    line.push(b'\n');
    line.into()
}

/// The answer to another method than POST.
pub(super) async fn method_not_allowed() -> Response {
    plain::method_not_allowed("POST")
}

/// The answer to a path that no call has.
pub(super) async fn not_found() -> Response {
    refusal(&Status::new(Code::NotFound, "Not Found"))
}

fn to_line<T: Serialize>(error: &T) -> Vec<u8> {
    serde_json::to_vec(error).expect("texts and numbers can be printed")
}

fn unprintable(error: &serde_json::Error) -> Status {
    Status::new(Code::Internal, format!("holdfast: the answer cannot be printed as JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::error::Refusal;
    use axum::http::StatusCode;
    use axum::http::header::ALLOW;
    use holdfast_proto::etcdserverpb as pb;

    async fn body(response: Response) -> String {
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_refusal_has_the_fields_of_old_and_new_gateways() {
        let response = refusal(&Refusal::EmptyKey.into());
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert!(response.headers().get(GRPC_CONTENT_TYPE).is_none());
        let text = "etcdserver: key is not provided";
        assert_eq!(body(response).await, format!(r#"{{"error":"{text}","code":3,"message":"{text}"}}"#));
    }

    #[tokio::test]
    async fn an_answer_says_that_it_comes_from_grpc() {
        let response = unary(&pb::LeaseGrantResponse { id: 1 << 60, ttl: 60, ..Default::default() });
        assert_eq!(response.headers()[GRPC_CONTENT_TYPE], "application/grpc");
        assert_eq!(body(response).await, r#"{"ID":"1152921504606846976","TTL":"60"}"#);
    }

    #[test]
    fn a_stream_error_is_one_line_with_every_code_that_clients_look_for() {
        let line = stream_error(&Refusal::NoLeader.into());
        let expected = concat!(
            r#"{"error":{"grpc_code":14,"http_code":503,"code":14,"#,
            r#""message":"etcdserver: no leader","http_status":"Service Unavailable"}}"#,
            "\n"
        );
        assert_eq!(line, expected);
    }

    #[test]
    fn a_stream_line_wraps_the_message_and_ends_with_a_line_feed() {
        let answer = pb::LeaseKeepAliveResponse { id: 77, ..Default::default() };
        assert_eq!(stream_line(&answer).unwrap(), "{\"result\":{\"ID\":\"77\"}}\n");
    }

    #[tokio::test]
    async fn other_methods_are_told_which_one_is_allowed() {
        let response = method_not_allowed().await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[ALLOW], "POST");
        assert_eq!(body(response).await, "Method Not Allowed\n");
    }
}
