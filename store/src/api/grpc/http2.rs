//! What HTTP/2 must be told for gRPC clients, and how a gRPC call is recognised.

use http::header::CONTENT_TYPE;
use http::{Request, Version};
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Builder;

use crate::config::Http2Settings;
use crate::limits::{
    HTTP2_CONNECTION_WINDOW_BYTES, HTTP2_FRAME_BYTES_MAX, HTTP2_HEADER_LIST_BYTES_MAX,
    HTTP2_PENDING_RESETS_MAX, HTTP2_SEND_BUFFER_BYTES_MAX, HTTP2_STREAM_WINDOW_BYTES,
};

/// Sets HTTP/2 up for clients that hold thousands of watch streams on one connection and ping as often as they like:
/// nothing here counts pings, so none are punished.
pub fn configure_h2<E>(builder: &mut Builder<E>, settings: Http2Settings) {
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.streams_max)
        .initial_connection_window_size(HTTP2_CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(HTTP2_STREAM_WINDOW_BYTES)
        .max_frame_size(HTTP2_FRAME_BYTES_MAX)
        .max_header_list_size(HTTP2_HEADER_LIST_BYTES_MAX)
        .max_send_buf_size(HTTP2_SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(HTTP2_PENDING_RESETS_MAX)
        .keep_alive_interval(settings.keepalive_interval)
        .keep_alive_timeout(settings.keepalive_timeout)
        .auto_date_header(false);
}

/// Whether a request is a gRPC call: by its content type, and only over HTTP/2.
pub fn is_grpc<B>(request: &Request<B>) -> bool {
    let Some(content_type) = request.headers().get(CONTENT_TYPE) else { return false };
    request.version() == Version::HTTP_2
        && content_type
            .as_bytes()
            .strip_prefix(b"application/grpc")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_recognised_by_content_type_and_version() {
        let of = |version, content_type: &str| {
            is_grpc(&Request::builder().version(version).header(CONTENT_TYPE, content_type).body(()).unwrap())
        };
        assert!(of(Version::HTTP_2, "application/grpc"));
        assert!(of(Version::HTTP_2, "application/grpc+proto"));
        assert!(of(Version::HTTP_2, "application/grpc;x=y"));
        assert!(!of(Version::HTTP_2, "application/grpc-web"));
        assert!(!of(Version::HTTP_2, "application/json"));
        assert!(!of(Version::HTTP_11, "application/grpc"));
    }
}
