//! Load that keeps its books: clients that write and read one set of keys through all members they know, whatever
//! happens to the members. Must not judge what it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use holdfast_proto::etcdserverpb::request_op::Request as Operation;
use holdfast_proto::etcdserverpb::{DeleteRangeRequest, PutRequest, RangeRequest};
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::client::Client;
use crate::ledger::{Attempt, Found, Ledger, Outcome, Read, Write};

/// How long a client that was turned away waits before it asks the next member.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// What clients do.
#[derive(Clone, Debug)]
pub struct TrafficPlan {
    /// The members that every client knows.
    pub members: Vec<SocketAddr>,
    /// How many clients write.
    pub writers: usize,
    /// How many clients read, every second one without asking the leader.
    pub readers: usize,
    /// How many keys there are.
    pub keys: usize,
    /// Length of a value at least.
    pub value_bytes: usize,
    /// How long a client waits for an answer.
    pub deadline: Duration,
    /// Tells the values of this traffic from those of others on the same store.
    pub label: String,
}

#[derive(Debug, Default)]
struct Shared {
    is_over: AtomicBool,
    newest_acknowledged: AtomicI64,
    acknowledgements: AtomicU64,
    refusals: AtomicU64,
    reads: AtomicU64,
}

/// Clients at work.
#[derive(Debug)]
pub struct Traffic {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Ledger>>,
}

struct Worker {
    shared: Arc<Shared>,
    plan: TrafficPlan,
    clients: Vec<Client>,
    at: usize,
    name: String,
    random: fastrand::Rng,
    ledger: Ledger,
}

impl Traffic {
    /// Puts the clients to work.
    pub fn start(plan: &TrafficPlan, random: &mut fastrand::Rng) -> Traffic {
        let shared = Arc::new(Shared::default());
        let clients = (0..plan.writers + plan.readers)
            .map(|number| {
                let worker = Worker {
                    shared: Arc::clone(&shared),
                    plan: plan.clone(),
                    clients: plan.members.iter().map(|member| Client::new(*member, plan.deadline)).collect(),
                    at: number % plan.members.len(),
                    name: format!("{}-{number}", plan.label),
                    random: random.fork(),
                    ledger: Ledger::default(),
                };
                let is_linearizable = number % 2 == 0;
                if number < plan.writers {
                    tokio::spawn(worker.write())
                } else {
                    tokio::spawn(worker.read(is_linearizable))
                }
            })
            .collect();
        Traffic { shared, clients }
    }

    /// The newest revision that any client was told of.
    pub fn newest_acknowledged(&self) -> i64 {
        self.shared.newest_acknowledged.load(Ordering::SeqCst)
    }

    /// Waits until `count` more writes were acknowledged.
    ///
    /// # Panics
    ///
    /// When that takes longer than `deadline`.
    pub async fn wait_acknowledged(&self, count: u64, deadline: Duration) {
        wait_more(&self.shared.acknowledgements, count, "acknowledged writes", deadline).await;
    }

    /// Waits until `count` more writes were refused.
    ///
    /// # Panics
    ///
    /// When that takes longer than `deadline`.
    pub async fn wait_refused(&self, count: u64, deadline: Duration) {
        wait_more(&self.shared.refusals, count, "refused writes", deadline).await;
    }

    /// Waits until `count` more reads were answered.
    ///
    /// # Panics
    ///
    /// When that takes longer than `deadline`.
    pub async fn wait_read(&self, count: u64, deadline: Duration) {
        wait_more(&self.shared.reads, count, "answered reads", deadline).await;
    }

    /// Lets every client end what it has begun, and returns their books.
    pub async fn stop(self) -> Ledger {
        self.shared.is_over.store(true, Ordering::SeqCst);
        let mut ledger = Ledger::default();
        for client in self.clients {
            ledger.extend(client.await.expect("a client does not panic"));
        }
        ledger
    }
}

async fn wait_more(counter: &AtomicU64, count: u64, what: &str, deadline: Duration) {
    let start = Instant::now();
    let before = counter.load(Ordering::SeqCst);
    while counter.load(Ordering::SeqCst) < before + count {
        let found = counter.load(Ordering::SeqCst) - before;
        assert!(start.elapsed() < deadline, "{found} of {count} {what} after {deadline:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

impl Worker {
    fn is_over(&self) -> bool {
        self.shared.is_over.load(Ordering::SeqCst)
    }

    fn key(&mut self) -> String {
        format!("key-{:04}", self.random.usize(..self.plan.keys))
    }

    fn client(&self) -> Client {
        self.clients[self.at].clone()
    }

    async fn turn_away(&mut self) {
        self.at = (self.at + 1) % self.clients.len();
        tokio::time::sleep(RETRY_PAUSE).await;
    }

    /// One put most of the time; sometimes two, or a deletion with a put, in one revision.
    fn next_writes(&mut self, number: usize) -> Vec<Write> {
        let width = self.plan.value_bytes;
        let mark = format!("{}-{number:06}", self.name);
        let value = format!("{mark:-<width$}");
        let (key, other) = (self.key(), self.key());
        let put = Write { key: key.clone(), value: Some(value) };
        match self.random.u8(..16) {
            0 if other != key => {
                let second = Write { key: other, value: Some(format!("{mark}+{:-<width$}", "")) };
                vec![put, second]
            }
            1 if other != key => vec![Write { key: other, value: None }, put],
            _ => vec![put],
        }
    }

    async fn write(mut self) -> Ledger {
        let mut number = 0;
        while !self.is_over() {
            let writes = self.next_writes(number);
            number += 1;
            let started = Instant::now();
            let answer = send(&self.client(), &writes).await;
            let ended = Instant::now();
            let outcome = match answer {
                Ok(revision) => {
                    self.shared.newest_acknowledged.fetch_max(revision, Ordering::SeqCst);
                    self.shared.acknowledgements.fetch_add(1, Ordering::SeqCst);
                    Outcome::Acknowledged(revision)
                }
                Err(status) if is_refusal(&status) => {
                    self.shared.refusals.fetch_add(1, Ordering::SeqCst);
                    Outcome::Refused(status.message().to_owned())
                }
                Err(status) => Outcome::Unknown(status.to_string()),
            };
            let is_acknowledged = matches!(outcome, Outcome::Acknowledged(_));
            self.ledger.attempts.push(Attempt { writes, started, ended, outcome });
            if !is_acknowledged {
                self.turn_away().await;
            }
        }
        self.ledger
    }

    async fn read(mut self, is_linearizable: bool) -> Ledger {
        while !self.is_over() {
            let key = self.key();
            let newest = self.shared.newest_acknowledged.load(Ordering::SeqCst);
            let floor = if is_linearizable { newest } else { 0 };
            let request = RangeRequest {
                key: key.clone().into(),
                serializable: !is_linearizable,
                ..RangeRequest::default()
            };
            match self.client().range(request).await {
                Ok(answer) => {
                    let revision = answer.header.unwrap_or_default().revision;
                    let found = answer.kvs.first().map(|kv| Found {
                        value: String::from_utf8_lossy(&kv.value).into_owned(),
                        mod_revision: kv.mod_revision,
                    });
                    self.shared.reads.fetch_add(1, Ordering::SeqCst);
                    self.ledger.reads.push(Read { key, floor, revision, found });
                    // Reads are cheap; without a pause they would take the processor from the writes.
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Err(_) => self.turn_away().await,
            }
        }
        self.ledger
    }
}

/// Whether an answer promises that nothing was or will be done.
fn is_refusal(status: &Status) -> bool {
    matches!(status.code(), Code::InvalidArgument | Code::ResourceExhausted)
}

async fn send(client: &Client, writes: &[Write]) -> Result<i64, Status> {
    if let [Write { key, value: Some(value) }] = writes {
        let answer = client.put(key.clone(), value.clone()).await?;
        return Ok(answer.header.unwrap_or_default().revision);
    }
    let operations = writes.iter().map(|write| match &write.value {
        Some(value) => Operation::RequestPut(PutRequest {
            key: write.key.clone().into(),
            value: value.clone().into(),
            ..PutRequest::default()
        }),
        None => Operation::RequestDeleteRange(DeleteRangeRequest {
            key: write.key.clone().into(),
            ..DeleteRangeRequest::default()
        }),
    });
    let answer = client.all_of(operations.collect()).await?;
    Ok(answer.header.unwrap_or_default().revision)
}
