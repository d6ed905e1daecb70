//! Serves one connection: HTTP/1 or HTTP/2 as its first bytes say, with limits on how slow these may come. Must not
//! know what is served.

use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::api::grpc::configure_h2;
use crate::auth::Peer;
use crate::config::Http2Settings;
use crate::limits::{
    CONNECTION_FIRST_BYTES_MIN, CONNECTION_FIRST_BYTES_TIMEOUT, HTTP1_BUFFER_BYTES_MAX,
    HTTP1_HEADER_READ_TIMEOUT,
};
use crate::tls::TlsPeer;

/// What answers the requests of a connection.
pub(super) trait Service: Clone + Send + Sync + 'static {
    /// Whether many small answers go to the same connection at a time, so that gathering them pays.
    const GATHERS_WRITES: bool;
    /// The body of an answer.
    type Body: Body<Data = Bytes, Error: std::error::Error + Send + Sync + 'static> + Send + 'static;
    /// How its connections by HTTP/2 are held.
    fn http2(&self) -> Http2Settings {
        Http2Settings::default()
    }

    /// The service of one connection.
    fn for_peer(&self, _peer: Peer) -> Self {
        self.clone()
    }

    /// Answers one request.
    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Self::Body>> + Send + 'static + use<Self>;
}

/// Bytes in both directions.
pub(super) trait Transport: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Transport for T {}

/// How long the other side may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the first bytes of a connection.
    pub first_bytes: Duration,
    /// For the head of an HTTP/1 request.
    pub head: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { first_bytes: CONNECTION_FIRST_BYTES_TIMEOUT, head: HTTP1_HEADER_READ_TIMEOUT }
    }
}

/// Serves until the other side ends the connection, stays silent at its beginning, or `drained` tells it to end after
/// what is under way. Each request carries `peer` along, the other side of a connection by TLS.
pub(super) async fn serve<S: Service>(
    stream: impl Transport,
    peer: Option<TlsPeer>,
    service: S,
    patience: Patience,
    mut drained: oneshot::Receiver<()>,
) {
    let read_bytes = Arc::new(AtomicUsize::new(0));
    let stream = FirstBytes { stream, read_bytes: Arc::clone(&read_bytes) };
    let heard = Arc::clone(&read_bytes);
    let http2 = service.http2();
    let answer = service_fn(move |mut request: Request<Incoming>| {
        if let Some(peer) = &peer {
            request.extensions_mut().insert(peer.clone());
        }
        heard.store(CONNECTION_FIRST_BYTES_MIN, Ordering::Relaxed);
        service.serve(request).map(Ok::<_, Infallible>)
    });
    let builder = builder(patience, http2);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    let mut silence = pin!(sleep(patience.first_bytes));
    let (mut is_silent, mut is_draining) = (true, false);
    loop {
        tokio::select! {
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection ended early");
                }
                return;
            }
            _ = &mut drained, if !is_draining => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
            () = &mut silence, if is_silent => {
                if read_bytes.load(Ordering::Relaxed) < CONNECTION_FIRST_BYTES_MIN {
                    return;
                }
                is_silent = false;
            }
        }
    }
}

fn builder(patience: Patience, http2: Http2Settings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    configure_h2(&mut builder, http2);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(HTTP1_BUFFER_BYTES_MAX);
    builder
}

/// Counts the first bytes that are read.
struct FirstBytes<S> {
    stream: S,
    read_bytes: Arc<AtomicUsize>,
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read_bytes = self.read_bytes.load(Ordering::Relaxed);
        if read_bytes < CONNECTION_FIRST_BYTES_MIN {
            self.read_bytes.store(read_bytes + buffer.filled().len() - before, Ordering::Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
