//! The toy world's state: what Kubernetes and the store's volumes hold. Time is counted in ticks. Decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use holdfast_plan::{ClusterId, Desired, MemberId, Memory, NodeLossPolicy, Rollout, VolumePolicy};

/// How long a tick is for ages in observations.
pub const TICK_SECONDS: u64 = 10;

pub const CLUSTER: ClusterId = ClusterId(0xc1);
const GIB: u64 = 1 << 30;

/// Everything there is.
#[derive(Clone, Debug)]
pub struct World {
    pub now: u64,
    pub desired: Desired,
    /// The resource's status, and how often it was written.
    pub memory: Memory,
    pub memory_version: u64,
    pub workload: Option<Workload>,
    pub pods: BTreeMap<u32, Pod>,
    pub claims: BTreeMap<u32, Claim>,
    /// Which part of the network an ordinal is in; the operator is in part 0, as is who is not named.
    pub parts: BTreeMap<u32, u8>,
    /// Learners that receive nothing for now.
    pub slow: BTreeSet<u32>,
    /// Templates whose pods never start.
    pub bad_templates: BTreeSet<String>,
    /// Templates that differ from another in nothing but resources: from, to.
    pub resizes: BTreeSet<(String, String)>,
    pub leader: Option<MemberId>,
    pub started: BTreeSet<MemberId>,
    /// The configurations by the log entry that set them.
    pub configurations: BTreeMap<u64, Configuration>,
    /// Log entries that were acknowledged, in order.
    pub acknowledged: Vec<u64>,
    /// All data was lost, so that nothing can be asked of it any more.
    pub is_lost: bool,
    /// How often a blank member was made the first of a cluster.
    pub initialized: u32,
    last_number: u64,
}

/// The StatefulSet.
#[derive(Clone, Debug)]
pub struct Workload {
    pub replicas: u32,
    pub template: String,
    pub claim_bytes: u64,
}

/// A pod with its container.
#[derive(Clone, Debug)]
pub struct Pod {
    pub uid: String,
    pub template: String,
    /// When its process answers, if nothing is in the way.
    pub starts_at: u64,
    pub is_deleting: bool,
    pub node_lost_at: Option<u64>,
    pub node_returns_at: Option<u64>,
    pub unready_since: u64,
    pub restarts: u32,
    pub last_exit_code: Option<i32>,
}

/// A claim with its volume.
#[derive(Clone, Debug)]
pub struct Claim {
    pub uid: String,
    pub label: Option<ClusterId>,
    pub requested_bytes: u64,
    pub capacity_bytes: u64,
    pub is_deleting: bool,
    pub node_lost_at: Option<u64>,
    pub data: Option<Data>,
    pub is_damaged: bool,
}

/// What a member has written.
#[derive(Clone, Debug)]
pub struct Data {
    pub member: MemberId,
    /// Entries by number. Logs of one cluster are always beginnings of each other.
    pub log: Vec<u64>,
    /// It was told that it is no member any more.
    pub is_removed: bool,
}

/// Who belongs to the cluster from some entry on.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    pub ordinals: BTreeMap<MemberId, u32>,
    pub voters: BTreeSet<MemberId>,
    /// While a joint change is under way: who votes and who goes when it is finished.
    pub next: Option<(BTreeSet<MemberId>, BTreeSet<MemberId>)>,
}

impl World {
    pub fn new(replicas: u32) -> Self {
        let desired = Desired {
            replicas,
            is_hibernating: false,
            is_paused: false,
            cluster_id: CLUSTER,
            template_hash: "t0".to_owned(),
            version: "1.0.0".to_owned(),
            is_downgrade_allowed: false,
            volume_size_bytes: GIB,
            rollout: Rollout::RollingUpdate,
            volume_policy: VolumePolicy::Retain,
            node_loss: NodeLossPolicy::Auto,
            replace_after_seconds: 300,
            crash_loop_threshold: 5,
            progress_deadline_seconds: 600,
        };
        Self {
            now: 0,
            desired,
            memory: Memory::default(),
            memory_version: 0,
            workload: None,
            pods: BTreeMap::new(),
            claims: BTreeMap::new(),
            parts: BTreeMap::new(),
            slow: BTreeSet::new(),
            bad_templates: BTreeSet::new(),
            resizes: BTreeSet::new(),
            leader: None,
            started: BTreeSet::new(),
            configurations: BTreeMap::new(),
            acknowledged: Vec::new(),
            is_lost: false,
            initialized: 0,
            last_number: 0,
        }
    }

    /// A number that was never given before.
    pub fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    pub fn part(&self, ordinal: u32) -> u8 {
        self.parts.get(&ordinal).copied().unwrap_or_default()
    }

    /// Whether the newest template would start.
    pub fn is_template_good(&self) -> bool {
        !self.bad_templates.contains(&self.desired.template_hash)
    }
}

/// How many of so many decide.
pub fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}
