//! The plan while it is being made: what the steps before have decided, for those after to see. Decides nothing itself,
//! but refuses a second disturbing action.

use crate::reason::Reason;
use crate::{Action, ConditionKind};

/// What a change is held up by.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub kind: ConditionKind,
    pub reason: Reason,
    pub message: String,
}

/// A plan under way.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    pub actions: Vec<Action>,
    pub lines: Vec<String>,
    pub blocks: Vec<Block>,
    /// What the cluster is on its way to, the most important first.
    pub under_way: Vec<(Reason, String)>,
    is_closed: bool,
    is_ending: bool,
}

impl Draft {
    /// For a cluster that goes as a whole, where no member is spared.
    pub fn ending() -> Self {
        Self { is_ending: true, ..Self::default() }
    }

    /// Decides an action, and says so.
    pub fn act(&mut self, action: Action, line: impl Into<String>) {
        assert!(
            self.is_ending || !(action.disturbs() && self.disturbs()),
            "no step disturbs members when one before it does"
        );
        self.actions.push(action);
        self.lines.push(line.into());
    }

    /// Says what is waited for.
    pub fn wait(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// Says what a change is held up by.
    pub fn block(&mut self, kind: ConditionKind, reason: Reason, message: impl Into<String>) {
        let message = message.into();
        self.lines.push(format!("Held up: {message}"));
        self.blocks.push(Block { kind, reason, message });
    }

    /// Says what the cluster is on its way to.
    pub fn on_the_way(&mut self, reason: Reason, message: impl Into<String>) {
        self.under_way.push((reason, message.into()));
    }

    /// Ends planning for this round.
    pub fn close(&mut self) {
        self.is_closed = true;
    }

    /// Whether planning has ended for this round.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether an action disturbs members.
    pub fn disturbs(&self) -> bool {
        self.actions.iter().any(Action::disturbs)
    }

    /// Whether the membership will be another one after this plan, so that nothing more may be decided on it.
    pub fn changes_membership(&self) -> bool {
        let changes =
            |action: &Action| matches!(action, Action::AddLearners { .. } | Action::ChangeVoters { .. });
        self.actions.iter().any(changes)
    }

    /// Whether the StatefulSet is touched, so that pods may not be as they were observed afterwards.
    pub fn touches_workload(&self) -> bool {
        let touches =
            |action: &Action| matches!(action, Action::ApplyWorkload { .. } | Action::OrphanWorkload);
        self.actions.iter().any(touches)
    }

    /// The first thing that holds up a kind of change.
    pub fn block_of(&self, kind: ConditionKind) -> Option<&Block> {
        self.blocks.iter().find(|block| block.kind == kind)
    }
}
