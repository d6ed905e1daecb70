//! What a valid command line, environment and file say. Everything behind this type trusts it and checks nothing again.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use holdfast_consensus::handle::{ConsensusConfig, Founding};
use holdfast_core::ids::ClusterId;

use super::tls::TlsSettings;
use crate::limits::{HTTP2_KEEPALIVE_INTERVAL, HTTP2_KEEPALIVE_TIMEOUT};
use crate::node::NodeSettings;

/// The whole configuration of one member.
#[derive(Debug, Clone)]
pub struct Config {
    /// Settings of the node.
    pub node: NodeSettings,
    /// Settings of consensus: data folder, timeouts. Its founding follows from the first start.
    pub consensus: ConsensusConfig,
    /// What to do on a folder without data; `None` where there is data and the flags would not say.
    pub first_start: Option<FirstStart>,
    /// Whether anything about the first start was given, rather than left at its default.
    pub is_first_start_given: bool,
    /// What is listened on.
    pub listeners: Listeners,
    /// TLS on these.
    pub tls: TlsSettings,
    /// History that compacts itself away; `None` leaves compaction to clients.
    pub auto_compaction: Option<AutoCompaction>,
    /// How logs are written.
    pub logs: LogSettings,
    /// What HTTP routes serve.
    pub http: HttpSettings,
    /// How connections of clients by HTTP/2 are held.
    pub http2: Http2Settings,
    /// The binary was started under the name `etcd`: speak as etcd does, without the start-up text for people.
    pub is_etcd: bool,
    /// Settings that have no effect here, each as a sentence for the log.
    pub notices: Vec<String>,
}

/// What a member without data does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstStart {
    /// It makes a new cluster together with the other initial members.
    New(Founding),
    /// It joins a cluster that runs and has been told of it.
    Join(JoinPlan),
    /// It waits until it is told which member to be.
    Managed(ManagedPlan),
}

/// What a member that is managed from outside knows of itself before it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManagedPlan {
    /// Its name.
    pub name: String,
    /// The cluster that it belongs to.
    pub expected: ClusterId,
    /// Where others reach it.
    pub peer_urls: Vec<String>,
}

/// How a member finds itself in a cluster that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinPlan {
    /// Where others reach it, by which the cluster knows it.
    pub peer_urls: Vec<String>,
    /// Peer URLs of members to ask.
    pub ask: Vec<String>,
}

/// Addresses by role; there are always some for clients and for members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// For clients: gRPC, gateway, health, metrics.
    pub client: Vec<ListenUrl>,
    /// For clients that speak plain HTTP. If there are any, those of `client` have gRPC only.
    pub client_http: Vec<ListenUrl>,
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
    /// Whether TLS is spoken there.
    pub is_encrypted: bool,
}

impl ListenUrl {
    /// The host, unless it is a socket.
    pub fn host(&self) -> Option<&str> {
        match &self.address {
            ListenAddress::Tcp { host, .. } => Some(host),
            ListenAddress::Unix(_) => None,
        }
    }
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

/// How connections by HTTP/2 are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Http2Settings {
    /// Most streams that are open at a time on a connection; a call is a stream.
    pub streams_max: u32,
    /// Silence after which the other side is pinged.
    pub keepalive_interval: Duration,
    /// How long the answer to that may take before the connection is closed.
    pub keepalive_timeout: Duration,
}

impl Default for Http2Settings {
    fn default() -> Http2Settings {
        Http2Settings {
            streams_max: u32::MAX,
            keepalive_interval: HTTP2_KEEPALIVE_INTERVAL,
            keepalive_timeout: HTTP2_KEEPALIVE_TIMEOUT,
        }
    }
}
