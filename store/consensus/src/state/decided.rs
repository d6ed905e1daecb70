//! A run of entries between being decided and being announced. Must not apply anything.

use holdfast_core::apply::Effects;
use holdfast_core::response::Applied;
use openraft::storage::ApplyResponder;

use crate::forward::pending::PendingForwards;
use crate::types::{Origin, RaftTypes};

/// A run that the core has decided: it must be written and announced before anything else is applied.
pub struct Decided {
    /// What to write and announce.
    pub effects: Effects,
    /// Who waits for it.
    pub answers: Answers,
    /// Entries in the run.
    pub entries: u64,
    /// Bytes of their commands.
    pub bytes: u64,
}

/// Answers that are ready and must wait until the run is written and published.
pub struct Answers {
    local: Vec<(ApplyResponder<RaftTypes>, Option<Applied>)>,
    forwarded: Vec<(Origin, Applied)>,
}

impl Answers {
    /// None yet, with room for that many.
    pub fn with_capacity(entries: usize) -> Answers {
        Answers { local: Vec::with_capacity(entries), forwarded: Vec::new() }
    }

    /// Adds what became of one entry.
    pub fn add(
        &mut self,
        applied: Option<Applied>,
        origin: Option<Origin>,
        responder: Option<ApplyResponder<RaftTypes>>,
    ) {
        if let (Some(origin), Some(applied)) = (origin, &applied) {
            self.forwarded.push((origin, applied.clone()));
        }
        if let Some(responder) = responder {
            self.local.push((responder, applied));
        }
    }

    /// Gives everyone its answer.
    pub fn send(self, forwards: &PendingForwards) {
        for (responder, applied) in self.local {
            responder.send(applied);
        }
        for (origin, applied) in self.forwarded {
            forwards.complete(origin, applied);
        }
    }
}
