//! Looks for changed files again and again. The bytes themselves are compared: times, sizes and inodes miss what is
//! changed in place or swapped through a symbolic link, as Kubernetes does, and the files are small.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::port::TlsPort;
use crate::limits::TLS_LOOK_INTERVAL;

/// The task that looks; it ends when this is dropped.
pub(super) struct Reloads(Option<JoinHandle<()>>);

impl Reloads {
    /// Begins to look.
    pub(super) fn start(ports: Vec<Arc<TlsPort>>) -> Reloads {
        Reloads((!ports.is_empty()).then(|| tokio::spawn(look(ports))))
    }
}

impl Drop for Reloads {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

async fn look(ports: Vec<Arc<TlsPort>>) {
    let mut ticks = interval(TLS_LOOK_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first comes at once, and the files have just been read.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        for port in &ports {
            let port = Arc::clone(port);
            // A file system that hangs holds up only the next look.
            let _ = tokio::task::spawn_blocking(move || port.look()).await;
        }
    }
}
