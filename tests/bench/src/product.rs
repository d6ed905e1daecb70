//! The two servers under comparison and the flags that both get. Must not treat one better than the other.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::limits::QUOTA_BYTES;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The server to compare with.
    Etcd,
    /// Ours.
    Holdfast,
}

impl Side {
    /// The name in texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Holdfast => "Holdfast",
        }
    }
}

/// A server that can be started.
#[derive(Debug, Clone)]
pub struct Product {
    /// Which of the two.
    pub side: Side,
    /// Its program.
    pub program: PathBuf,
    /// What it needs to be told beside the flags that both get.
    pub extra_flags: &'static [&'static str],
}

/// Where one member listens.
#[derive(Debug, Clone)]
pub struct MemberAddress {
    /// Its name in the cluster.
    pub name: String,
    /// Its URL for clients.
    pub client_url: String,
    /// Its URL for other members.
    pub peer_url: String,
}

/// The flags of a member, the same for both servers: fsync on, no automatic compaction, a quota that is never met,
/// every other setting at its default.
#[must_use]
pub fn flags(member: &MemberAddress, cluster: &[MemberAddress], data_dir: &Path) -> Vec<String> {
    let peers: Vec<_> = cluster.iter().map(|member| format!("{}={}", member.name, member.peer_url)).collect();
    vec![
        format!("--name={}", member.name),
        format!("--data-dir={}", data_dir.display()),
        format!("--listen-client-urls={}", member.client_url),
        format!("--advertise-client-urls={}", member.client_url),
        format!("--listen-peer-urls={}", member.peer_url),
        format!("--initial-advertise-peer-urls={}", member.peer_url),
        format!("--initial-cluster={}", peers.join(",")),
        "--initial-cluster-token=bench".to_owned(),
        "--initial-cluster-state=new".to_owned(),
        format!("--quota-backend-bytes={QUOTA_BYTES}"),
        "--auto-compaction-retention=0".to_owned(),
        "--log-level=warn".to_owned(),
    ]
}
