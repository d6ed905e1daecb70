//! The handle that the server sees: propose, read barrier, views, status. It knows nothing of gRPC, HTTP or flags.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holdfast_core::apply::LeaseChange;
use holdfast_core::command::Command;
use holdfast_core::ids::{ClusterId, LogIndex, MemberId, Revision, Term};
use holdfast_core::read::ReadView;
use holdfast_core::response::{Applied, RevisionEvents};

use crate::counters::Counters;
pub use crate::data_dir::holds_member;
pub use crate::failure::MemberEnd;
use crate::member::Member;
pub use crate::membership::blank::{Told, blank_routes};
pub use crate::membership::change::{
    ChangeError, MemberChange, MemberRefusal, MembershipRules, NewMember, Replacement,
};
pub use crate::membership::configuration::{Configuration, ConfigurationMember};
pub use crate::membership::introduce::{JoinError, find_identity};
pub use crate::peers::dial::{SecureDial, SecureStream};
use crate::peers::server;
use crate::running::Running;
use crate::start::{self, Opened};
use crate::state::engines::{Engines, RocksEngines};

/// One member as the membership knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its id.
    pub id: MemberId,
    /// Where its peers reach it, such as `http://10.0.0.1:2380`; at least one.
    pub peer_urls: Vec<String>,
    /// Its name as typed in the initial cluster; empty when unknown.
    pub name: String,
    /// Whether it is a learner (neither votes nor is about to).
    pub is_learner: bool,
}

/// Which member of which cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberIdentity {
    /// The cluster.
    pub cluster_id: ClusterId,
    /// The member.
    pub member_id: MemberId,
}

/// Who a member is from its first start on. Means nothing once the data folder knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// Who it is.
    pub identity: MemberIdentity,
    /// The members of a new static cluster, this one included; empty for a member that waits to be taken in.
    pub members: Vec<Peer>,
}

/// How a member starts.
#[derive(Debug, Clone)]
pub struct ConsensusConfig {
    /// Who this member becomes on a folder without data; `None` where there must be data.
    pub founding: Option<Founding>,
    /// The cluster that the data must belong to, where that is known beforehand.
    pub expected_cluster: Option<ClusterId>,
    /// What it minds as a leader that is asked to change the membership.
    pub membership: MembershipRules,
    /// The folder with `raft/`, `sm-<n>/` and `SM`.
    pub data_dir: PathBuf,
    /// How often a leader says that it leads.
    pub heartbeat_interval: Duration,
    /// How long a follower waits for it at least.
    pub election_timeout: Duration,
    /// Applied entries after which the state is flushed and the log may be purged (etcd's snapshot count).
    pub snapshot_entries: u64,
    /// Entries kept behind the newest flush for followers that lag.
    pub catch_up_entries: u64,
    /// Bytes of cache and write buffers that storage may hold.
    pub cache_bytes: usize,
    /// Makes connections to peers with `https` URLs; without it there are none.
    pub secure_dial: Option<Arc<dyn SecureDial>>,
}

/// What an applied run of entries was about; handed to the observer before any proposer gets its answer.
pub struct AppliedNews {
    /// The state right after the run.
    pub view: ReadView,
    /// Events by revision, ascending. Empty after a snapshot was installed.
    pub events: Vec<RevisionEvents>,
    /// Leases made and ended.
    pub leases: Vec<LeaseChange>,
    /// The new compacted revision, when it moved.
    pub compacted: Option<Revision>,
    /// The store revision at the first change of users or roles, if there was one.
    pub auth_changed: Option<Revision>,
    /// The state was replaced by a snapshot: whatever was derived from earlier news must be read from `view` anew.
    pub replaced: bool,
}

/// Who wants to hear of applied entries. Called on the apply thread, in order; must not block.
pub trait ApplyObserver: Send + Sync + 'static {
    /// The state has moved.
    fn applied(&self, news: AppliedNews);
}

/// Where this member stands.
#[derive(Debug, Clone, Default)]
pub struct ConsensusStatus {
    /// The current term.
    pub term: Term,
    /// The leader this member follows, if it knows one.
    pub leader: Option<MemberId>,
    /// Whether this member leads and has heard from a quorum recently.
    pub is_leader: bool,
    /// Newest log entry.
    pub last_log_index: LogIndex,
    /// Newest committed entry that this member knows of.
    pub committed_index: LogIndex,
    /// Newest applied entry.
    pub applied_index: LogIndex,
    /// How often the leader changed since the process started.
    pub leader_changes: u64,
    /// All members.
    pub members: Vec<Peer>,
}

/// Why a proposal has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProposeError {
    /// No leader is known; nothing was done by this member.
    #[error("no leader")]
    NoLeader,
    /// Leadership moved while the proposal was under way; it may or may not have been applied.
    #[error("leader changed")]
    LeaderChanged,
    /// No answer in time; it may or may not have been applied.
    #[error("timed out")]
    Timeout,
    /// Too many proposals wait.
    #[error("too many requests")]
    TooManyRequests,
    /// This member is stopping, or its storage failed.
    #[error("stopped")]
    Stopped,
}

/// Why a linearizable read cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BarrierError {
    /// No leader is known.
    #[error("no leader")]
    NoLeader,
    /// Leadership moved meanwhile.
    #[error("leader changed")]
    LeaderChanged,
    /// No quorum answered in time.
    #[error("timed out")]
    Timeout,
    /// This member is stopping, or its storage failed.
    #[error("stopped")]
    Stopped,
}

/// Why a member could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("data directory {path}: {reason}")]
    DataDir {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The data belongs to another cluster.
    #[error("data directory belongs to cluster {found:x}, not {expected:x}")]
    OtherCluster {
        /// The id that stands in the data.
        found: u64,
        /// The id that was to be expected.
        expected: u64,
    },
    /// The folder holds no member, and nothing says who a new one would be.
    #[error("data directory holds no member")]
    NoMember,
    /// The member in the folder was removed from its cluster.
    #[error("the member in the data directory was removed from its cluster")]
    Removed(MemberIdentity),
    /// The data was written by a newer version.
    #[error("data directory has format {found}, this version reads up to {supported}")]
    NewerFormat {
        /// The format in the data.
        found: u32,
        /// The newest that this binary reads.
        supported: u32,
    },
    /// Storage failed.
    #[error(transparent)]
    Engine(#[from] holdfast_storage::engine::EngineFault),
    /// Raft refused to start.
    #[error("consensus did not start: {0}")]
    Raft(String),
}

/// A data folder that is opened and locked, before anything runs on it.
pub struct Prepared {
    engines: Arc<dyn Engines>,
    config: ConsensusConfig,
    opened: Opened,
}

impl Prepared {
    /// Opens the data folder, marking an empty one as that of the founding member.
    pub async fn open(config: ConsensusConfig) -> Result<Prepared, StartError> {
        let engines = Arc::new(RocksEngines { cache_bytes: config.cache_bytes });
        Prepared::open_on(engines, config).await
    }

    /// Like `open`, on engines of the caller's choice.
    pub async fn open_on(engines: Arc<dyn Engines>, config: ConsensusConfig) -> Result<Prepared, StartError> {
        let opening = (Arc::clone(&engines), config.clone());
        let opened = tokio::task::spawn_blocking(move || start::open(opening.0.as_ref(), &opening.1)).await;
        let opened = opened.map_err(|error| StartError::Raft(error.to_string()))??;
        Ok(Prepared { engines, config, opened })
    }

    /// Who the data says this member is.
    pub fn identity(&self) -> MemberIdentity {
        self.opened.identity
    }

    /// Replays the log and starts to take part. Peers are reached by their `peer_urls`; incoming peer traffic reaches
    /// this member through `peer_routes`.
    pub async fn start(self, observer: Arc<dyn ApplyObserver>) -> Result<Consensus, StartError> {
        let running = Running::start(self.opened, self.engines, self.config, observer).await?;
        Ok(Consensus { running: Arc::new(running) })
    }
}

/// The running consensus of one member. Cheap to clone; when the last clone goes, everything ends without a flush.
#[derive(Clone)]
pub struct Consensus {
    running: Arc<Running>,
}

impl Consensus {
    /// Opens the data folder and starts at once.
    pub async fn start(
        config: ConsensusConfig,
        observer: Arc<dyn ApplyObserver>,
    ) -> Result<Consensus, StartError> {
        Prepared::open(config).await?.start(observer).await
    }

    pub(crate) fn member(&self) -> &Member {
        self.running.member()
    }

    /// The gRPC routes to serve on the peer port.
    pub fn peer_routes(&self) -> tonic::service::Routes {
        server::routes(Arc::clone(self.running.member()))
    }

    /// The runtime that Raft lives on. `peer_routes` are best served there: what a peer asks then reaches Raft without
    /// waking another thread. It ends with `stop`.
    pub fn peer_runtime(&self) -> &tokio::runtime::Handle {
        self.running.peer_runtime()
    }

    /// Proposes a command and waits until it is applied here or at the leader. A follower forwards to the leader; after
    /// `Ok` this member has applied it too, so that what the caller reads next includes it.
    pub async fn propose(&self, command: Command) -> Result<Applied, ProposeError> {
        self.member().propose(command).await
    }

    /// Returns once `view` reflects every write that was acknowledged anywhere before the call. All callers that wait
    /// share one round of leader confirmation.
    pub async fn read_barrier(&self) -> Result<(), BarrierError> {
        self.member().read_barrier().await
    }

    /// The newest applied state of this member.
    pub fn view(&self) -> Arc<ReadView> {
        self.member().published.view()
    }

    /// Where this member stands. Cheap: reads published values only.
    pub fn status(&self) -> ConsensusStatus {
        self.member().status()
    }

    /// The newest entry that the log has purged; followers behind it need a snapshot.
    pub fn purged_index(&self) -> LogIndex {
        LogIndex(self.member().purged_index())
    }

    /// Changes whenever the leader or the term changes.
    pub fn leader_changes(&self) -> tokio::sync::watch::Receiver<(Term, Option<MemberId>)> {
        self.member().leadership.current.subscribe()
    }

    /// Bytes held by the state machine's engine.
    pub fn size(&self) -> holdfast_storage::engine::EngineSize {
        self.member().flush.engine().size()
    }

    /// What this member has counted since the start.
    pub fn counters(&self) -> &Counters {
        &self.member().counters
    }

    /// Proposals of this member whose outcome is not known yet.
    pub fn proposals_in_flight(&self) -> u64 {
        self.member().in_flight.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Resolves when this member cannot go on, with the reason; the process must then exit.
    pub async fn ended(&self) -> MemberEnd {
        self.member().failure.wait().await
    }

    /// Has the leader make a change of the membership, and returns once this member has applied it: the index of the
    /// new configuration.
    pub async fn change_members(&self, change: MemberChange) -> Result<LogIndex, ChangeError> {
        self.running.member().change_members(change).await
    }

    /// The newest membership that this member knows of.
    pub async fn configuration(&self) -> Result<Configuration, ProposeError> {
        self.member().configuration().await
    }

    /// Whether this member is a learner (neither votes nor is about to). Cheap enough to ask for every request.
    pub fn is_learner(&self) -> bool {
        self.member().leadership.is_learner()
    }

    /// Hands leadership to `target`, or to the most advanced other voter, if this member leads and there is one that
    /// answers; returns once another member leads. `NoLeader` when nothing can be handed over.
    pub async fn transfer_leadership(&self, target: Option<MemberId>) -> Result<(), ProposeError> {
        self.member().transfer_leadership(target.map(|target| target.0)).await
    }

    /// Calls the application service of another member: `kind` names the call, `payload` is opaque (used for lease
    /// keep-alives, which only the leader's memory can answer).
    pub async fn ask_leader(&self, kind: u32, payload: bytes::Bytes) -> Result<bytes::Bytes, ProposeError> {
        self.member().ask_leader(kind, payload).await
    }

    /// Registers what answers `ask_leader` on this member.
    pub fn serve_asks(&self, handler: Arc<dyn AskHandler>) {
        *self.member().asks.write() = Some(handler);
    }

    /// Hands leadership over, flushes the state and stops taking part. Takes less than two seconds.
    pub async fn stop(&self) {
        self.running.stop().await;
    }
}

/// Answers `Consensus::ask_leader` calls that other members made.
pub trait AskHandler: Send + Sync + 'static {
    /// Answers one call; `None` when this member does not lead.
    fn answer(
        &self,
        kind: u32,
        payload: bytes::Bytes,
    ) -> std::pin::Pin<Box<dyn Future<Output = Option<bytes::Bytes>> + Send + '_>>;
}
