//! Remembers the first failure that ends this member, for whoever waits to end the process. Must not end it itself.

use tokio::sync::watch;

/// The first fatal failure.
pub struct Failure {
    reason: watch::Sender<Option<String>>,
}

impl Failure {
    /// No failure yet.
    pub fn new() -> Failure {
        Failure { reason: watch::Sender::new(None) }
    }

    /// Reports a failure; only the first is kept.
    pub fn report(&self, reason: String) {
        tracing::error!(%reason, "this member cannot go on");
        self.reason.send_if_modified(|kept| {
            let is_first = kept.is_none();
            if is_first {
                *kept = Some(reason);
            }
            is_first
        });
    }

    /// Whether there was one.
    pub fn has_failed(&self) -> bool {
        self.reason.borrow().is_some()
    }

    /// Waits for the first failure.
    pub async fn wait(&self) -> String {
        let mut receiver = self.reason.subscribe();
        let seen = receiver.wait_for(Option::is_some).await;
        seen.ok().and_then(|reason| reason.clone()).expect("the sender lives as long as self")
    }
}
