//! Writers that go on while members change, and a log of what was acknowledged to them. Must not judge.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holdfast_tests::{Server, http};
use serde_json::{Value, json};
use tokio::task::JoinSet;

/// Writers at a time.
const WRITERS: usize = 4;

/// How long one write may take before it counts as not acknowledged.
const WRITE_DEADLINE: Duration = Duration::from_secs(3);

/// Writers at work.
pub struct Load {
    addresses: Arc<Mutex<Vec<SocketAddr>>>,
    stop: Arc<AtomicBool>,
    writers: JoinSet<Written>,
}

/// What was acknowledged: keys with their revisions.
pub type Acknowledged = BTreeMap<String, i64>;

/// What one writer has to tell.
#[derive(Default)]
pub struct Written {
    /// What was acknowledged to it.
    pub acknowledged: Acknowledged,
    /// The longest time in which nothing was.
    pub longest_gap: Duration,
}

impl Load {
    /// Begins to write at these members.
    pub fn start(servers: &[&Server]) -> Self {
        let addresses = Arc::new(Mutex::new(servers.iter().map(|server| server.client_address()).collect()));
        let stop = Arc::new(AtomicBool::new(false));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(writer, Arc::clone(&addresses), Arc::clone(&stop)));
        }
        Self { addresses, stop, writers }
    }

    /// Writes at these members from now on.
    pub fn turn_to(&self, servers: &[&Server]) {
        *self.addresses.lock().unwrap() = servers.iter().map(|server| server.client_address()).collect();
    }

    /// Ends the writing.
    pub async fn stop(mut self) -> Written {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Written::default();
        while let Some(written) = self.writers.join_next().await {
            let written = written.unwrap();
            all.acknowledged.extend(written.acknowledged);
            all.longest_gap = all.longest_gap.max(written.longest_gap);
        }
        all
    }
}

async fn write(writer: usize, addresses: Arc<Mutex<Vec<SocketAddr>>>, stop: Arc<AtomicBool>) -> Written {
    let mut written = Written::default();
    let mut last = Instant::now();
    let mut turn = writer;
    for number in 0.. {
        let key = format!("load/{writer}/{number:06}");
        let body = json!({ "key": STANDARD.encode(&key), "value": STANDARD.encode("v") }).to_string();
        let address = {
            let addresses = addresses.lock().unwrap();
            addresses[turn % addresses.len()]
        };
        let put = tokio::time::timeout(WRITE_DEADLINE, http::post(address, "/v3/kv/put", body)).await;
        match put.ok().and_then(Result::ok).filter(|answer| answer.status.is_success()) {
            Some(answer) => {
                let revision =
                    answer.json().unwrap()["header"]["revision"].as_str().unwrap().parse().unwrap();
                written.acknowledged.insert(key, revision);
                written.longest_gap = written.longest_gap.max(last.elapsed());
                last = Instant::now();
            }
            // It may be stopping, or not there: the next one is.
            None => turn += 1,
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    written
}

/// Everything below `load/` as one member has it, by a linearizable read.
pub async fn stored(server: &Server) -> Acknowledged {
    let (key, end) = (STANDARD.encode("load/"), STANDARD.encode("load0"));
    let body = json!({ "key": key, "range_end": end, "keys_only": true }).to_string();
    let answer = http::post(server.client_address(), "/v3/kv/range", body).await.unwrap().json().unwrap();
    let entries = answer["kvs"].as_array().cloned().unwrap_or_default();
    let entry = |kv: &Value| {
        let key = STANDARD.decode(kv["key"].as_str().unwrap()).unwrap();
        (String::from_utf8(key).unwrap(), kv["mod_revision"].as_str().unwrap().parse().unwrap())
    };
    entries.iter().map(entry).collect()
}
