//! A running node of one member for tests of the API, and requests to its HTTP routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use holdfast_consensus::handle::{ConsensusConfig, Founding, MemberIdentity, MembershipRules, Peer};
use holdfast_core::ids::{ClusterId, MemberId};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::grpc::GrpcMetrics;
use super::http;
use crate::auth::{AuthSettings, Authenticator};
use crate::config::HttpSettings;
use crate::node::{Node, NodeSettings};

/// Longest that anything awaited may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node that leads, with its routes.
pub struct TestNode {
    /// The node.
    pub node: Arc<Node>,
    /// The counters of its calls.
    pub metrics: Arc<GrpcMetrics>,
    routes: Router,
    _data_dir: TempDir,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text, whole or as far as it was waited for.
    pub body: String,
}

/// Settings that allow everything.
pub fn open_settings() -> HttpSettings {
    HttpSettings {
        has_gateway: true,
        cors_origins: vec!["*".into()],
        host_whitelist: vec!["*".into()],
        has_extensive_metrics: false,
    }
}

fn node_settings() -> NodeSettings {
    NodeSettings {
        name: "one".into(),
        has_own_name: true,
        advertise_client_urls: vec!["http://localhost:2379".into()],
        quota_bytes: 0,
        election_timeout: Duration::from_millis(100),
        heartbeat_interval: Duration::from_millis(10),
        request_bytes_max: 1 << 20,
        txn_operations_max: 128,
        auth: AuthSettings::default(),
        watch_progress_interval: Duration::from_secs(600),
    }
}

fn consensus_config(data_dir: &TempDir) -> ConsensusConfig {
    let peer = Peer {
        id: MemberId(0xa),
        peer_urls: vec!["http://localhost:2380".into()],
        name: "one".into(),
        is_learner: false,
    };
    ConsensusConfig {
        founding: Some(Founding {
            identity: MemberIdentity { cluster_id: ClusterId(0xc), member_id: MemberId(0xa) },
            members: vec![peer],
        }),
        expected_cluster: None,
        membership: MembershipRules::default(),
        data_dir: data_dir.path().join("data"),
        heartbeat_interval: Duration::from_millis(10),
        election_timeout: Duration::from_millis(100),
        snapshot_entries: 10_000,
        catch_up_entries: 5_000,
        cache_bytes: 1 << 20,
        secure_dial: None,
    }
}

impl TestNode {
    async fn start_with(settings: &HttpSettings, data_dir: TempDir, config: ConsensusConfig) -> TestNode {
        let node_settings = node_settings();
        let authenticator = Arc::new(Authenticator::start(node_settings.auth.clone()).unwrap());
        let node = Node::start(node_settings, config, authenticator).await.unwrap();
        let metrics = Arc::new(GrpcMetrics::default());
        let routes = http::routes(node.clone(), metrics.clone(), settings);
        TestNode { node, metrics, routes, _data_dir: data_dir }
    }

    /// Starts a node whose only peer does not answer, so that it never leads.
    pub async fn start_without_leader(settings: &HttpSettings) -> TestNode {
        let data_dir = tempfile::tempdir().unwrap();
        let mut config = consensus_config(&data_dir);
        config.founding.as_mut().unwrap().members.push(Peer {
            id: MemberId(0xb),
            peer_urls: vec!["http://localhost:1".into()],
            name: "two".into(),
            is_learner: false,
        });
        let started = TestNode::start_with(settings, data_dir, config).await;
        let knows_its_peer = async {
            while started.node.peers().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, knows_its_peer).await.expect("the members get known");
        started
    }

    /// Starts a node and waits until it serves and has told everything that it tells by itself.
    pub async fn start(settings: &HttpSettings) -> TestNode {
        let data_dir = tempfile::tempdir().unwrap();
        let config = consensus_config(&data_dir);
        let started = TestNode::start_with(settings, data_dir, config).await;
        let node = &started.node;
        let ready = async {
            node.leadership().wait_for(|(_, leader)| leader.is_some()).await.unwrap();
            node.read(true).await.unwrap();
            while node.view().cluster_version().unwrap().is_none()
                || node.view().published_members().unwrap().is_empty()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ready).await.expect("the node gets ready");
        started
    }

    /// Sends a request and returns the answer as soon as its headers are there.
    pub async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.routes.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = tokio::time::timeout(PATIENCE, body.collect()).await.expect("the answer ends").unwrap();
        let body = String::from_utf8(body.to_bytes().to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// GETs a path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// POSTs a body to a path.
    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(path).body(body.into()).unwrap()).await
    }

    /// POSTs a body to a path that streams, and takes the first pieces of the answer.
    pub async fn post_for_pieces(&self, path: &str, body: impl Into<Body>, pieces: usize) -> Vec<String> {
        let request = Request::post(path).body(body.into()).unwrap();
        let mut body = self.routes.clone().oneshot(request).await.unwrap().into_body();
        let mut taken = Vec::new();
        while taken.len() < pieces {
            let frame = tokio::time::timeout(PATIENCE, body.frame()).await.expect("a piece comes");
            let data = frame.unwrap().unwrap().into_data().unwrap();
            taken.push(String::from_utf8(data.to_vec()).unwrap());
        }
        taken
    }
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}
