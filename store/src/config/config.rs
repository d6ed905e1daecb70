//! What a valid command line, environment and file say. Everything behind this type trusts it and checks nothing again.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use holdfast_consensus::handle::ConsensusConfig;

use crate::node::NodeSettings;

/// The whole configuration of one member.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings of the node.
    pub node: NodeSettings,
    /// Settings of consensus: identity, members, data folder, timeouts.
    pub consensus: ConsensusConfig,
    /// Whether `consensus.initial_members` are to be a new cluster. Means nothing once the data folder has data.
    pub initial_cluster_state: InitialClusterState,
    /// What is listened on.
    pub listeners: Listeners,
    /// History that compacts itself away; `None` leaves compaction to clients.
    pub auto_compaction: Option<AutoCompaction>,
    /// How logs are written.
    pub logs: LogSettings,
    /// What HTTP routes serve.
    pub http: HttpSettings,
    /// The binary was started under the name `etcd`: speak as etcd does, without the start-up text for people.
    pub is_etcd: bool,
    /// Settings that have no effect here, each as a sentence for the log.
    pub notices: Vec<String>,
}

/// Whether a member without data makes a cluster or joins one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialClusterState {
    /// It makes a new cluster together with the other initial members.
    New,
    /// It joins a cluster that runs.
    Existing,
}

/// Addresses by role. Each has at least one entry but `metrics`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// For clients: gRPC, gateway, health, metrics.
    pub client: Vec<ListenUrl>,
    /// For other members.
    pub peer: Vec<ListenUrl>,
    /// For health and metrics only.
    pub metrics: Vec<ListenUrl>,
}

/// One address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenUrl {
    /// As it was typed, for messages.
    pub text: String,
    /// Where.
    pub address: ListenAddress,
}

/// Where a listener is bound.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListenAddress {
    /// A host (name or IP, brackets removed) and a port.
    Tcp {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for ListenUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// When the leader compacts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoCompaction {
    /// Keeps the history of this much time.
    Periodic(Duration),
    /// Keeps this many revisions.
    Revision(i64),
}

/// How logs are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSettings {
    /// The least severe level that is written.
    pub level: LogLevel,
    /// The form of a line.
    pub format: LogFormat,
    /// Where lines go, in the order given; never empty.
    pub outputs: Vec<LogOutput>,
}

/// Severity, in etcd's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are their own explanation")]
pub enum LogLevel {
    Debug,
    Info,
    Warn,
    Error,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people; coloured on a terminal.
    Console,
    /// One JSON object a line, with etcd's field names (`level`, `ts`, `caller`, `msg`).
    Json,
}

/// Where log lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogOutput {
    /// Standard error.
    Stderr,
    /// Standard output.
    Stdout,
    /// Appended to a file.
    File(PathBuf),
}

/// What HTTP routes serve and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSettings {
    /// Whether the JSON gateway is there.
    pub has_gateway: bool,
    /// Origins that browsers may call from; `*` alone for any.
    pub cors_origins: Vec<String>,
    /// Host names that requests may carry; `*` alone for any.
    pub host_whitelist: Vec<String>,
    /// Whether `grpc_server_handling_seconds` is measured (`--metrics extensive`).
    pub has_extensive_metrics: bool,
}
