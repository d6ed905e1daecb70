//! The body of any response on the client port.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::grpc::GrpcBody;

/// Of a gRPC call or of an HTTP route.
pub enum ApiBody {
    /// Of a gRPC call.
    Grpc(GrpcBody),
    /// Of an HTTP route.
    Http(axum::body::Body),
}

impl Body for ApiBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            ApiBody::Grpc(body) => {
                let frame = Pin::new(body).poll_frame(context);
                frame.map(|frame| frame.map(|result| result.map_err(|never| match never {})))
            }
            ApiBody::Http(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            ApiBody::Grpc(body) => body.is_end_stream(),
            ApiBody::Http(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            ApiBody::Grpc(body) => body.size_hint(),
            ApiBody::Http(body) => body.size_hint(),
        }
    }
}
