//! The reasons of all conditions: stable words, each with what it means. The troubleshooting page is checked against
//! this list, and a reason that is not here cannot be reported. Nothing here decides.

use std::fmt;

/// Makes the enum, the list of all, and the text of each from one place.
macro_rules! reasons {
    ($(#[doc = $meaning:literal] $name:ident,)*) => {
        /// Why a condition has its status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = $meaning] $name,)*
        }

        impl Reason {
            /// All of them, in the order in which they are explained.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word itself.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

reasons! {
    /// A linearizable read was answered.
    Serving,
    /// The cluster has not been made yet.
    NotBootstrapped,
    /// Members run but none of them leads, or no linearizable read was answered.
    NotServing,
    /// Pods are ready but the operator reaches none of them, so nothing can be said.
    MembersUnreachable,
    /// Every volume was found empty. The data is gone; the operator makes no new cluster in its place.
    AllMembersLost,
    /// The volume on which the cluster was being made is gone before the cluster was seen running.
    SeedVolumeLost,
    /// The resource is being deleted.
    Deleting,
    /// Everything is as it should be.
    Settled,
    /// The first member is being started, and the others are to follow.
    Bootstrapping,
    /// Something outside has to be there before pods may run.
    WaitingForInputs,
    /// Members are being added.
    ScalingUp,
    /// Members are being removed.
    ScalingDown,
    /// A lost member is being replaced.
    ReplacingMember,
    /// New members are receiving the data.
    CatchingUp,
    /// Pods are being restarted for a new template or version.
    Restarting,
    /// The cluster is being stopped for hibernation.
    FallingAsleep,
    /// The cluster is being started after hibernation.
    WakingUp,
    /// Volumes are being enlarged.
    VolumeGrowing,
    /// Something small is being put in order; the message says what.
    CarryingOut,
    /// A pod is not running yet, or a member is recovering by itself.
    WaitingForMembers,
    /// Nothing has come closer to what is wanted for longer than `progressDeadlineSeconds`.
    ProgressDeadlineExceeded,
    /// All members are healthy.
    AllMembersHealthy,
    /// A member has no pod.
    PodMissing,
    /// A pod cannot be started; the message has Kubernetes' reason.
    PodNotStarting,
    /// A pod is being stopped.
    PodTerminating,
    /// A member runs but is not ready.
    MemberNotReady,
    /// A member does not answer the leader.
    MemberSilent,
    /// A member answers but is behind.
    MemberLagging,
    /// A member is there but has not been taken into the cluster.
    MemberNotTakenIn,
    /// A member's container ends again and again.
    CrashLooping,
    /// A member's container was ended for lack of memory: raise `resources.limits.memory`. Its data is kept.
    OutOfMemory,
    /// A member's node is gone or does not answer.
    NodeLost,
    /// A member's volume is gone or empty.
    VolumeLost,
    /// A member's volume claim is being deleted: its data goes with the next restart of the pod.
    VolumeBeingDeleted,
    /// A member reports damaged data (alarm CORRUPT).
    DataCorrupt,
    /// A process runs with the data of a member that was removed.
    RemovedMember,
    /// A member was added that no pod belongs to. The operator leaves it alone.
    UnknownMember,
    /// More than a quorum of voters is healthy.
    EnoughVoters,
    /// Exactly a quorum of voters is healthy: one more failure stops the cluster.
    NoMargin,
    /// The cluster has one member, so any failure stops it for a while.
    SingleMember,
    /// Fewer voters than a quorum answer. The operator changes nothing until they are back.
    QuorumLost,
    /// A volume or a member belongs to another cluster. Nothing is deleted and nothing is made on it.
    ForeignVolume,
    /// The id of the cluster that is wanted is not the one that this cluster has.
    ClusterIdChanged,
    /// All volumes and members belong to this cluster.
    IdsMatch,
    /// All pods are made from the newest template.
    UpToDate,
    /// The new template's pod does not become healthy: go back by editing the resource, or repair what it names.
    UpdatedPodFailing,
    /// A restart waits until all members are healthy.
    MembersUnhealthy,
    /// A restart waits until the membership is as it should be.
    MembershipUnsettled,
    /// The restart of the only voter would lose its data, since its volume is being deleted.
    OnlyVolumeBeingDeleted,
    /// The version skips a minor version: upgrade one minor version at a time.
    VersionSkipsMinor,
    /// The version is older: set `upgrade.allowDowngrade` if the data allows it.
    DowngradeNotAllowed,
    /// The version is not written as major.minor.patch.
    VersionUnreadable,
    /// A change of size waits until all voters are healthy.
    VoterUnhealthy,
    /// A learner has not caught up with the leader.
    LearnerLagging,
    /// A new member's pod does not run yet.
    NewMemberNotRunning,
    /// Leadership has to go to a member that stays, and none is fit.
    NoSuccessor,
    /// A change of membership is under way in the store.
    MembershipChanging,
    /// Nothing is blocked.
    NotBlocked,
    /// All volumes have the size that is wanted.
    VolumesAsWanted,
    /// The storage class does not let volumes grow: set `allowVolumeExpansion`, or replace members one at a time.
    VolumeNotGrowable,
    /// A member has no room left (alarm NOSPACE): enlarge `storage.size` or `options.quotaBackendBytes`, then disarm.
    NoSpace,
    /// The resource describes a cluster that can be made.
    Valid,
    /// `spec.paused` is set: nothing is changed.
    PausedBySpec,
    /// `spec.paused` is not set.
    NotPaused,
    /// `spec.hibernate` is set and no pod runs.
    Asleep,
    /// `spec.hibernate` is not set.
    Awake,
    /// Pods wait for a person to delete them (`upgrade.strategy: OnDelete`).
    RestartByHand,
    /// No pod waits for a restart by hand.
    NothingPending,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.as_str().to_owned()
    }
}
