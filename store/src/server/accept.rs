//! Accepts connections on one listener until told to stop, then lets them end. Every error of accepting is survived.

use std::collections::BTreeMap;
use std::io;

use tokio::sync::oneshot;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::connection::{self, Patience, Service, Transport};
use super::listen::{Listener, Stream};
use super::room::{Place, Room};
use crate::api::grpc::GatheredWrites;
use crate::auth::{CertificateName, Peer};
use crate::limits::{ACCEPT_RETRY_PAUSE, DRAIN_TIMEOUT};
use crate::telemetry::Repeated;
use crate::tls::{Handshaker, TlsPeer};

/// Accepts connections on one listener.
pub(super) struct Acceptor<S> {
    service: S,
    room: Room,
    /// Makes connections safe, where the listener's URL asks for it.
    handshaker: Option<Handshaker>,
    /// Connections under way.
    tasks: JoinSet<()>,
    /// Ends each of them at its next pause.
    drains: BTreeMap<Id, oneshot::Sender<()>>,
    refused: Repeated,
    failed: Repeated,
}

impl<S: Service> Acceptor<S> {
    /// Serves what `room` allows by `service`, what `handshaker` has made safe if there is one.
    pub(super) fn new(service: S, room: Room, handshaker: Option<Handshaker>) -> Acceptor<S> {
        Acceptor {
            service,
            room,
            handshaker,
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
        let address = match &stream {
            Stream::Tcp(_, remote) => Some(remote.ip()),
            Stream::Unix(_) => None,
        };
        let place = match self.room.enter(address) {
            Ok(place) => place,
            Err(full) => {
                if let Some(times) = self.refused.now(Instant::now()) {
                    tracing::warn!(times, "connections refused: {full}");
                }
                return;
            }
        };
        let (drain, drained) = oneshot::channel();
        let peer = stream.peer();
        let task = match (stream, self.handshaker.clone()) {
            (stream, Some(handshaker)) => {
                let service = self.service.clone();
                self.tasks.spawn(serve_secured(stream, handshaker, service, drained, place))
            }
            (Stream::Tcp(stream, _), None) if S::GATHERS_WRITES => {
                let service = self.service.for_peer(peer);
                self.tasks.spawn(serve(GatheredWrites::new(stream), None, service, drained, place))
            }
            (Stream::Tcp(stream, _), None) => {
                self.tasks.spawn(serve(stream, None, self.service.for_peer(peer), drained, place))
            }
            (Stream::Unix(stream), None) => {
                self.tasks.spawn(serve(stream, None, self.service.for_peer(peer), drained, place))
            }
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
    stream: impl Transport,
    peer: Option<TlsPeer>,
    service: S,
    drained: oneshot::Receiver<()>,
    place: Place,
) {
    connection::serve(stream, peer, service, Patience::default(), drained).await;
    drop(place);
}

/// Serves once the connection is safe. Here one type stands for all streams: what a call through it costs is nothing
/// beside encryption.
async fn serve_secured<S: Service>(
    stream: Stream,
    handshaker: Handshaker,
    service: S,
    mut drained: oneshot::Receiver<()>,
    place: Place,
) {
    let from = stream.peer();
    let secured = async {
        match stream {
            Stream::Tcp(stream, remote) => {
                let secured = handshaker.tcp(stream, remote).await?;
                Some((Box::new(secured.stream) as Box<dyn Transport>, secured.peer))
            }
            Stream::Unix(stream) => {
                let secured = handshaker.unix(stream).await?;
                Some((Box::new(secured.stream) as Box<dyn Transport>, secured.peer))
            }
        }
    };
    let secured = tokio::select! {
        secured = secured => secured,
        _ = &mut drained => None,
    };
    let Some((stream, peer)) = secured else { return };
    let name = peer.user.as_deref().and_then(CertificateName::verified);
    let service = service.for_peer(Peer { certificate: name, ..from });
    if S::GATHERS_WRITES {
        serve(GatheredWrites::new(stream), Some(peer), service, drained, place).await;
    } else {
        serve(stream, Some(peer), service, drained, place).await;
    }
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
