//! The listeners of one kind, accepting, and their end. Must not know what they serve.

use std::net::SocketAddr;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::accept::Acceptor;
use super::connection::Service;
use super::listen::Listener;
use super::room::Room;
use crate::tls::Handshaker;

/// Listeners that accept. Dropping it stops them.
pub(super) struct Listening {
    addresses: Vec<SocketAddr>,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Listening {
    /// Serves what arrives on `listeners` by `service` on `runtime`, as many connections as there is `room` for.
    /// `handshaker` is for those of the listeners that speak TLS.
    pub(super) fn start<S: Service>(
        listeners: Vec<Listener>,
        service: &S,
        room: &Room,
        handshaker: Option<&Handshaker>,
        runtime: &Handle,
    ) -> Listening {
        let stop = CancellationToken::new();
        let addresses = listeners.iter().filter_map(Listener::address).collect();
        let tasks = listeners
            .into_iter()
            .map(|listener| {
                let handshaker = handshaker.filter(|_| listener.is_encrypted()).cloned();
                let acceptor = Acceptor::new(service.clone(), room.clone(), handshaker);
                runtime.spawn(acceptor.run(listener, stop.clone()))
            })
            .collect();
        Listening { addresses, stop, tasks }
    }

    /// The addresses in use, Unix sockets left out.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Accepts no more, lets requests end for a moment and cuts off the rest.
    pub(super) async fn stop(&mut self) {
        self.stop.cancel();
        for task in std::mem::take(&mut self.tasks) {
            // A listener that panicked has stopped too.
            let _ = task.await;
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
