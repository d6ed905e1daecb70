//! Connections to the other members. Each purpose has one of its own: a heartbeat must not queue behind a large append,
//! nor either of them behind a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use holdfast_proto::peer;
use holdfast_proto::peer::peer_client::PeerClient;
use parking_lot::Mutex;
use tonic::transport::{Channel, Endpoint};

use crate::counters::{Counters, PeerCounters};
use crate::handle::MemberIdentity;
use crate::limits::{PEER_CONNECT_TIMEOUT, PEER_MESSAGE_BYTES_MAX, PEER_SECURE_TIMEOUT};
use crate::peers::dial::{SecureConnector, SecureDial};
use crate::peers::reach::Reach;
use crate::types::{MemberNode, StoredMembership};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Log entries, votes and transfers.
    Log,
    /// Heartbeats.
    Heartbeat,
    /// Snapshots.
    Snapshot,
    /// What clients wait for: forwarded commands, read indexes, confirmations, asks.
    Forward,
}

/// A peer cannot even be tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRouteError {
    /// It has no peer URL.
    #[error("member {0:x} has no peer URL")]
    NoUrl(u64),
    /// Its peer URL cannot be used.
    #[error("peer URL {url} cannot be used: {reason}")]
    BadUrl {
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// All connections of this member, made when first needed.
pub struct PeerBook {
    cluster_id: u64,
    member: u64,
    /// Who answers.
    pub reach: Reach,
    counters: Arc<Counters>,
    secure_dial: Option<Arc<dyn SecureDial>>,
    told_committed: AtomicU64,
    connections: Mutex<BTreeMap<(u64, Purpose), Connection>>,
    /// Where members are reached by the newest membership.
    nodes: ArcSwap<BTreeMap<u64, MemberNode>>,
}

struct Connection {
    urls: Vec<String>,
    /// Which of the URLs is in use.
    current: usize,
    client: PeerClient<Channel>,
}

impl PeerBook {
    /// No connections yet. `secure_dial` makes those to `https` URLs.
    pub fn new(
        identity: MemberIdentity,
        counters: Arc<Counters>,
        secure_dial: Option<Arc<dyn SecureDial>>,
    ) -> PeerBook {
        PeerBook {
            cluster_id: identity.cluster_id.0,
            member: identity.member_id.0,
            reach: Reach::default(),
            counters,
            secure_dial,
            told_committed: AtomicU64::new(0),
            connections: Mutex::new(BTreeMap::new()),
            nodes: ArcSwap::default(),
        }
    }

    /// Where to count what goes to `target`.
    pub fn counters(&self, target: u64) -> Arc<PeerCounters> {
        self.counters.peer(target)
    }

    /// This member.
    pub fn member(&self) -> u64 {
        self.member
    }

    /// The cluster.
    pub fn cluster_id(&self) -> u64 {
        self.cluster_id
    }

    /// Another member is about to hear that the entries up to this index (counted from 1) are committed. It may then
    /// acknowledge them before this member has applied them.
    pub fn tell_committed(&self, index: u64) {
        self.told_committed.fetch_max(index, Ordering::AcqRel);
    }

    /// The newest index of which `tell_committed` spoke.
    pub fn told_committed(&self) -> u64 {
        self.told_committed.load(Ordering::Acquire)
    }

    /// What every request to `target` begins with.
    pub fn header(&self, target: u64) -> peer::Header {
        peer::Header { cluster_id: self.cluster_id, from: self.member, to: target }
    }

    /// Takes over where members are reached.
    pub fn set_nodes(&self, membership: &StoredMembership) {
        let known = self.nodes.load();
        if !membership.nodes().eq(known.iter()) {
            let nodes = membership.nodes().map(|(id, node)| (*id, node.clone())).collect();
            self.nodes.store(Arc::new(nodes));
        }
    }

    /// Where `target` is reached, if it is a member.
    pub fn node(&self, target: u64) -> Option<MemberNode> {
        self.nodes.load().get(&target).cloned()
    }

    /// Ends the connections to one that is a member no more.
    pub fn forget(&self, target: u64) {
        self.connections.lock().retain(|(member, _), _| *member != target);
        self.reach.forget(target);
    }

    /// A client for `target`. Connects in the background; the runtime it is called on drives the connection.
    pub fn client(
        &self,
        target: u64,
        node: &MemberNode,
        purpose: Purpose,
    ) -> Result<PeerClient<Channel>, NoRouteError> {
        let mut connections = self.connections.lock();
        if let Some(connection) = connections.get(&(target, purpose))
            && connection.urls == node.peer_urls
        {
            return Ok(connection.client.clone());
        }
        let url = node.peer_urls.first().ok_or(NoRouteError::NoUrl(target))?;
        let client = connect(url, self.secure_dial.as_ref())?;
        let connection = Connection { urls: node.peer_urls.clone(), current: 0, client: client.clone() };
        connections.insert((target, purpose), connection);
        Ok(client)
    }

    /// The URL in use for `target`; empty before the first use.
    pub fn current_url(&self, target: u64, purpose: Purpose) -> String {
        let connections = self.connections.lock();
        let connection = connections.get(&(target, purpose));
        connection.map_or_else(String::new, |connection| connection.urls[connection.current].clone())
    }

    /// Turns to the next URL of `target`, if it has several, after the current one failed.
    pub fn try_next_url(&self, target: u64, purpose: Purpose) {
        let mut connections = self.connections.lock();
        let Some(connection) = connections.get_mut(&(target, purpose)) else { return };
        if connection.urls.len() < 2 {
            return;
        }
        connection.current = (connection.current + 1) % connection.urls.len();
        match connect(&connection.urls[connection.current], self.secure_dial.as_ref()) {
            Ok(client) => connection.client = client,
            Err(error) => tracing::warn!(%error, "a peer URL is passed over"),
        }
    }
}

/// A connection to a URL, made in the background; `secure_dial` makes those to `https`.
pub fn connect(
    url: &str,
    secure_dial: Option<&Arc<dyn SecureDial>>,
) -> Result<PeerClient<Channel>, NoRouteError> {
    let bad = |reason: String| NoRouteError::BadUrl { url: url.to_owned(), reason };
    let endpoint = Endpoint::from_shared(url.to_owned()).map_err(|error| bad(error.to_string()))?;
    let channel = match endpoint.uri().scheme_str() {
        Some("http") => {
            windows(endpoint).connect_timeout(PEER_CONNECT_TIMEOUT).tcp_nodelay(true).connect_lazy()
        }
        Some("https") => {
            let dial = secure_dial
                .cloned()
                .ok_or_else(|| bad("this member was started without TLS for members".to_owned()))?;
            // The transport has its own mind about `https`; the connector is what makes it that.
            let origin = endpoint.uri().clone();
            let plain = Endpoint::from_shared(url.replacen("https:", "http:", 1));
            windows(plain.map_err(|error| bad(error.to_string()))?.origin(origin))
                .connect_timeout(PEER_CONNECT_TIMEOUT + PEER_SECURE_TIMEOUT)
                .connect_with_connector_lazy(SecureConnector { dial })
        }
        _ => return Err(bad("only http and https are possible between members".to_owned())),
    };
    Ok(PeerClient::new(channel)
        .max_decoding_message_size(PEER_MESSAGE_BYTES_MAX)
        .max_encoding_message_size(PEER_MESSAGE_BYTES_MAX))
}

fn windows(endpoint: Endpoint) -> Endpoint {
    endpoint.initial_stream_window_size(4 << 20).initial_connection_window_size(8 << 20)
}
