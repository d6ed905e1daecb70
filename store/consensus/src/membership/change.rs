//! A change of the membership as it is asked for, and every way in which it can fail. Plain data only.

use std::collections::BTreeSet;

use holdfast_core::ids::{LogIndex, MemberId};

use crate::handle::ProposeError;

/// What the leader minds when it is asked for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembershipRules {
    /// Whether changes are refused that would leave too few members that have run or that answer.
    pub is_strict: bool,
    /// Most learners at a time.
    pub learners_max: usize,
}

/// etcd's defaults.
impl Default for MembershipRules {
    fn default() -> MembershipRules {
        MembershipRules { is_strict: true, learners_max: 1 }
    }
}

/// A change of the membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberChange {
    /// Takes a member in.
    Add(NewMember),
    /// Makes a learner a voter.
    Promote(MemberId),
    /// Removes a member for good.
    Remove(MemberId),
    /// Says anew where a member is reached.
    Update {
        /// The member.
        member: MemberId,
        /// Where its peers reach it.
        peer_urls: Vec<String>,
    },
    /// Changes many members in one step.
    Replace(Replacement),
}

/// A member to be taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMember {
    /// Its id, new in this cluster.
    pub id: MemberId,
    /// Where its peers reach it.
    pub peer_urls: Vec<String>,
    /// Whether it stays a learner. Otherwise it becomes a voter as soon as it has caught up.
    pub is_learner: bool,
}

/// A change of many members, from a configuration that is named: of two that name the same, one is made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replacement {
    /// The configuration that it begins from.
    pub expected: LogIndex,
    /// Members to be taken in.
    pub add: Vec<NewMember>,
    /// All voters afterwards; empty leaves those that are not removed.
    pub voters: BTreeSet<MemberId>,
    /// Members to be removed for good.
    pub remove: BTreeSet<MemberId>,
}

/// Why a change is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    /// No member has the id.
    #[error("member {:x} not found", .0.0)]
    NotFound(MemberId),
    /// The member with the id was removed, and ids are not used twice.
    #[error("member {:x} was removed", .0.0)]
    Removed(MemberId),
    /// A member has the id already.
    #[error("member {:x} exists", .0.0)]
    Exists(MemberId),
    /// Another member is reached there.
    #[error("another member has the same peer URL")]
    PeerUrlExists,
    /// There are as many learners as are allowed.
    #[error("too many learners")]
    TooManyLearners,
    /// The member votes, or is going to.
    #[error("member {:x} is no learner", .0.0)]
    NotALearner(MemberId),
    /// The learner does not run, or lags too far behind to vote.
    #[error("learner {:x} is not in sync with the leader", .0.0)]
    LearnerNotReady(MemberId),
    /// Of the voters afterwards, too few have ever run.
    #[error("too few started voters")]
    NotEnoughStarted,
    /// Of the voters afterwards, too few answer.
    #[error("too few voters answer")]
    Unhealthy,
    /// The configuration is another one.
    #[error("the configuration is {present}")]
    OtherConfiguration {
        /// The configuration.
        present: LogIndex,
    },
    /// A voter is neither to stay nor to go, or both.
    #[error("it is not clear whether member {:x} is to stay", .0.0)]
    Unclear(MemberId),
    /// Nobody would vote.
    #[error("no voter would be left")]
    NoVoters,
}

/// Why a change has no outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It is not made.
    #[error(transparent)]
    Refused(#[from] MemberRefusal),
    /// It may or may not have been made, or there was nobody to make it.
    #[error(transparent)]
    Propose(#[from] ProposeError),
}
