//! Connections to peers whose URL asks for TLS. What makes them safe is handed in; nothing here knows how.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower_service::Service;

/// Bytes in both directions, protected.
pub trait SecureStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> SecureStream for T {}

/// Makes connections to peers safe.
pub trait SecureDial: Debug + Send + Sync + 'static {
    /// Protects `stream`, whose other side must prove that it is `host`. The reason in an error is for people.
    fn secure(
        &self,
        stream: TcpStream,
        host: String,
    ) -> BoxFuture<'static, io::Result<Box<dyn SecureStream>>>;
}

/// Connects to a peer and makes the connection safe.
#[derive(Debug, Clone)]
pub struct SecureConnector {
    /// How.
    pub dial: Arc<dyn SecureDial>,
}

impl Service<Uri> for SecureConnector {
    type Response = TokioIo<Box<dyn SecureStream>>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dial = Arc::clone(&self.dial);
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            // An IPv6 address stands in brackets in a URI, and nowhere else.
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            let port = uri.port_u16().unwrap_or(443);
            let stream = TcpStream::connect((host.as_str(), port)).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(dial.secure(stream, host).await?))
        })
    }
}
