//! Handing leadership over. There is no way back once it is begun: the old leader refuses everything until another is
//! elected. So only a voter that answers and has the whole log is asked.

use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::{Instant, RaftMetrics};

use crate::handle::ProposeError;
use crate::limits::TRANSFER_TIMEOUT;
use crate::member::Member;
use crate::types::RaftTypes;

impl Member {
    /// Hands leadership to `target`, or to the most advanced other voter.
    pub async fn transfer_leadership(&self, target: Option<u64>) -> Result<(), ProposeError> {
        if !self.is_leader() {
            return Err(ProposeError::NoLeader);
        }
        match tokio::time::timeout(TRANSFER_TIMEOUT, self.transfer(target)).await {
            Ok(result) => result,
            Err(_) => Err(ProposeError::Timeout),
        }
    }

    async fn transfer(&self, target: Option<u64>) -> Result<(), ProposeError> {
        let chosen = self.wait_for_candidate(target).await?;
        self.raft.trigger().transfer_leader(chosen).await.map_err(|_| ProposeError::Stopped)?;
        let mut current = self.leadership.current.subscribe();
        loop {
            let leader = current.borrow_and_update().1;
            if leader.is_some_and(|leader| leader.0 != self.id) {
                return Ok(());
            }
            current.changed().await.map_err(|_| ProposeError::Stopped)?;
        }
    }

    /// Waits for a voter that has (nearly) the whole log.
    async fn wait_for_candidate(&self, target: Option<u64>) -> Result<u64, ProposeError> {
        let mut metrics = self.raft.metrics();
        let mut patience = tokio::time::interval(Duration::from_millis(20));
        loop {
            let best = {
                let metrics = metrics.borrow_and_update();
                if metrics.membership_config.voter_ids().all(|voter| voter == self.id) {
                    return Err(ProposeError::NoLeader);
                }
                self.candidate(&metrics, target)
            };
            match best {
                Some(member) => return Ok(member),
                None => patience.tick().await,
            };
        }
    }

    /// The voter whose log is furthest, if it is close to this leader's and it answers.
    fn candidate(&self, metrics: &RaftMetrics<RaftTypes>, target: Option<u64>) -> Option<u64> {
        let last = metrics.last_log_index?;
        let replication = metrics.replication.as_ref()?;
        let heartbeats = metrics.heartbeat.as_ref()?;
        let voters: Vec<u64> = metrics.membership_config.voter_ids().collect();
        let answers = |member: &u64| {
            let heard = heartbeats.get(member).copied().flatten();
            heard.is_some_and(|at| at.into_inner().elapsed() < self.election_timeout)
        };
        let candidates = replication.iter().filter(|(member, _)| {
            **member != self.id
                && voters.contains(member)
                && target.is_none_or(|target| target == **member)
                && answers(member)
        });
        let best = candidates.max_by_key(|(_, matched)| matched.as_ref().map(|matched| matched.index))?;
        let matched = best.1.as_ref()?.index;
        // Under load the last few entries are always on their way; the target waits for them before it campaigns.
        (matched + 1000 >= last).then_some(*best.0)
    }
}
