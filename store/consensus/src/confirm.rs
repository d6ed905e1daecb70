//! A leader's proof that it still leads, by votes alone: a voter that holds its vote for this leader's term has helped no
//! later leader, and with a majority of such voters there is none. Votes are read from memory, so neither side waits for
//! a disk or for Raft's queue, and only as many voters are asked as are needed. Must not change anything.

use std::sync::atomic::Ordering;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use holdfast_proto::peer;

use crate::limits::CONFIRM_FEW_TIMEOUT;
use crate::log::sole_voter::Leading;
use crate::member::Member;
use crate::peers::book::Purpose;

impl Member {
    /// The term in which this member holds its vote for `leader`, if its vote may be relied on: a vote is in memory
    /// before it is given, and after a restart it is read from the log.
    pub fn voted_term(&self, leader: u64) -> Option<u64> {
        if self.vote_hold.is_held() {
            return None;
        }
        let vote = self.tail.lock().vote()?;
        (vote.leader_id.voted_for == leader).then_some(vote.leader_id.term)
    }

    /// The index to be applied before a read, when the asking voter's own vote is all that a leader needs.
    pub fn index_confirmed_by(&self, voter: u64, voted_term: u64) -> Option<u64> {
        let leading = self.sole_voter.leading()?;
        let is_enough = others_needed(&leading) <= 1 && leading.voters.contains(&voter);
        (is_enough && leading.term == voted_term).then(|| self.acknowledged_index())
    }

    /// The index to be applied before a read, once a majority has confirmed this leader; `None` when that is not to be
    /// had, and Raft has to find out why.
    pub async fn confirm_by_votes(&self) -> Option<u64> {
        // Read before anybody is asked: what others acknowledged until now was committed by this leader or before it.
        let leading = self.sole_voter.leading()?;
        let index = self.acknowledged_index();
        let needed = others_needed(&leading);
        let mut others: Vec<u64> = leading.voters.iter().copied().filter(|voter| *voter != self.id).collect();
        let start = self.barrier.first_voter.load(Ordering::Relaxed) % others.len().max(1);
        others.rotate_left(start);
        let few = self.holds_vote_of(&others[..needed], needed, leading.term);
        if let Ok(true) = tokio::time::timeout(CONFIRM_FEW_TIMEOUT, few).await {
            return Some(index);
        }
        self.barrier.first_voter.fetch_add(1, Ordering::Relaxed);
        let all = self.holds_vote_of(&others, needed, leading.term);
        let is_confirmed = tokio::time::timeout(self.election_timeout / 2, all).await;
        is_confirmed.unwrap_or(false).then_some(index)
    }

    /// Nothing above this index (counted from 1) was acknowledged by anyone while this member led: it acknowledges what
    /// it has applied, and others what it told them was committed.
    fn acknowledged_index(&self) -> u64 {
        self.published.applied_index().max(self.book.told_committed())
    }

    /// Whether that many of these voters say that they hold their vote for this member.
    async fn holds_vote_of(&self, voters: &[u64], needed: usize, term: u64) -> bool {
        let mut asked: FuturesUnordered<_> = voters.iter().map(|voter| self.ask_vote(*voter, term)).collect();
        let mut confirmed = 0;
        while confirmed < needed {
            match asked.next().await {
                Some(true) => confirmed += 1,
                Some(false) => {}
                None => return false,
            }
        }
        true
    }

    async fn ask_vote(&self, voter: u64, term: u64) -> bool {
        let Some(node) = self.leadership.node(voter) else { return false };
        let Ok(mut client) = self.book.client(voter, &node, Purpose::Forward) else { return false };
        let request = peer::ConfirmRequest { header: Some(self.book.header(voter)), term };
        client.confirm(request).await.is_ok_and(|answer| answer.into_inner().confirmed)
    }
}

/// How many voters must confirm a leader beside itself.
fn others_needed(leading: &Leading) -> usize {
    leading.voters.len() / 2
}
