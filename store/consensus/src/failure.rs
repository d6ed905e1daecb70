//! Remembers the first reason that ends this member, for whoever waits to end the process. Must not end it itself.

use tokio::sync::watch;

/// Why a member cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MemberEnd {
    /// Storage or Raft has failed for good.
    #[error("{0}")]
    Failed(String),
    /// It was removed from the cluster.
    #[error("this member was removed from the cluster")]
    Removed,
}

/// The first reason.
pub struct Failure {
    end: watch::Sender<Option<MemberEnd>>,
}

impl Failure {
    /// No reason yet.
    pub fn new() -> Failure {
        Failure { end: watch::Sender::new(None) }
    }

    /// Reports a failure; only the first reason is kept.
    pub fn report(&self, reason: String) {
        tracing::error!(%reason, "this member cannot go on");
        self.keep(MemberEnd::Failed(reason));
    }

    /// Reports that this member was removed.
    pub fn report_removal(&self) {
        self.keep(MemberEnd::Removed);
    }

    fn keep(&self, end: MemberEnd) {
        self.end.send_if_modified(|kept| {
            let is_first = kept.is_none();
            if is_first {
                *kept = Some(end);
            }
            is_first
        });
    }

    /// Whether storage or Raft has failed.
    pub fn has_failed(&self) -> bool {
        matches!(*self.end.borrow(), Some(MemberEnd::Failed(_)))
    }

    /// Whether there was any reason.
    pub fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// Waits for the first reason.
    pub async fn wait(&self) -> MemberEnd {
        let mut receiver = self.end.subscribe();
        let seen = receiver.wait_for(Option::is_some).await;
        seen.ok().and_then(|end| end.clone()).expect("the sender lives as long as self")
    }
}
