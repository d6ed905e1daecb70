//! One running member: what its tasks and its callers share. Must not contain behaviour that has a file of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use holdfast_core::ids::{MemberId, Term};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Semaphore, watch};

use crate::counters::Counters;
use crate::data_dir::DataDir;
use crate::failure::Failure;
use crate::forward::client::ForwardQueue;
use crate::forward::pending::PendingForwards;
use crate::handle::{AskHandler, MembershipRules, Peer};
use crate::leader_heard::LeaderHeard;
use crate::limits::{LEADER_RETRY_PAUSE, REQUEST_TIMEOUT_BASE};
use crate::log::sole_voter::SoleVoter;
use crate::log::tail::LogTail;
use crate::log::thread::LogQueue;
use crate::membership::removed::RemovedMembers;
use crate::peers::book::PeerBook;
use crate::peers::vote_hold::VoteHold;
use crate::read_barrier::ReadBarrier;
use crate::state::flush::FlushClock;
use crate::state::published::Published;
use crate::status::peers_of;
use crate::types::{MemberNode, Raft, StoredMembership, outer_index};

/// A running member.
pub struct Member {
    /// Raft itself.
    pub raft: Raft,
    /// This member's id.
    pub id: u64,
    /// The election timeout as configured.
    pub election_timeout: Duration,
    /// Connections to the others.
    pub book: Arc<PeerBook>,
    /// The newest applied state.
    pub published: Arc<Published>,
    /// What the log holds.
    pub tail: Arc<Mutex<LogTail>>,
    /// Index of the newest committed entry, counted from 1.
    pub committed: Arc<AtomicU64>,
    /// The way to the log thread.
    pub log_queue: Arc<LogQueue>,
    /// Whether this member decides alone.
    pub sole_voter: Arc<SoleVoter>,
    /// When and how far the state is flushed.
    pub flush: Arc<FlushClock>,
    /// Commands that this member forwarded.
    pub forwards: Arc<PendingForwards>,
    /// Commands about to be forwarded.
    pub forward_queue: ForwardQueue,
    /// Linearizable reads that wait.
    pub barrier: ReadBarrier,
    /// Whether votes are withheld.
    pub vote_hold: VoteHold,
    /// Files.
    pub data_dir: Arc<DataDir>,
    /// Why this member cannot go on, if so.
    pub failure: Arc<Failure>,
    /// What answers asks of other members.
    pub asks: RwLock<Option<Arc<dyn AskHandler>>>,
    /// Who leads.
    pub leadership: Leadership,
    /// When the leader was last heard.
    pub heard: LeaderHeard,
    /// One permit: a second snapshot is not received beside the first.
    pub receiving: Semaphore,
    /// Proposals under way here.
    pub in_flight: Arc<AtomicU64>,
    /// Where to count.
    pub counters: Arc<Counters>,
    /// What it minds when it is asked to change the membership.
    pub rules: MembershipRules,
    /// Held while the membership is being changed here.
    pub changes: Arc<tokio::sync::Mutex<()>>,
    /// Members that there were.
    pub removed: Arc<RemovedMembers>,
    /// Set once this member is being stopped.
    pub is_stopping: AtomicBool,
}

/// Who leads and who belongs, as last published by Raft.
pub struct Leadership {
    /// Term and leader.
    pub current: watch::Sender<(Term, Option<MemberId>)>,
    /// The leader's id, 0 when there is none; the same as in `current`, cheaper to read.
    leader: AtomicU64,
    /// How often the leader changed.
    pub changes: AtomicU64,
    /// Everyone in the membership.
    pub peers: ArcSwap<Vec<Peer>>,
    is_learner: AtomicBool,
}

impl Default for Leadership {
    fn default() -> Leadership {
        Leadership {
            current: watch::Sender::new((Term(0), None)),
            leader: AtomicU64::new(0),
            changes: AtomicU64::new(0),
            peers: ArcSwap::default(),
            is_learner: AtomicBool::new(false),
        }
    }
}

impl Leadership {
    /// The leader, if one is known.
    pub fn leader(&self) -> Option<u64> {
        match self.leader.load(Ordering::Acquire) {
            0 => None,
            leader => Some(leader),
        }
    }

    /// Takes over what Raft says.
    pub fn update(&self, term: u64, leader: Option<u64>) {
        let previous = self.leader.swap(leader.unwrap_or(0), Ordering::AcqRel);
        if previous != leader.unwrap_or(0) && leader.is_some() {
            self.changes.fetch_add(1, Ordering::Relaxed);
        }
        let next = (Term(term), leader.map(MemberId));
        self.current.send_if_modified(|current| {
            let is_news = *current != next;
            *current = next;
            is_news
        });
    }

    /// Takes over who belongs to the cluster, as `member` sees it.
    pub fn update_members(&self, member: u64, membership: &StoredMembership) {
        let peers = peers_of(membership);
        if **self.peers.load() == peers && !peers.is_empty() {
            return;
        }
        let own = peers.iter().find(|peer| peer.id.0 == member);
        self.is_learner.store(own.is_some_and(|own| own.is_learner), Ordering::Release);
        self.peers.store(Arc::new(peers));
    }

    /// Whether this member neither votes nor is about to.
    pub fn is_learner(&self) -> bool {
        self.is_learner.load(Ordering::Acquire)
    }

    /// How a member is reached.
    pub fn node(&self, member: u64) -> Option<MemberNode> {
        let peers = self.peers.load();
        let peer = peers.iter().find(|peer| peer.id.0 == member)?;
        Some(MemberNode {
            name: peer.name.clone(),
            peer_urls: peer.peer_urls.clone(),
            ..MemberNode::default()
        })
    }
}

impl Member {
    /// How long a proposal or a linearizable read may take (etcd's request timeout).
    pub fn request_timeout(&self) -> Duration {
        REQUEST_TIMEOUT_BASE + 2 * self.election_timeout
    }

    /// Whether this member believes that it leads.
    pub fn is_leader(&self) -> bool {
        self.leadership.leader() == Some(self.id)
    }

    /// Newest committed entry that Raft spoke of, counted from 1.
    pub fn committed_index(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Newest entry of the log, counted from 1.
    pub fn last_index(&self) -> u64 {
        self.tail.lock().last().map_or(0, |last| outer_index(last.index))
    }

    /// Newest purged entry, counted from 1.
    pub fn purged_index(&self) -> u64 {
        self.tail.lock().purged().map_or(0, |purged| outer_index(purged.index))
    }

    /// Waits until the leader or the term changes, or for a short while.
    pub async fn leadership_moved(&self) {
        let mut current = self.leadership.current.subscribe();
        // An early end of either is a reason to look again.
        let _ = tokio::time::timeout(LEADER_RETRY_PAUSE, current.changed()).await;
    }
}
