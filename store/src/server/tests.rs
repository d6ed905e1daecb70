//! A whole member in this process, on ports that the system chooses, reached as clients reach it.

mod connections;
mod refusals;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use holdfast_consensus::handle::{ConsensusConfig, Founding, MemberIdentity, MembershipRules, Peer};
use holdfast_core::ids::{ClusterId, MemberId};
use holdfast_proto::etcdserverpb as pb;
use http::uri::PathAndQuery;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

use super::{Server, StartupError};
use crate::auth::AuthSettings;
use crate::config::{
    AutoCompaction, Config, FirstStart, Http2Settings, HttpSettings, ListenAddress, ListenUrl, Listeners,
    LogFormat, LogLevel, LogOutput, LogSettings, TlsSettings,
};
use crate::node::NodeSettings;

/// Longest wait for anything; only a test that fails takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

fn listen(host: &str, port: u16) -> ListenUrl {
    ListenUrl {
        text: format!("http://{host}:{port}"),
        address: ListenAddress::Tcp { host: host.to_owned(), port },
        is_encrypted: false,
    }
}

/// The only member of a new cluster.
fn founding(member: u64) -> Founding {
    let only = Peer {
        id: MemberId(member),
        peer_urls: vec!["http://127.0.0.1:2380".to_owned()],
        name: "alone".to_owned(),
        is_learner: false,
    };
    let identity = MemberIdentity { cluster_id: ClusterId(0xc1), member_id: only.id };
    Founding { identity, members: vec![only] }
}

/// A member alone, on free ports.
fn config(data_dir: &Path) -> Config {
    let (heartbeat_interval, election_timeout) = (Duration::from_millis(20), Duration::from_millis(200));
    Config {
        node: NodeSettings {
            name: "alone".to_owned(),
            has_own_name: true,
            advertise_client_urls: vec!["http://127.0.0.1:2379".to_owned()],
            quota_bytes: 0,
            election_timeout,
            heartbeat_interval,
            request_bytes_max: 1 << 20,
            txn_operations_max: 128,
            auth: AuthSettings::default(),
            watch_progress_interval: Duration::from_secs(600),
        },
        consensus: ConsensusConfig {
            founding: None,
            expected_cluster: None,
            membership: MembershipRules::default(),
            data_dir: data_dir.to_path_buf(),
            heartbeat_interval,
            election_timeout,
            snapshot_entries: 10_000,
            catch_up_entries: 5_000,
            cache_bytes: 8 << 20,
            secure_dial: None,
        },
        first_start: Some(FirstStart::New(founding(0xa1))),
        is_first_start_given: true,
        listeners: Listeners {
            client: vec![listen("127.0.0.1", 0)],
            client_http: Vec::new(),
            peer: vec![listen("127.0.0.1", 0)],
            metrics: vec![listen("127.0.0.1", 0)],
        },
        tls: TlsSettings::default(),
        auto_compaction: None,
        logs: LogSettings {
            level: LogLevel::Error,
            format: LogFormat::Console,
            outputs: vec![LogOutput::Stderr],
        },
        http: HttpSettings {
            has_gateway: true,
            cors_origins: vec!["*".to_owned()],
            host_whitelist: vec!["*".to_owned()],
            has_extensive_metrics: false,
        },
        http2: Http2Settings::default(),
        is_etcd: false,
        notices: Vec::new(),
    }
}

async fn start(config: Config) -> Server {
    tokio::time::timeout(PATIENCE, Server::start(config)).await.unwrap().unwrap()
}

/// The error of a member that must not start.
async fn refusal(config: Config) -> StartupError {
    let started = tokio::time::timeout(PATIENCE, Server::start(config)).await.unwrap();
    started.err().expect("it must not start")
}

async fn connect(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

/// A unary call.
async fn call<M, R>(channel: &Channel, path: &'static str, message: M) -> R
where
    M: prost::Message + Default + 'static,
    R: prost::Message + Default + 'static,
{
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.unwrap();
    let codec = ProstCodec::<M, R>::default();
    let request = tonic::Request::new(message);
    let answer = client.unary(request, PathAndQuery::from_static(path), codec);
    tokio::time::timeout(PATIENCE, answer).await.unwrap().unwrap().into_inner()
}

async fn put(channel: &Channel, key: &'static str, value: &'static str) -> i64 {
    let request = pb::PutRequest { key: key.into(), value: value.into(), ..pb::PutRequest::default() };
    let answer: pb::PutResponse = call(channel, "/etcdserverpb.KV/Put", request).await;
    answer.header.unwrap().revision
}

async fn get(channel: &Channel, key: &'static str) -> Option<String> {
    let request = pb::RangeRequest { key: key.into(), ..pb::RangeRequest::default() };
    let answer: pb::RangeResponse = call(channel, "/etcdserverpb.KV/Range", request).await;
    answer.kvs.first().map(|kv| String::from_utf8(kv.value.to_vec()).unwrap())
}

/// Sends a request as `curl` would and reads all that comes back.
async fn http1(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_put_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(folder.path())).await;
    let channel = connect(server.client_addresses()[0]).await;
    assert_eq!(put(&channel, "k", "v").await, 2);
    assert_eq!(get(&channel, "k").await.as_deref(), Some("v"));
    drop(channel);
    server.stop().await;
    let server = restart(folder.path()).await;
    let channel = connect(server.client_addresses()[0]).await;
    assert_eq!(get(&channel, "k").await.as_deref(), Some("v"));
    assert_eq!(put(&channel, "k", "w").await, 3);
    server.stop().await;
}

/// The threads of a stopped member hold the folder until they have ended, which nothing tells.
async fn restart(data_dir: &Path) -> Server {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Server::start(config(data_dir)).await {
            Ok(server) => return server,
            Err(StartupError::DataDir { reason, .. }) if reason.contains("in use") => {
                assert!(Instant::now() < deadline, "{reason}");
                tokio::task::yield_now().await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_watch_does_not_hold_up_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(folder.path())).await;
    let channel = connect(server.client_addresses()[0]).await;
    let create = pb::WatchCreateRequest { key: "k".into(), ..pb::WatchCreateRequest::default() };
    let request =
        pb::WatchRequest { request_union: Some(pb::watch_request::RequestUnion::CreateRequest(create)) };
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let requests = futures::StreamExt::chain(futures::stream::iter([request]), futures::stream::pending());
    let codec = ProstCodec::<pb::WatchRequest, pb::WatchResponse>::default();
    let path = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
    let mut answers =
        client.streaming(tonic::Request::new(requests), path, codec).await.unwrap().into_inner();
    assert!(answers.message().await.unwrap().unwrap().created);
    let begun = Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let end = tokio::time::timeout(PATIENCE, answers.message()).await.unwrap();
    assert!(!matches!(end, Ok(Some(_))), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peer_port_shows_version_and_members() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(config(folder.path())).await;
    let address = server.peer_addresses()[0];
    // Who belongs is known once there is a leader.
    put(&connect(server.client_addresses()[0]).await, "k", "v").await;
    let version = http1(TcpStream::connect(address).await.unwrap(), "/version").await;
    assert!(version.contains(r#""etcdserver":"3.7.3""#), "{version}");
    let members = http1(TcpStream::connect(address).await.unwrap(), "/members").await;
    assert!(members.contains(r#""id":161"#) && members.contains("x-etcd-cluster-id: c1"), "{members}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unix_socket_serves_and_goes_with_its_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    // A predecessor that was killed left its socket behind.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let mut config = config(&folder.path().join("data"));
    config.listeners.peer = vec![ListenUrl {
        text: "unix://socket".to_owned(),
        address: ListenAddress::Unix(path.clone()),
        is_encrypted: false,
    }];
    let server = start(config).await;
    let answer = http1(UnixStream::connect(&path).await.unwrap(), "/version").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    server.stop().await;
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn history_compacts_itself_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config(folder.path());
    config.auto_compaction = Some(AutoCompaction::Periodic(Duration::from_millis(500)));
    let server = start(config).await;
    let channel = connect(server.client_addresses()[0]).await;
    let revision = put(&channel, "k", "v").await;
    let compacted = async {
        while server.node().view().head().compacted.0 < revision {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, compacted).await.expect("nothing was compacted");
    server.stop().await;
}
