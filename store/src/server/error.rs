//! Why a server does not start, in words for the person who started it: what is wrong, where, and what to do.

use std::fmt;
use std::io;

use holdfast_consensus::handle::StartError;

/// What a listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Clients.
    Client,
    /// Other members.
    Peer,
    /// Health and metrics only.
    Metrics,
}

impl Role {
    /// The flag that sets its addresses.
    pub fn flag(self) -> &'static str {
        match self {
            Role::Client => "--listen-client-urls",
            Role::Peer => "--listen-peer-urls",
            Role::Metrics => "--listen-metrics-urls",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Role::Client => "clients",
            Role::Peer => "other members",
            Role::Metrics => "metrics",
        })
    }
}

/// Why an address cannot be listened on. The texts continue a sentence that names the address.
#[derive(Debug, thiserror::Error)]
pub enum ListenProblem {
    /// Another process has it.
    #[error("it is in use by another process. Stop that process, or choose another address with")]
    InUse,
    /// No interface has it.
    #[error("this machine has no such address. Choose one that it has, or 0.0.0.0 for all, with")]
    NotAvailable,
    /// The host has no address.
    #[error("its host cannot be resolved ({0}). Choose another with")]
    UnknownHost(String),
    /// The system refuses.
    #[error(
        "this user may not listen there. Choose a port from 1024 on, or a folder that may be written, with"
    )]
    NotPermitted,
    /// Something else than a socket is at the path.
    #[error("there is a file at this path that is no socket. Remove it, or choose another path with")]
    NotASocket,
    /// Anything else.
    #[error("the system says: {0}. Choose another address with")]
    Other(io::Error),
}

impl From<io::Error> for ListenProblem {
    fn from(error: io::Error) -> ListenProblem {
        match error.kind() {
            io::ErrorKind::AddrInUse => ListenProblem::InUse,
            io::ErrorKind::AddrNotAvailable => ListenProblem::NotAvailable,
            io::ErrorKind::PermissionDenied => ListenProblem::NotPermitted,
            _ => ListenProblem::Other(error),
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// An address cannot be listened on.
    #[error("cannot listen on {url} for {role}: {problem} {}", role.flag())]
    Listen {
        /// As it was typed.
        url: String,
        /// What for.
        role: Role,
        /// What is wrong.
        problem: ListenProblem,
    },
    /// A member of a cluster that exists, without the data of one.
    #[error(
        "--initial-cluster-state is \"existing\", but {data_dir} holds no member of a cluster. Joining a running \
         cluster is not supported yet: start a new cluster with \"new\", or name the folder of a member that ran \
         before with --data-dir"
    )]
    NothingToContinue {
        /// The data folder.
        data_dir: String,
    },
    /// The data belongs to another cluster.
    #[error(
        "the data in {data_dir} belongs to cluster {found:x}, but the flags describe cluster {expected:x}. Start it \
         with the --initial-cluster, --initial-cluster-token and --initial-advertise-peer-urls that it was made with, \
         or choose another folder with --data-dir"
    )]
    OtherCluster {
        /// The data folder.
        data_dir: String,
        /// The cluster in the data.
        found: u64,
        /// The cluster of the flags.
        expected: u64,
    },
    /// The data belongs to another member.
    #[error(
        "the data in {data_dir} belongs to member {found:x} of this cluster, but the flags describe member \
         {expected:x}. Check --name and --initial-advertise-peer-urls, or choose another folder with --data-dir"
    )]
    OtherMember {
        /// The data folder.
        data_dir: String,
        /// The member in the data.
        found: u64,
        /// The member of the flags.
        expected: u64,
    },
    /// The data was written by a newer version.
    #[error(
        "the data in {data_dir} has format {found}; this version reads formats up to {supported}. Start the newer \
         version that wrote it, or choose another folder with --data-dir"
    )]
    NewerFormat {
        /// The data folder.
        data_dir: String,
        /// The format in the data.
        found: u32,
        /// The newest that this version reads.
        supported: u32,
    },
    /// The data folder cannot be used.
    #[error("cannot use the data directory {data_dir}: {reason}")]
    DataDir {
        /// The data folder.
        data_dir: String,
        /// What is wrong.
        reason: String,
    },
    /// Something else failed.
    #[error("cannot start: {0}")]
    Other(String),
}

impl StartupError {
    /// Words for why the node on `data_dir` did not start.
    pub(super) fn from_node(data_dir: String, error: StartError) -> StartupError {
        match error {
            StartError::OtherCluster { found, expected } => {
                StartupError::OtherCluster { data_dir, found, expected }
            }
            StartError::OtherMember { found, expected } => {
                StartupError::OtherMember { data_dir, found, expected }
            }
            StartError::NewerFormat { found, supported } => {
                StartupError::NewerFormat { data_dir, found, supported }
            }
            StartError::DataDir { path, reason } => {
                let named = path.display().to_string();
                // The reason mostly names its file itself.
                let reason = if named == data_dir || reason.contains(&named) {
                    reason
                } else {
                    format!("{named}: {reason}")
                };
                StartupError::DataDir { data_dir, reason }
            }
            StartError::Engine(fault) => StartupError::DataDir { data_dir, reason: fault.to_string() },
            StartError::Raft(reason) => StartupError::Other(reason),
        }
    }
}
