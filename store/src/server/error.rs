//! Why a server does not start, in words for the person who started it: what is wrong, where, and what to do.

use std::fmt;
use std::io;

use holdfast_consensus::handle::StartError;

use crate::auth::AuthStartError;
use crate::tls::TlsError;

/// What a listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Clients.
    Client,
    /// Clients that speak plain HTTP.
    ClientHttp,
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
            Role::ClientHttp => "--listen-client-http-urls",
            Role::Peer => "--listen-peer-urls",
            Role::Metrics => "--listen-metrics-urls",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Role::Client | Role::ClientHttp => "clients",
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
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A member that is to join, without anybody to ask.
    #[error(
        "--initial-cluster-state is \"existing\" and the data folder holds no member, but --initial-cluster names \
         nobody who could be asked for the cluster. Write all members, this one included: \
         --initial-cluster name=URL,name=URL"
    )]
    NobodyToJoin,
    /// A member that is to join, whom nobody answers.
    #[error(
        "cannot join: none of the members in --initial-cluster answers ({url}: {reason}). Check that they run and that \
         their peer URLs can be reached from here"
    )]
    NoAnswerToJoin {
        /// The last that was asked.
        url: String,
        /// What came instead of an answer.
        reason: String,
    },
    /// A member that is to join and that the cluster does not know.
    #[error(
        "cannot join: cluster {cluster:x} has no member with the peer URLs {peer_urls}. Add it first: etcdctl member \
         add NAME --peer-urls={peer_urls}"
    )]
    NotAnnounced {
        /// The cluster.
        cluster: u64,
        /// What was looked for.
        peer_urls: String,
    },
    /// A member that has run before and has lost its data.
    #[error(
        "cannot join: member {member:x} of cluster {cluster:x} has run before, and its data is not in this folder. It \
         may have acknowledged writes that it would now forget. Name its folder with --data-dir, or replace it: etcdctl \
         member remove {member:x}, then etcdctl member add"
    )]
    HasRun {
        /// The cluster.
        cluster: u64,
        /// The member.
        member: u64,
    },
    /// A managed member that members of another cluster take for theirs.
    #[error(
        "members of cluster {found:x} take this member for one of theirs, but it is to be one of cluster \
         {expected:x}. Check the peer URLs, --expected-cluster-id and --initial-cluster-token"
    )]
    OtherPeers {
        /// The cluster of the others.
        found: u64,
        /// The cluster that was to be expected.
        expected: u64,
    },
    /// The member was removed from its cluster.
    #[error(
        "member {member:x} in {data_dir} was removed from cluster {cluster:x} and cannot come back. To run a member \
         here, add it as a new one (etcdctl member add) and start it with an empty folder"
    )]
    Removed {
        /// The data folder.
        data_dir: String,
        /// The member.
        member: u64,
        /// The cluster.
        cluster: u64,
    },
    /// The data belongs to another cluster than the expected one.
    #[error(
        "the data in {data_dir} belongs to cluster {found:x}, but this member is to be one of cluster {expected:x}. \
         Give it the folder of a member of that cluster with --data-dir, or an empty one"
    )]
    OtherCluster {
        /// The data folder.
        data_dir: String,
        /// The cluster in the data.
        found: u64,
        /// The cluster that was to be expected.
        expected: u64,
    },
    /// Somebody began to use the folder and did not come as far as to write whose it is.
    #[error(
        "{data_dir} was being set up for a member when it was interrupted, and the flags do not say which. Remove the \
         folder, or start with the --initial-cluster and --initial-advertise-peer-urls of that member"
    )]
    NoMember {
        /// The data folder.
        data_dir: String,
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
    /// Who the clients are cannot be found out.
    #[error(transparent)]
    Auth(#[from] AuthStartError),
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
            StartError::Removed(identity) => StartupError::Removed {
                data_dir,
                member: identity.member_id.0,
                cluster: identity.cluster_id.0,
            },
            StartError::NoMember => StartupError::NoMember { data_dir },
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
