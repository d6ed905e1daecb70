//! Provisional: the few flags that a first member needs, until the complete reading takes this file's place.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_consensus::handle::{ConsensusConfig, Peer};
use holdfast_core::ids::{ClusterId, MemberId};
use sha1::{Digest, Sha1};

use super::{
    Config, HttpSettings, ListenAddress, ListenUrl, Listeners, LogFormat, LogLevel, LogOutput, LogSettings,
};
use crate::node::NodeSettings;

/// What is to be done.
pub enum Invocation {
    /// Run a member.
    Run(Box<Config>),
    /// Print a text and end.
    Print(String),
}

/// What is wrong with the flags.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// The process ends with it.
    pub fn exit_code(&self) -> u8 {
        2
    }
}

/// Reads flags.
pub fn read(
    program: &OsStr,
    arguments: Vec<OsString>,
    _environment: BTreeMap<String, String>,
) -> Result<Invocation, ConfigError> {
    let mut flags = BTreeMap::new();
    let mut arguments = arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        let name = argument.trim_start_matches('-').to_owned();
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => {
                let value = arguments.next();
                (name, value.ok_or_else(|| ConfigError(format!("{argument} needs a value")))?)
            }
        };
        flags.insert(name, value);
    }
    let flag = |name: &str, default: &str| flags.get(name).cloned().unwrap_or_else(|| default.to_owned());
    let name = flag("name", "default");
    let peer_url = flag("initial-advertise-peer-urls", "http://localhost:2380");
    let cluster = flag("initial-cluster", &format!("{name}={peer_url}"));
    let token = flag("initial-cluster-token", "etcd-cluster");
    let peers: Vec<Peer> = cluster.split(',').filter_map(|part| peer(part, &token)).collect();
    let own = peers.iter().find(|peer| peer.name == name);
    let member_id = own.ok_or_else(|| ConfigError(format!("{name} is not in {cluster}")))?.id;
    let client_url = flag("listen-client-urls", "http://localhost:2379");
    let is_etcd = Path::new(program).file_name() == Some(OsStr::new("etcd"));
    let config = Config {
        node: NodeSettings {
            name: name.clone(),
            advertise_client_urls: vec![flag("advertise-client-urls", &client_url)],
            quota_bytes: 8 << 30,
            election_timeout: Duration::from_millis(1000),
            heartbeat_interval: Duration::from_millis(100),
            request_bytes_max: 1_572_864,
            txn_operations_max: 128,
            watch_progress_interval: Duration::from_secs(600),
        },
        consensus: ConsensusConfig {
            cluster_id: cluster_id(&peers),
            member_id,
            initial_members: if flag("initial-cluster-state", "new") == "new" { peers } else { Vec::new() },
            data_dir: PathBuf::from(flag("data-dir", &format!("{name}.holdfast"))),
            heartbeat_interval: Duration::from_millis(100),
            election_timeout: Duration::from_millis(1000),
            snapshot_entries: 10_000,
            catch_up_entries: 5_000,
            cache_bytes: 128 << 20,
        },
        listeners: Listeners {
            client: vec![listen(&client_url)],
            peer: vec![listen(&flag("listen-peer-urls", &peer_url))],
            metrics: Vec::new(),
        },
        auto_compaction: None,
        logs: LogSettings {
            level: LogLevel::Info,
            format: if is_etcd { LogFormat::Json } else { LogFormat::Console },
            outputs: vec![LogOutput::Stderr],
        },
        http: HttpSettings {
            has_gateway: true,
            cors_origins: vec!["*".to_owned()],
            host_whitelist: vec!["*".to_owned()],
            has_extensive_metrics: false,
        },
        is_etcd,
        notices: Vec::new(),
    };
    Ok(Invocation::Run(Box::new(config)))
}

fn peer(part: &str, token: &str) -> Option<Peer> {
    let (name, url) = part.split_once('=')?;
    let id = first_number(format!("{url}{token}").as_bytes());
    Some(Peer { id: MemberId(id), peer_urls: vec![url.to_owned()], name: name.to_owned(), is_learner: false })
}

fn cluster_id(peers: &[Peer]) -> ClusterId {
    let mut ids: Vec<u64> = peers.iter().map(|peer| peer.id.0).collect();
    ids.sort_unstable();
    ClusterId(first_number(&ids.iter().flat_map(|id| id.to_be_bytes()).collect::<Vec<u8>>()))
}

fn first_number(bytes: &[u8]) -> u64 {
    let digest: [u8; 20] = Sha1::digest(bytes).into();
    u64::from_be_bytes(digest[..8].try_into().expect("a digest has 20 bytes"))
}

fn listen(url: &str) -> ListenUrl {
    let host = url.trim_start_matches("http://");
    let (host, port) = host.rsplit_once(':').unwrap_or((host, "2379"));
    ListenUrl {
        text: url.to_owned(),
        address: ListenAddress::Tcp { host: host.to_owned(), port: port.parse().unwrap_or(2379) },
    }
}
