//! Who belongs to the cluster: changes of it, whether they are safe, how the leader makes them, and how a member hears
//! that it was taken in or removed. The log entries themselves are Raft's.

pub mod adopt;
pub mod ask_leader;
pub mod blank;
pub mod change;
pub mod configuration;
pub mod decide;
pub mod execute;
pub mod introduce;
pub mod keeper;
pub mod removed;
pub mod roster;
pub mod standing;
pub mod wire;

use std::sync::Arc;

use tokio::task::AbortHandle;

use crate::member::Member;

/// Starts what a member does about the membership by itself.
pub fn start_tasks(member: &Arc<Member>) -> [AbortHandle; 4] {
    [
        tokio::spawn(keeper::run(Arc::clone(member))).abort_handle(),
        tokio::spawn(adopt::run(Arc::clone(member))).abort_handle(),
        tokio::spawn(standing::run(Arc::clone(member))).abort_handle(),
        tokio::spawn(removed::watch_own(Arc::clone(member))).abort_handle(),
    ]
}
