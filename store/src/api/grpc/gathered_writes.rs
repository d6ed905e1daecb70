//! A connection that gathers its writes: before it writes a little it lets other tasks run once, since their answers
//! will mostly go the same way. One system call then carries many answers; a call costs more than a whole answer does.
//! HTTP/1 has one answer at a time, so that there is nothing to gather.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::GATHERED_WRITE_BYTES_MAX;

/// How HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Wraps the stream of a connection.
pub struct GatheredWrites<S> {
    stream: S,
    /// Many answers may be under way: what came first does not say otherwise.
    is_gathering: bool,
    has_read: bool,
    /// Others have had their turn since the last flush.
    has_yielded: bool,
}

impl<S> GatheredWrites<S> {
    /// Gathers what is written to `stream`.
    pub fn new(stream: S) -> GatheredWrites<S> {
        GatheredWrites { stream, is_gathering: true, has_read: false, has_yielded: false }
    }

    /// Pending once after each flush, so that the task comes back behind those that are ready now.
    fn poll_turn(&mut self, context: &Context<'_>, len: usize) -> Poll<()> {
        if !self.is_gathering || self.has_yielded || len >= GATHERED_WRITE_BYTES_MAX {
            return Poll::Ready(());
        }
        self.has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GatheredWrites<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if !self.has_read && read.is_ready() {
            let first = &buffer.filled()[before..];
            self.has_read = true;
            self.is_gathering = PREFACE.starts_with(&first[..first.len().min(PREFACE.len())]);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GatheredWrites<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.poll_turn(context, bytes.len()) {
            Poll::Ready(()) => Pin::new(&mut self.stream).poll_write(context, bytes),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.poll_turn(context, slices.iter().map(|slice| slice.len()).sum()) {
            Poll::Ready(()) => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.has_yielded &= flushed.is_pending();
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::poll_fn;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn poll_write(connection: &mut GatheredWrites<impl AsyncWrite + Unpin>, bytes: &[u8]) -> bool {
        let mut context = Context::from_waker(std::task::Waker::noop());
        Pin::new(connection).poll_write(&mut context, bytes).is_ready()
    }

    #[tokio::test]
    async fn a_small_write_waits_one_turn_after_each_flush() {
        let (ours, _theirs) = tokio::io::duplex(1024);
        let mut connection = GatheredWrites::new(ours);
        assert!(!poll_write(&mut connection, b"a"));
        assert!(poll_write(&mut connection, b"a"));
        assert!(poll_write(&mut connection, b"b"));
        connection.flush().await.unwrap();
        assert!(!poll_write(&mut connection, b"c"));
    }

    #[tokio::test]
    async fn only_http2_has_something_to_gather() {
        for (first, is_gathering) in
            [(PREFACE, true), (&PREFACE[..5], true), (b"PUT /v2/keys/a HTTP/1.1\r\n", false)]
        {
            let (ours, mut theirs) = tokio::io::duplex(1024);
            let mut connection = GatheredWrites::new(ours);
            theirs.write_all(first).await.unwrap();
            connection.read_exact(&mut vec![0; first.len()]).await.unwrap();
            assert_eq!(poll_write(&mut connection, b"a"), !is_gathering);
        }
    }

    #[tokio::test]
    async fn a_large_write_does_not_wait() {
        let (ours, _theirs) = tokio::io::duplex(1024);
        assert!(poll_write(&mut GatheredWrites::new(ours), &[0; GATHERED_WRITE_BYTES_MAX]));
    }

    #[tokio::test]
    async fn a_write_that_waits_wakes_itself_and_arrives() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let mut connection = GatheredWrites::new(ours);
        let written = poll_fn(|context| Pin::new(&mut connection).poll_write(context, b"abc")).await.unwrap();
        let mut arrived = [0; 3];
        theirs.read_exact(&mut arrived).await.unwrap();
        assert_eq!((written, &arrived), (3, b"abc"));
    }
}
