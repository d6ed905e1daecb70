//! Clients that write unique keys as long as they are let, retry what is not acknowledged, fall over to another member
//! on any failure, take up new certificates, and read back linearizably now and then. They log and do not judge.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::address::Door;
use super::connection::{Connection, RequestError};
use super::credentials::Credentials;
use super::ledger::{Acknowledged, Ledger};
use super::store::{Store, decoded, encoded, header_of, put_body};
use crate::failure::Outcome;
use crate::limits;

/// How many clients, and how they behave.
#[derive(Clone, Copy, Debug)]
pub struct LoadKind {
    /// Clients, each with its own connection.
    pub clients: usize,
    /// Every so many writes a client reads its last key back, linearizably.
    pub writes_per_read: u64,
    /// Clients begin at one member all, rather than spread.
    pub all_at_first: bool,
}

impl Default for LoadKind {
    fn default() -> Self {
        Self { clients: 6, writes_per_read: 5, all_at_first: false }
    }
}

/// Clients at work.
pub struct Load {
    prefix: String,
    stopping: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    clients: Vec<JoinHandle<()>>,
    background: Vec<JoinHandle<()>>,
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.clients.iter().chain(&self.background).for_each(JoinHandle::abort);
    }
}

impl Load {
    /// Starts clients. Keys begin with `prefix`, which must be new to the cluster.
    ///
    /// # Errors
    /// When there is no certificate or no member.
    pub async fn start(store: &Store, prefix: &str, kind: LoadKind) -> Outcome<Self> {
        store.credentials.read().await?;
        store.door.look().await?;
        let ledger = Arc::new(Mutex::new(Ledger::new()));
        let stopping = Arc::new(AtomicBool::new(false));
        let clients = (0..kind.clients).map(|number| {
            let client = Client {
                door: store.door.clone(),
                credentials: store.credentials.clone(),
                name: format!("{prefix}/{number:03}"),
                writes_per_read: kind.writes_per_read,
                stopping: Arc::clone(&stopping),
                ledger: Arc::clone(&ledger),
                turn: if kind.all_at_first { 0 } else { number },
                connection: None,
                requests: 0,
            };
            tokio::spawn(client.work())
        });
        let clients = clients.collect();
        let background = vec![store.door.keep_looking(), store.credentials.keep_reading()];
        Ok(Self { prefix: prefix.to_owned(), stopping, ledger, clients, background })
    }

    /// What all keys begin with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Lets every client end its write, and returns what all did.
    pub async fn stop(mut self) -> Ledger {
        self.stopping.store(true, Ordering::Relaxed);
        for client in std::mem::take(&mut self.clients) {
            drop(client.await);
        }
        self.ledger.lock().ended = Instant::now();
        self.ledger.lock().clone()
    }
}

struct Client {
    door: Door,
    credentials: Credentials,
    name: String,
    writes_per_read: u64,
    stopping: Arc<AtomicBool>,
    ledger: Arc<Mutex<Ledger>>,
    turn: usize,
    connection: Option<Connection>,
    requests: u32,
}

impl Client {
    async fn work(mut self) {
        let mut count = 0_u64;
        while !self.stopping.load(Ordering::Relaxed) {
            count += 1;
            let (key, value) =
                (format!("{}/{count:08}", self.name), format!("value {count} of {}", self.name));
            let is_written = self.write(&key, &value).await;
            if is_written && count.is_multiple_of(self.writes_per_read) {
                self.read_back(&key, &value).await;
            }
            sleep(limits::WRITE_PAUSE).await;
        }
    }

    async fn write(&mut self, key: &str, value: &str) -> bool {
        let (begun, body) = (Instant::now(), put_body(key, value));
        for tries in 1.. {
            match self.ask("/holdfast/v1/kv/put", &body).await {
                Ok(answer) => {
                    let revision = header_of(&answer).revision;
                    let (key, value) = (key.to_owned(), value.to_owned());
                    let entry = Acknowledged { key, value, revision, tries, at: Instant::now() };
                    self.ledger.lock().acknowledged.push(entry);
                    return true;
                }
                Err(error) if begun.elapsed() > limits::WRITE_GIVEN_UP => {
                    self.ledger.lock().given_up.push((key.to_owned(), error.to_string()));
                    return false;
                }
                Err(error) => self.note_failed_try(&error).await,
            }
        }
        unreachable!("the tries end by success or by giving up")
    }

    async fn read_back(&mut self, key: &str, value: &str) {
        let begun = Instant::now();
        let body = json!({ "key": encoded(key) });
        loop {
            match self.ask("/holdfast/v1/kv/range", &body).await {
                Ok(answer) => {
                    let found = answer["kvs"][0]["value"].as_str().map(decoded);
                    let mut ledger = self.ledger.lock();
                    ledger.reads += 1;
                    if found.as_deref() != Some(value) {
                        ledger.stale_reads.push(format!("{key} is {found:?} and should be {value:?}"));
                    }
                    return;
                }
                Err(_) if begun.elapsed() > limits::WRITE_GIVEN_UP => return,
                Err(error) => self.note_failed_try(&error).await,
            }
        }
    }

    async fn note_failed_try(&mut self, error: &RequestError) {
        self.ledger.lock().failed_tries.push((Instant::now(), error.to_string()));
        self.connection = None;
        self.turn += 1;
        sleep(limits::RETRY_PAUSE).await;
    }

    async fn ask(&mut self, path: &str, body: &serde_json::Value) -> Result<serde_json::Value, RequestError> {
        // What the other side closed while nothing was asked is no failure: a client opens another.
        if self.connection.as_ref().is_some_and(Connection::is_closed) {
            self.connection = None;
            self.turn += 1;
        }
        if self.requests >= limits::REQUESTS_PER_CONNECTION {
            self.connection = None;
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                self.requests = 0;
                let member = self.door.member(self.turn);
                let member =
                    member.ok_or_else(|| RequestError::Unprepared("there is no member".to_owned()))?;
                let (tls, authorization) = (self.credentials.tls()?, self.credentials.authorization());
                none.insert(Connection::open(&self.door, &member, tls, authorization).await?)
            }
        };
        self.requests += 1;
        connection.post(path, body).await
    }
}
