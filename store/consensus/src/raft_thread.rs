//! The thread that Raft's core, its replication tasks, the connections they use and the peer port live on. Steps between
//! them are then plain queue operations, and heartbeats do not wait for what client requests do to the other threads.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::handle::StartError;
use crate::log::store::LogStore;
use crate::peers::link::LinkFactory;
use crate::start::no_thread;
use crate::state::machine::StateMachine;
use crate::types::Raft;

/// Everything that Raft is built from.
pub struct RaftParts {
    /// Settings.
    pub config: Arc<openraft::Config>,
    /// This member.
    pub id: u64,
    /// Ways to the others.
    pub links: LinkFactory,
    /// The log.
    pub log: LogStore,
    /// The state machine.
    pub state: StateMachine,
}

/// The running thread, which ends when this is dropped.
pub struct RaftThread {
    /// Runs further tasks beside Raft's.
    pub runtime: Handle,
    _stop: oneshot::Sender<()>,
}

/// Builds Raft on a thread of its own.
pub async fn start(parts: RaftParts) -> Result<(Raft, RaftThread), StartError> {
    let (built, wait) = oneshot::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_thread)?;
    let handle = runtime.handle().clone();
    let run = move || {
        runtime.block_on(async {
            let raft = Raft::new(parts.id, parts.config, parts.links, parts.log, parts.state).await;
            // The caller may have gone; then `stopped` ends this at once.
            let _ = built.send(raft.map_err(|fatal| StartError::Raft(fatal.to_string())));
            // Dropping the sender is the signal.
            let _ = stopped.await;
        });
        // A disk read that is under way may take its time.
        runtime.shutdown_background();
    };
    std::thread::Builder::new().name("raft".to_owned()).spawn(run).map_err(no_thread)?;
    let raft = wait.await.map_err(|_| StartError::Raft("its thread ended".to_owned()))??;
    Ok((raft, RaftThread { runtime: handle, _stop: stop }))
}
