//! Applies: one core batch and one engine write for each committed run, then readers, watchers and proposers hear of it
//! in this order. The only place where replicated state changes; on the apply thread, or for a brief command on Raft's.

use std::io;
use std::sync::{Arc, mpsc};
use std::time::Instant;

use holdfast_core::apply::Machine;
use holdfast_core::codec;
use holdfast_core::ids::MemberId;
use holdfast_core::rows::{Rows, RowsFault};
use holdfast_storage::engine::{Engine, EngineFault};
use openraft::EntryPayload;
use openraft::storage::EntryResponder;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::decided::{Answers, Decided};
use super::engines::Engines;
use super::flush::{FlushClock, StatePosition};
use super::published::Published;
use crate::counters::Counters;
use crate::data_dir::{DataDir, DataDirError};
use crate::entry_codec::{DamagedLog, decode_membership, encode_membership, payload_size};
use crate::failure::Failure;
use crate::forward::pending::PendingForwards;
use crate::handle::{AppliedNews, ApplyObserver};
use crate::limits::{OUT_OF_SPACE_PAUSE, QUICK_APPLY_MAX};
use crate::log::sole_voter::SoleVoter;
use crate::membership::removed::RemovedMembers;
use crate::snapshot::data::SnapshotFolder;
use crate::types::{RaftTypes, StoredMembership, log_id_at, position_of};

/// An answer to whoever sent a job.
pub type Done<T> = oneshot::Sender<Result<T, io::Error>>;

/// Work for the apply thread.
pub enum Job {
    /// Apply committed entries.
    Apply {
        /// The entries, ascending, each with whoever proposed it here.
        entries: Vec<EntryResponder<RaftTypes>>,
        /// To answer when all are applied.
        done: Done<()>,
    },
    /// Finish a run that was decided elsewhere.
    Finish {
        /// The run.
        decided: Decided,
        /// To answer when it is applied.
        done: Done<()>,
    },
    /// Tell where the state stands.
    Position {
        /// To answer.
        done: Done<StatePosition>,
    },
    /// Make a copy of the state as it stands.
    Checkpoint {
        /// To answer with the copy and its position.
        done: Done<(StatePosition, SnapshotFolder)>,
    },
    /// Replace the state by a snapshot.
    Install {
        /// What the snapshot is of.
        position: StatePosition,
        /// Its files, verified and durable.
        folder: SnapshotFolder,
        /// To answer when it is in place.
        done: Done<()>,
    },
}

/// Why applying cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ApplyFault {
    /// A row could not be read.
    #[error(transparent)]
    Rows(#[from] RowsFault),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// An entry or a stored value cannot be decoded.
    #[error(transparent)]
    Damaged(#[from] DamagedLog),
    /// A command cannot be decoded.
    #[error("command at index {index} cannot be decoded: {reason}")]
    Command {
        /// Where it stands, counted from 1.
        index: u64,
        /// What the codec said.
        reason: String,
    },
    /// Raft handed over an entry that the state already includes.
    #[error("entry {index} was applied before")]
    AppliedBefore {
        /// Where it stands, counted from 1.
        index: u64,
    },
    /// The data folder cannot be changed.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A snapshot is not of what it claims.
    #[error("the snapshot's files stand at index {found}, not {expected}")]
    OtherSnapshot {
        /// What its files say.
        found: u64,
        /// What was announced.
        expected: u64,
    },
}

/// What the thread shares with the rest of the member.
#[derive(Clone)]
pub struct WorkerParts {
    /// Readers' view.
    pub published: Arc<Published>,
    /// Whoever derives state from applied entries.
    pub observer: Arc<dyn ApplyObserver>,
    /// Told of the applied term.
    pub sole_voter: Arc<SoleVoter>,
    /// Commands that this member forwarded.
    pub forwards: Arc<PendingForwards>,
    /// Told of what was written.
    pub flush: Arc<FlushClock>,
    /// Opens a snapshot's files.
    pub engines: Arc<dyn Engines>,
    /// Where the files are.
    pub data_dir: Arc<DataDir>,
    /// Where to report the end.
    pub failure: Arc<Failure>,
    /// Told of members that are removed.
    pub removed: Arc<RemovedMembers>,
    /// Where to count.
    pub counters: Arc<Counters>,
}

/// The apply thread's state.
pub struct ApplyWorker {
    parts: WorkerParts,
    engine: Arc<dyn Engine>,
    machine: Machine,
    rows: Arc<dyn Rows>,
    membership: StoredMembership,
    is_quick: bool,
}

/// Works until nobody can send jobs any more, or until one fails.
pub fn run(worker: &Mutex<ApplyWorker>, jobs: &mpsc::Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        if worker.lock().serve(job).is_err() {
            return;
        }
    }
}

/// Where a loaded state stands.
pub fn load_position(machine: &Machine, rows: &Arc<dyn Rows>) -> Result<StatePosition, ApplyFault> {
    let applied = log_id_at(machine.head().applied);
    let membership = match machine.read_view(Arc::clone(rows)).membership()? {
        Some((position, encoded)) => StoredMembership::new(log_id_at(position), decode_membership(encoded)?),
        None => StoredMembership::default(),
    };
    Ok(StatePosition { applied, membership })
}

impl ApplyWorker {
    /// A worker on a loaded state.
    pub fn new(
        parts: WorkerParts,
        engine: Arc<dyn Engine>,
        machine: Machine,
        rows: Arc<dyn Rows>,
        membership: StoredMembership,
    ) -> ApplyWorker {
        ApplyWorker { parts, engine, machine, rows, membership, is_quick: true }
    }

    /// Applies a run on the caller's thread, if the engine takes it at once; else gives back what was decided, to be
    /// finished where waiting does no harm, before anything else is applied.
    pub fn apply_here(
        &mut self,
        entries: Vec<EntryResponder<RaftTypes>>,
    ) -> Result<Option<Decided>, ApplyFault> {
        let outcome = self.decide(entries).and_then(|decided| self.try_finish(decided));
        outcome.inspect_err(|fault| self.report(fault))
    }

    /// Whether the engine's last write was short enough to wait for the next one.
    pub fn is_quick(&self) -> bool {
        self.is_quick
    }

    fn report(&self, fault: &ApplyFault) {
        self.parts.failure.report(format!("the state cannot be changed: {fault}"));
    }

    /// Serves one job. A fault goes to whoever sent it and is the end.
    fn serve(&mut self, job: Job) -> Result<(), ApplyFault> {
        self.carry_out(job).inspect_err(|fault| self.report(fault))
    }

    fn carry_out(&mut self, job: Job) -> Result<(), ApplyFault> {
        match job {
            Job::Apply { entries, done } => answer(done, self.apply(entries)),
            Job::Finish { decided, done } => answer(done, self.finish(decided)),
            Job::Position { done } => answer(done, Ok(self.position())),
            Job::Checkpoint { done } => {
                // A copy that cannot be made, of a disk that is full, only keeps one follower waiting.
                let _ = done.send(self.checkpoint().map_err(io::Error::other));
                Ok(())
            }
            Job::Install { position, folder, done } => answer(done, self.install(position, folder)),
        }
    }

    fn position(&self) -> StatePosition {
        StatePosition { applied: log_id_at(self.machine.head().applied), membership: self.membership.clone() }
    }

    fn apply(&mut self, entries: Vec<EntryResponder<RaftTypes>>) -> Result<(), ApplyFault> {
        let decided = self.decide(entries)?;
        self.finish(decided)
    }

    /// Writes and announces a run, waiting for room as long as the disk is full: the entries are committed and cannot
    /// be refused.
    fn finish(&mut self, mut decided: Decided) -> Result<(), ApplyFault> {
        while let Some(unwritten) = self.try_finish(decided)? {
            std::thread::sleep(OUT_OF_SPACE_PAUSE);
            decided = unwritten;
        }
        Ok(())
    }

    /// Writes and announces a run; gives it back when the disk is full.
    fn try_finish(&mut self, decided: Decided) -> Result<Option<Decided>, ApplyFault> {
        let started = Instant::now();
        match self.engine.write(&decided.effects.rows) {
            Ok(()) => {}
            Err(fault) if fault.out_of_space => {
                tracing::warn!(reason = %fault.reason, "no space to apply entries; trying again");
                self.parts.data_dir.release_reserve();
                self.is_quick = false;
                return Ok(Some(decided));
            }
            Err(fault) => return Err(fault.into()),
        }
        let took = started.elapsed();
        self.parts.counters.state_writes.record(took);
        self.is_quick = took <= QUICK_APPLY_MAX;
        self.announce(decided);
        Ok(None)
    }

    /// Readers, watchers and proposers hear of a run that is written, in this order.
    fn announce(&mut self, decided: Decided) {
        let Decided { effects, answers, entries, bytes } = decided;
        self.rows = self.engine.view();
        let view = self.machine.read_view(Arc::clone(&self.rows));
        self.parts.published.publish(view.clone());
        self.parts.sole_voter.set_applied_term(view.head().applied.term.0);
        self.parts.flush.applied(self.position(), entries, bytes);
        self.parts.observer.applied(AppliedNews {
            view,
            events: effects.events,
            leases: effects.leases,
            compacted: effects.compacted,
            auth_changed: effects.auth_changed,
            replaced: false,
        });
        answers.send(&self.parts.forwards);
        self.parts.published.complete();
    }

    /// Runs the core over the entries.
    fn decide(&mut self, entries: Vec<EntryResponder<RaftTypes>>) -> Result<Decided, ApplyFault> {
        let count = entries.len() as u64;
        let bytes = entries.iter().map(|(entry, _)| payload_size(&entry.payload) as u64).sum();
        let mut answers = Answers::with_capacity(entries.len());
        let mut newest = self.machine.head().applied.index;
        let base = Arc::clone(&self.rows);
        let mut batch = self.machine.begin(base.as_ref());
        let mut removed = Vec::new();
        for (entry, responder) in entries {
            let position = position_of(&entry.log_id);
            if position.index <= newest {
                return Err(ApplyFault::AppliedBefore { index: position.index.0 });
            }
            newest = position.index;
            let mut applied = None;
            let mut origin = None;
            match entry.payload {
                EntryPayload::Blank => batch.skip(position),
                EntryPayload::Membership(membership) => {
                    batch.skip(position);
                    batch.set_membership(position, encode_membership(&membership));
                    let before = self.membership.nodes().map(|(id, _)| *id);
                    let gone: Vec<u64> = before.filter(|id| membership.get_node(id).is_none()).collect();
                    gone.iter().for_each(|id| batch.member_removed(MemberId(*id)));
                    removed.extend(gone);
                    self.membership = StoredMembership::new(Some(entry.log_id), membership);
                }
                EntryPayload::Normal(proposal) => {
                    origin = proposal.origin;
                    let outcome = match &proposal.command {
                        Some(command) => batch.apply(position, command)?,
                        None => {
                            let command = codec::decode(proposal.encoded).map_err(|error| {
                                ApplyFault::Command { index: position.index.0, reason: error.to_string() }
                            })?;
                            batch.apply(position, &command)?
                        }
                    };
                    applied = Some(outcome);
                }
            }
            let origin = origin.filter(|origin| self.parts.forwards.is_own(*origin));
            answers.add(applied, origin, responder);
        }
        let effects = batch.finish()?;
        if !removed.is_empty() {
            self.parts.removed.extend(removed);
        }
        Ok(Decided { effects, answers, entries: count, bytes })
    }

    /// Nothing is applied meanwhile, so the copy stands exactly at the position it is given out with.
    fn checkpoint(&self) -> Result<(StatePosition, SnapshotFolder), ApplyFault> {
        let position = self.parts.flush.flush()?;
        let folder = SnapshotFolder::new(self.parts.data_dir.new_checkpoint_path());
        self.engine.checkpoint(folder.path())?;
        Ok((position, folder))
    }

    fn install(&mut self, position: StatePosition, folder: SnapshotFolder) -> Result<(), ApplyFault> {
        let number = self.parts.data_dir.adopt_state(folder.path())?;
        let path = self.parts.data_dir.state_path(number);
        let engine = self.parts.engines.open_state(&path).map_err(DataDirError::Open)?;
        let rows = engine.view();
        let machine = Machine::load(rows.as_ref())?;
        let found = machine.head().applied.index.0;
        let expected = position.applied.as_ref().map_or(0, |applied| position_of(applied).index.0);
        if found != expected {
            return Err(ApplyFault::OtherSnapshot { found, expected });
        }
        self.parts.data_dir.activate_state(number)?;
        self.membership = position.membership.clone();
        // Which voters the log's newest membership has is for Raft to say now.
        self.parts.sole_voter.forget_membership();
        self.parts.flush.replaced(Arc::clone(&engine), position);
        self.engine = engine;
        self.machine = machine;
        self.rows = rows;
        let view = self.machine.read_view(Arc::clone(&self.rows));
        self.parts.removed.replace(view.removed_members()?.into_iter().map(|id| id.0));
        self.parts.published.publish(view.clone());
        self.parts.sole_voter.set_applied_term(view.head().applied.term.0);
        self.parts.observer.applied(AppliedNews {
            view,
            events: Vec::new(),
            leases: Vec::new(),
            compacted: None,
            auth_changed: None,
            replaced: true,
        });
        self.parts.published.complete();
        Ok(())
    }
}

/// Sends a result on; a fault is also returned, as text for whoever waits.
fn answer<T>(done: Done<T>, result: Result<T, ApplyFault>) -> Result<(), ApplyFault> {
    match result {
        Ok(value) => {
            // Raft may have been shut down meanwhile.
            let _ = done.send(Ok(value));
            Ok(())
        }
        Err(fault) => {
            let _ = done.send(Err(io::Error::other(fault.to_string())));
            Err(fault)
        }
    }
}
