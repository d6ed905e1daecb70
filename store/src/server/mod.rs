//! One member as a whole: listeners in front, the node behind, and the order of starting and stopping. Used by the
//! binary and by tests alike; must not look at flags, signals or the process.

mod accept;
mod announce;
mod blank;
mod connection;
mod error;
mod first_start;
mod listen;
mod listening;
mod open_files;
mod peer_routes;
mod repeated;
mod services;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use holdfast_consensus::handle::MemberEnd;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::api::grpc::GrpcMetrics;
use crate::api::{ClientApi, http};
use crate::auth::Authenticator;
use crate::config::{Config, Listeners};
use crate::limits::{PEER_CONNECTIONS_MAX, STOP_TIMEOUT};
use crate::node::Node;
use listen::Listener;
use listening::Listening;
use services::{Clients, Routes};

pub use error::{ListenProblem, Role, StartupError};
pub use open_files::raise_limit;

/// A running member.
pub struct Server {
    node: Arc<Node>,
    clients: Listening,
    metrics: Listening,
    peers: Listening,
}

/// Everything that is listened on, bound.
struct Bound {
    clients: Vec<Listener>,
    peers: Vec<Listener>,
    metrics: Vec<Listener>,
}

impl Bound {
    async fn bind(listeners: &Listeners) -> Result<Bound, StartupError> {
        Ok(Bound {
            clients: Listener::bind_all(&listeners.client, Role::Client).await?,
            peers: Listener::bind_all(&listeners.peer, Role::Peer).await?,
            metrics: Listener::bind_all(&listeners.metrics, Role::Metrics).await?,
        })
    }
}

impl Server {
    /// Binds all addresses, then opens the data, then serves. Nothing is touched when an address cannot be had.
    pub async fn start(config: Config) -> Result<Server, StartupError> {
        let (bound, founding) = first_start::prepare(&config).await?;
        let data_dir = config.consensus.data_dir.display().to_string();
        let authenticator = Arc::new(Authenticator::start(config.node.auth.clone())?);
        let mut consensus = config.consensus;
        consensus.founding = founding;
        let described = consensus
            .founding
            .as_ref()
            .filter(|founding| config.is_first_start_given && !founding.members.is_empty())
            .map(|it| it.identity);
        let node = Node::start(config.node, consensus, authenticator)
            .await
            .map_err(|error| StartupError::from_node(data_dir, error))?;
        announce::identity(&node, described);
        if let Some(policy) = config.auto_compaction {
            node.start_compactor(policy);
        }
        let peer_room = Arc::new(Semaphore::new(PEER_CONNECTIONS_MAX));
        let counts = Arc::new(GrpcMetrics::default());
        let runtime = node.consensus().peer_runtime();
        let peer_routes = Routes(peer_routes::routes(&node, &counts));
        let peers = Listening::start(bound.peers, &peer_routes, &peer_room, runtime);
        let runtime = tokio::runtime::Handle::current();
        let room = Arc::new(Semaphore::new(open_files::connections_max()));
        let routes = http::routes(Arc::clone(&node), Arc::clone(&counts), &config.http);
        let metrics_routes = http::metrics_routes(Arc::clone(&node), Arc::clone(&counts));
        let api = ClientApi::new(Arc::clone(&node), counts, routes);
        let clients = Listening::start(bound.clients, &Clients::new(api), &room, &runtime);
        let metrics = Listening::start(bound.metrics, &Routes(metrics_routes), &room, &runtime);
        let addresses = listed(&config.listeners.client);
        tokio::spawn(announce::leaders(Arc::downgrade(&node)));
        tokio::spawn(announce::readiness(Arc::downgrade(&node), addresses));
        Ok(Server { node, clients, metrics, peers })
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Addresses that clients reach, Unix sockets left out.
    pub fn client_addresses(&self) -> &[SocketAddr] {
        self.clients.addresses()
    }

    /// Addresses that other members reach, Unix sockets left out.
    pub fn peer_addresses(&self) -> &[SocketAddr] {
        self.peers.addresses()
    }

    /// Addresses for health and metrics only, Unix sockets left out.
    pub fn metrics_addresses(&self) -> &[SocketAddr] {
        self.metrics.addresses()
    }

    /// Resolves when this member cannot go on, with the reason.
    pub async fn ended(&self) -> MemberEnd {
        self.node.consensus().ended().await
    }

    /// Hands leadership over, lets requests end, and stops; bounded in time as a whole.
    pub async fn stop(mut self) {
        if timeout(STOP_TIMEOUT, self.stop_in_order()).await.is_err() {
            tracing::warn!("stopping took too long and was cut off; the next start replays the log");
        }
    }

    /// Clients are still served while leadership moves, so that their requests go on at the new leader; members are
    /// served until the end, since the next leader needs this one's log.
    async fn stop_in_order(&mut self) {
        // Alone, or with nobody to take over, there is nothing to hand over.
        let _ = self.node.consensus().transfer_leadership(None).await;
        tokio::join!(self.clients.stop(), self.metrics.stop());
        self.node.consensus().stop().await;
        // Members keep their connections open; they notice at once that this one is gone.
        let _ = timeout(Duration::ZERO, self.peers.stop()).await;
    }
}

fn listed(urls: &[crate::config::ListenUrl]) -> String {
    urls.iter().map(|url| url.text.as_str()).collect::<Vec<_>>().join(",")
}
