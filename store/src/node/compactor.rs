//! Compaction by itself, on the leader only: when and up to where, decided without a clock, and the loop that carries
//! it out. Members that do not lead keep watching the revision, so that a new leader goes on where the old one was.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use holdfast_core::command::Operation;
use holdfast_core::error::{ApplyError, RevisionError};
use holdfast_core::ids::Revision;
use tokio::time::Instant;

use super::{Node, NodeError};
use crate::config::AutoCompaction;
use crate::limits::{
    COMPACTION_LOOK_INTERVAL_MIN, COMPACTION_LOOKS_PER_STEP, COMPACTION_REVISION_INTERVAL,
    COMPACTION_STEP_MAX,
};

/// Decides what to compact, from what it is shown at each look.
#[derive(Debug)]
enum Policy {
    Periodic(Periodic),
    Revision { keep: i64, compacted: Revision },
}

/// Keeps the history of a period: remembers the revision at every look, and compacts to the oldest that it remembers
/// once that is a period old; from then on once a step.
#[derive(Debug)]
struct Periodic {
    period: Duration,
    /// The period, or an hour for longer ones.
    step: Duration,
    /// Revisions at the last looks, oldest first; as many as fill the period.
    seen: VecDeque<Revision>,
    compacted: Revision,
    /// When the last compaction took place; at first, when the watching began.
    since: Duration,
    is_first: bool,
}

impl Periodic {
    fn new(period: Duration) -> Periodic {
        Periodic {
            period,
            step: period.min(COMPACTION_STEP_MAX),
            seen: VecDeque::new(),
            compacted: Revision(0),
            since: Duration::ZERO,
            is_first: true,
        }
    }

    fn look_interval(&self) -> Duration {
        (self.step / COMPACTION_LOOKS_PER_STEP).max(COMPACTION_LOOK_INTERVAL_MIN)
    }

    fn seen_max(&self) -> usize {
        let looks = self.period.as_nanos() / self.look_interval().as_nanos().max(1);
        usize::try_from(looks).unwrap_or(usize::MAX - 1) + 1
    }

    fn look(&mut self, now: Duration, revision: Revision) -> Option<Revision> {
        if self.seen.len() == self.seen_max() {
            self.seen.pop_front();
        }
        self.seen.push_back(revision);
        let oldest = *self.seen.front()?;
        let wait = if self.is_first { self.period } else { self.step };
        (now.saturating_sub(self.since) >= wait && oldest > self.compacted).then_some(oldest)
    }

    fn compacted(&mut self, now: Duration, revision: Revision) {
        self.is_first = false;
        self.since = now;
        self.compacted = revision;
    }
}

impl Policy {
    fn new(policy: AutoCompaction) -> Policy {
        match policy {
            AutoCompaction::Periodic(period) => Policy::Periodic(Periodic::new(period)),
            AutoCompaction::Revision(keep) => Policy::Revision { keep, compacted: Revision(0) },
        }
    }

    /// Pause between two looks.
    fn look_interval(&self) -> Duration {
        match self {
            Policy::Periodic(periodic) => periodic.look_interval(),
            Policy::Revision { .. } => COMPACTION_REVISION_INTERVAL,
        }
    }

    /// What to compact to, `now` after the watching began and at `revision`.
    fn look(&mut self, now: Duration, revision: Revision) -> Option<Revision> {
        match self {
            Policy::Periodic(periodic) => periodic.look(now, revision),
            Policy::Revision { keep, compacted } => {
                let target = Revision(revision.0.saturating_sub(*keep));
                (target > *compacted && target.0 > 0).then_some(target)
            }
        }
    }

    /// History up to `revision` is gone.
    fn compacted(&mut self, now: Duration, revision: Revision) {
        match self {
            Policy::Periodic(periodic) => periodic.compacted(now, revision),
            Policy::Revision { compacted, .. } => *compacted = revision,
        }
    }
}

impl Node {
    /// Compacts by `policy` from now on, for as long as the node lives.
    pub fn start_compactor(self: &Arc<Self>, policy: AutoCompaction) {
        tokio::spawn(run(Arc::downgrade(self), Policy::new(policy)));
    }

    fn leads(&self) -> bool {
        self.leadership.borrow().1 == Some(self.member_id)
    }
}

async fn run(node: Weak<Node>, mut policy: Policy) {
    let began = Instant::now();
    loop {
        if let Some(node) = node.upgrade() {
            look(&node, &mut policy, began).await;
        } else {
            return;
        }
        tokio::time::sleep(policy.look_interval()).await;
    }
}

async fn look(node: &Node, policy: &mut Policy, began: Instant) {
    let revision = node.view().head().revision;
    let Some(target) = policy.look(began.elapsed(), revision) else { return };
    if !node.leads() {
        return;
    }
    match node.propose(Operation::Compact { revision: target }).await {
        Ok(_) => {
            tracing::info!(revision = target.0, "history was compacted by the rule that was set");
            policy.compacted(began.elapsed(), target);
        }
        // A client was quicker.
        Err(NodeError::Apply(ApplyError::Compact(RevisionError::Compacted { .. }))) => {
            policy.compacted(began.elapsed(), target)
        }
        Err(error) => {
            tracing::warn!(revision = target.0, %error, "compaction failed; trying again at the next look")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Looks as often as the policy wants, with one revision a minute, and lists `(minute, target)` of each compaction.
    fn compactions(mut policy: Policy, minutes: u32) -> Vec<(u64, i64)> {
        let interval = policy.look_interval();
        let mut found = Vec::new();
        let mut now = Duration::ZERO;
        while now <= MINUTE * minutes {
            let minute = now.as_secs() / 60;
            let revision = Revision(minute.try_into().unwrap());
            if let Some(target) = policy.look(now, revision) {
                policy.compacted(now, target);
                found.push((minute, target.0));
            }
            now += interval;
        }
        found
    }

    #[test]
    fn periods_above_an_hour_are_compacted_hourly_to_what_is_a_period_old() {
        let policy = Policy::new(AutoCompaction::Periodic(MINUTE * 180));
        assert_eq!(policy.look_interval(), MINUTE * 6);
        // The revision was 0 when the watching began; there was nothing to compact then.
        assert_eq!(compactions(policy, 380), [(186, 6), (246, 66), (306, 126), (366, 186)]);
    }

    #[test]
    fn shorter_periods_are_compacted_once_a_period() {
        let policy = Policy::new(AutoCompaction::Periodic(MINUTE * 10));
        assert_eq!(policy.look_interval(), MINUTE);
        assert_eq!(compactions(policy, 35), [(11, 1), (21, 11), (31, 21)]);
    }

    #[test]
    fn nothing_new_is_not_compacted_again() {
        let mut periodic = Periodic::new(MINUTE);
        let looks = (0..30u32).filter_map(|look| {
            let now = MINUTE / 10 * look;
            let target = periodic.look(now, Revision(5))?;
            periodic.compacted(now, target);
            Some((look, target.0))
        });
        assert_eq!(looks.collect::<Vec<_>>(), [(10, 5)]);
    }

    #[test]
    fn a_failed_compaction_is_tried_again_at_the_next_look() {
        let mut periodic = Periodic::new(MINUTE);
        for look in 0..10u32 {
            assert_eq!(periodic.look(MINUTE / 10 * look, Revision(1)), None);
        }
        assert_eq!(periodic.look(MINUTE, Revision(1)), Some(Revision(1)));
        assert_eq!(periodic.look(MINUTE / 10 * 11, Revision(1)), Some(Revision(1)));
    }

    #[test]
    fn tiny_periods_do_not_spin() {
        let policy = Policy::new(AutoCompaction::Periodic(Duration::from_millis(1)));
        assert_eq!(policy.look_interval(), COMPACTION_LOOK_INTERVAL_MIN);
    }

    #[test]
    fn by_revision_the_last_ones_are_kept() {
        let mut policy = Policy::new(AutoCompaction::Revision(100));
        assert_eq!(policy.look_interval(), Duration::from_secs(300));
        assert_eq!(policy.look(Duration::ZERO, Revision(100)), None);
        assert_eq!(policy.look(Duration::ZERO, Revision(150)), Some(Revision(50)));
        policy.compacted(Duration::ZERO, Revision(50));
        assert_eq!(policy.look(Duration::ZERO, Revision(150)), None);
        assert_eq!(policy.look(Duration::ZERO, Revision(151)), Some(Revision(51)));
    }
}
