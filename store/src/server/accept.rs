//! Accepts connections on one listener until told to stop, then lets them end. Every error of accepting is survived.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::{self, Patience, Service};
use super::listen::{Listener, Stream};
use super::repeated::Repeated;
use crate::api::grpc::GatheredWrites;
use crate::limits::{ACCEPT_RETRY_PAUSE, DRAIN_TIMEOUT};

/// Accepts connections on one listener.
pub(super) struct Acceptor<S> {
    service: S,
    /// One permit a connection, shared by all listeners of a kind.
    room: Arc<Semaphore>,
    /// Connections under way.
    tasks: JoinSet<()>,
    /// Ends each of them at its next pause.
    drains: BTreeMap<Id, oneshot::Sender<()>>,
    refused: Repeated,
    failed: Repeated,
}

impl<S: Service> Acceptor<S> {
    /// Serves what `room` allows by `service`.
    pub(super) fn new(service: S, room: Arc<Semaphore>) -> Acceptor<S> {
        Acceptor {
            service,
            room,
            tasks: JoinSet::new(),
            drains: BTreeMap::new(),
            refused: Repeated::default(),
            failed: Repeated::default(),
        }
    }

    /// Runs until `stop`, then waits a moment for connections to end and cuts off the rest.
    pub(super) async fn run(mut self, listener: Listener, stop: CancellationToken) {
        let mut stopped = std::pin::pin!(stop.cancelled_owned());
        loop {
            tokio::select! {
                () = &mut stopped => break,
                Some(ended) = self.tasks.join_next_with_id() => self.forget(&ended),
                accepted = listener.accept() => match accepted {
                    Ok(stream) => self.take(stream),
                    Err(error) if is_of_connection(&error) => {}
                    Err(error) => {
                        self.report(&error);
                        sleep(ACCEPT_RETRY_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        self.drain().await;
    }

    fn take(&mut self, stream: Stream) {
        let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
            if let Some(times) = self.refused.now(Instant::now()) {
                tracing::warn!(times, "connections refused: as many are open as this member allows");
            }
            return;
        };
        let (drain, drained) = oneshot::channel();
        let service = self.service.for_peer(stream.peer());
        let task = match stream {
            Stream::Tcp(stream) if S::GATHERS_WRITES => {
                self.tasks.spawn(serve(GatheredWrites::new(stream), service, drained, permit))
            }
            Stream::Tcp(stream) => self.tasks.spawn(serve(stream, service, drained, permit)),
            Stream::Unix(stream) => self.tasks.spawn(serve(stream, service, drained, permit)),
        };
        self.drains.insert(task.id(), drain);
    }

    fn forget(&mut self, ended: &Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        self.drains.remove(&id);
    }

    fn report(&mut self, error: &io::Error) {
        if let Some(times) = self.failed.now(Instant::now()) {
            tracing::warn!(%error, times, "connections cannot be accepted; trying again");
        }
    }

    async fn drain(mut self) {
        for (_, drain) in std::mem::take(&mut self.drains) {
            // A connection that ended meanwhile does not listen.
            let _ = drain.send(());
        }
        let ended = timeout(DRAIN_TIMEOUT, async { while self.tasks.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

async fn serve<S: Service>(
    stream: impl connection::Transport,
    service: S,
    drained: oneshot::Receiver<()>,
    permit: OwnedSemaphorePermit,
) {
    connection::serve(stream, service, Patience::default(), drained).await;
    drop(permit);
}

/// Errors that concern only the connection that was about to be accepted.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
