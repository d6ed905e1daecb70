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
mod room;
mod services;
mod whole_messages;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use holdfast_consensus::handle::MemberEnd;
use tokio::time::timeout;

use crate::api::grpc::GrpcMetrics;
use crate::api::{ClientApi, http};
use crate::auth::Authenticator;
use crate::config::{Config, FirstStart, Listeners};
use crate::limits::{
    CONNECTIONS_OF_ADDRESS_DIVISOR, PEER_CONNECTIONS_MAX, PEER_CONNECTIONS_OF_ADDRESS_MAX, STOP_TIMEOUT,
};
use crate::node::Node;
use crate::tls::Tls;
use listen::Listener;
use listening::Listening;
use room::Room;
use services::{Clients, Routes, Served};

pub use error::{ListenProblem, Role, StartupError};
pub use open_files::raise_limit;

/// A running member.
pub struct Server {
    node: Arc<Node>,
    clients: Listening,
    clients_http: Listening,
    metrics: Listening,
    peers: Listening,
    _tls: Tls,
}

/// Everything that is listened on, bound.
struct Bound {
    clients: Vec<Listener>,
    clients_http: Vec<Listener>,
    peers: Vec<Listener>,
    metrics: Vec<Listener>,
}

impl Bound {
    async fn bind(listeners: &Listeners) -> Result<Bound, StartupError> {
        Ok(Bound {
            clients: Listener::bind_all(&listeners.client, Role::Client).await?,
            clients_http: Listener::bind_all(&listeners.client_http, Role::ClientHttp).await?,
            peers: Listener::bind_all(&listeners.peer, Role::Peer).await?,
            metrics: Listener::bind_all(&listeners.metrics, Role::Metrics).await?,
        })
    }
}

impl Server {
    /// Binds all addresses and reads the files for TLS, then opens the data, then serves. Nothing is touched, and no
    /// certificate made, when an address cannot be had.
    pub async fn start(config: Config) -> Result<Server, StartupError> {
        let bound = Bound::bind(&config.listeners).await?;
        let tls = Tls::start(&config.tls, &config.listeners, has_encrypted_peers(&config))?;
        let (bound, founding) = first_start::prepare(&config, bound, &tls).await?;
        let data_dir = config.consensus.data_dir.display().to_string();
        let authenticator = Arc::new(Authenticator::start(config.node.auth.clone())?);
        let mut consensus = config.consensus;
        consensus.founding = founding;
        consensus.secure_dial = Some(tls.dial());
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
        let counts = Arc::new(GrpcMetrics::default());
        let runtime = tokio::runtime::Handle::current();
        let peers = Server::serve_peers(bound.peers, &node, &counts, &tls, &runtime);
        let room_max = open_files::connections_max();
        let room = Room::new(room_max, room_max.div_ceil(CONNECTIONS_OF_ADDRESS_DIVISOR));
        let routes = http::routes(Arc::clone(&node), Arc::clone(&counts), &config.http);
        let routes = routes.layer(Extension(Arc::clone(tls.status())));
        let metrics_routes = http::metrics_routes(Arc::clone(&node), Arc::clone(&counts));
        let metrics_routes = Routes::new(metrics_routes.layer(Extension(Arc::clone(tls.status()))));
        let api = ClientApi::new(Arc::clone(&node), counts, routes);
        let handshaker = tls.clients();
        let secured = handshaker.as_ref();
        let (all, http_only) = Served::of(!bound.clients_http.is_empty());
        let clients = Clients::new(Arc::clone(&api), all, config.http2);
        let clients = Listening::start(bound.clients, &clients, &room, secured, &runtime);
        let clients_http = Clients::new(api, http_only, config.http2);
        let clients_http = Listening::start(bound.clients_http, &clients_http, &room, secured, &runtime);
        let metrics = Listening::start(bound.metrics, &metrics_routes, &room, secured, &runtime);
        let addresses = listed(&config.listeners.client);
        tokio::spawn(announce::leaders(Arc::downgrade(&node)));
        tokio::spawn(announce::readiness(Arc::downgrade(&node), addresses));
        Ok(Server { node, clients, clients_http, metrics, peers, _tls: tls })
    }

    fn serve_peers(
        listeners: Vec<Listener>,
        node: &Arc<Node>,
        counts: &Arc<GrpcMetrics>,
        tls: &Tls,
        runtime: &tokio::runtime::Handle,
    ) -> Listening {
        let room = Room::new(PEER_CONNECTIONS_MAX, PEER_CONNECTIONS_OF_ADDRESS_MAX);
        let routes = Routes::new(peer_routes::routes(node, counts));
        let handshaker = tls.peers(runtime);
        let peer_runtime = node.consensus().peer_runtime();
        Listening::start(listeners, &routes, &room, handshaker.as_ref(), peer_runtime)
    }

    /// The node.
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Addresses that clients reach, Unix sockets left out.
    pub fn client_addresses(&self) -> &[SocketAddr] {
        self.clients.addresses()
    }

    /// Addresses that clients reach by HTTP only, Unix sockets left out.
    pub fn client_http_addresses(&self) -> &[SocketAddr] {
        self.clients_http.addresses()
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
        tokio::join!(self.clients.stop(), self.clients_http.stop(), self.metrics.stop());
        self.node.consensus().stop().await;
        // Members keep their connections open; they notice at once that this one is gone.
        let _ = timeout(Duration::ZERO, self.peers.stop()).await;
    }
}

fn has_encrypted_peers(config: &Config) -> bool {
    let files = &config.tls.peers;
    let urls: Vec<&String> = match &config.first_start {
        Some(FirstStart::New(founding)) => {
            founding.members.iter().flat_map(|member| &member.peer_urls).collect()
        }
        Some(FirstStart::Join(plan)) => plan.ask.iter().chain(&plan.peer_urls).collect(),
        Some(FirstStart::Managed(plan)) => plan.peer_urls.iter().collect(),
        None => Vec::new(),
    };
    let has_files = files.certificate.is_some() || files.trusted_ca.is_some();
    has_files || urls.iter().any(|url| url.starts_with("https:"))
}

fn listed(urls: &[crate::config::ListenUrl]) -> String {
    urls.iter().map(|url| url.text.as_str()).collect::<Vec<_>>().join(",")
}
