//! The membership as an operator needs it: its number, who votes, who lags. Must not change anything.

use holdfast_core::ids::LogIndex;

use crate::handle::{Peer, ProposeError};
use crate::member::Member;
use crate::status::peers_of;

/// The newest membership that a member knows of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Configuration {
    /// Index of the log entry that set it; a change names it.
    pub index: LogIndex,
    /// Whether a change is under way.
    pub is_changing: bool,
    /// The members by id.
    pub members: Vec<ConfigurationMember>,
}

/// One member of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigurationMember {
    /// What others know of it.
    pub peer: Peer,
    /// Whether it votes.
    pub votes: bool,
    /// Whether it becomes a voter by itself once it has caught up.
    pub is_joining: bool,
    /// Whether it has ever run.
    pub has_started: bool,
    /// Whether it answers the leader; only the leader knows.
    pub is_active: bool,
    /// Whether its log agrees with the leader's closely enough to vote; only the leader knows.
    pub is_in_sync: bool,
}

impl Member {
    /// The newest membership.
    pub async fn configuration(&self) -> Result<Configuration, ProposeError> {
        let effective = self.effective_membership().await?;
        let roster = self.roster(&effective);
        let members = peers_of(&effective.stored).into_iter().filter_map(|peer| {
            let found = roster.members.get(&peer.id.0)?;
            Some(ConfigurationMember {
                votes: found.votes,
                is_joining: found.node.is_joining,
                has_started: found.has_started,
                is_active: found.is_active,
                is_in_sync: found.votes || found.is_ready_to_vote(),
                peer,
            })
        });
        Ok(Configuration {
            index: effective.configuration(),
            is_changing: !effective.is_committed || effective.is_joint(),
            members: members.collect(),
        })
    }
}
