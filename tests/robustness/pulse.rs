//! A well-behaved client beside a scenario that is none: it writes and reads all the time and remembers what failed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::client::Client;

/// Pause between two rounds.
const PAUSE: Duration = Duration::from_millis(20);

/// What a write and a read together may take on a busy machine.
const ROUND_DEADLINE: Duration = Duration::from_secs(10);

/// The client at work.
#[derive(Debug)]
pub struct Pulse {
    is_over: Arc<AtomicBool>,
    task: JoinHandle<Beats>,
}

/// What it saw.
#[derive(Debug, Default)]
struct Beats {
    count: usize,
    longest: Duration,
    failures: Vec<String>,
}

impl Pulse {
    /// Begins on the member at `address`.
    pub fn start(address: SocketAddr) -> Pulse {
        let is_over = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(beat(Client::new(address, ROUND_DEADLINE), Arc::clone(&is_over)));
        Pulse { is_over, task }
    }

    /// Ends it and demands that nothing failed.
    pub async fn demand_undisturbed(self) {
        self.is_over.store(true, Ordering::SeqCst);
        let beats = self.task.await.expect("the pulse does not panic");
        println!("{} writes and reads beside it, the longest took {:?}", beats.count, beats.longest);
        assert_eq!(beats.failures, [] as [String; 0]);
        assert!(beats.count > 0, "the scenario was over before anything else was asked");
    }
}

async fn beat(client: Client, is_over: Arc<AtomicBool>) -> Beats {
    let mut beats = Beats::default();
    while !is_over.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let value = beats.count.to_string();
        let round = async {
            client.put("pulse", value.clone()).await?;
            client.get("pulse").await
        };
        match round.await {
            Ok(answer) if answer.kvs.first().is_some_and(|kv| kv.value == value) => {}
            Ok(answer) => beats.failures.push(format!("wrote {value}, read {:?}", answer.kvs)),
            Err(status) => beats.failures.push(status.to_string()),
        }
        beats.longest = beats.longest.max(begun.elapsed());
        beats.count += 1;
        tokio::time::sleep(PAUSE).await;
    }
    beats
}
