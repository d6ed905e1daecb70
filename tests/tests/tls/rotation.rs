//! Rotation under load: a hundred clients write over mutual TLS, on connections that last and on new ones all the time,
//! while the CA is widened, every certificate is replaced, and the old CA is taken away. No request may fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use holdfast_tests::certificates::{Authority, Wanted, replace};
use holdfast_tests::tls::TlsClient;
use parking_lot::RwLock;
use tokio::task::JoinSet;

use super::member::{PATIENCE, PUT, TlsMember, ca_path};

const CLIENTS: usize = 100;

/// Requests of a client on one connection before it makes another.
const REQUESTS_PER_CONNECTION: usize = 20;

const TAKEN: &str = "holdfast_tls_reload_total{outcome=\"taken\",port=\"clients\"}";

struct Load {
    /// What clients trust and show from their next connection on.
    client: RwLock<TlsClient>,
    ends: AtomicBool,
    done: AtomicUsize,
    connections: AtomicUsize,
}

impl Load {
    async fn run(&self, member: std::net::SocketAddr, index: usize) -> Result<(), String> {
        // Half of them keep their connection for as long as they live.
        let is_lasting = index.is_multiple_of(2);
        loop {
            let client = self.client.read().clone();
            let mut connection = client.open(member).await.map_err(|error| format!("{error:?}"))?;
            self.connections.fetch_add(1, Ordering::Relaxed);
            let mut requests = 0;
            while is_lasting || requests < REQUESTS_PER_CONNECTION {
                if self.ends.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let answer =
                    connection.post("/v3/kv/put", PUT).await.map_err(|error| format!("{error:?}"))?;
                if !answer.status.is_success() {
                    return Err(answer.text());
                }
                self.done.fetch_add(1, Ordering::Relaxed);
                requests += 1;
            }
        }
    }

    /// Waits until every other client has made new connections and written on them.
    async fn wait_rounds(&self) {
        let (done, made) = (self.done.load(Ordering::Relaxed), self.connections.load(Ordering::Relaxed));
        let start = Instant::now();
        while self.done.load(Ordering::Relaxed) < done + 20 * CLIENTS
            || self.connections.load(Ordering::Relaxed) < made + CLIENTS
        {
            assert!(start.elapsed() < PATIENCE, "clients do not get on");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_leaf_and_ca_are_replaced() {
    let member = TlsMember::start_mutual().await;
    let (old, new) = (&member.authority, Authority::new("second"));
    let both = [old.pem(), new.pem()];
    let own = |authority: &Authority| authority.issue(&Wanted::new("writer"));
    let load = Arc::new(Load {
        client: RwLock::new(TlsClient::new(&both, Some(&own(old)))),
        ends: AtomicBool::new(false),
        done: AtomicUsize::new(0),
        connections: AtomicUsize::new(0),
    });
    let mut clients = JoinSet::new();
    for index in 0..CLIENTS {
        let (load, address) = (Arc::clone(&load), member.address);
        clients.spawn(async move { load.run(address, index).await });
    }
    load.wait_rounds().await;

    // Widen: both CAs count.
    replace(&ca_path(member.folder.path()), &both.concat());
    member.wait_metric(TAKEN, 1.0).await;
    load.wait_rounds().await;
    // Leaves: the member's, in two steps as files are, then the clients'.
    let _ = new.issue(&Wanted::new("member")).write(member.folder.path(), "server");
    member.wait_metric(TAKEN, 2.0).await;
    load.wait_rounds().await;
    *load.client.write() = TlsClient::new(&both, Some(&own(&new)));
    load.wait_rounds().await;
    // Narrow: the old CA is gone.
    replace(&ca_path(member.folder.path()), &new.pem());
    member.wait_metric(TAKEN, 3.0).await;
    load.wait_rounds().await;

    load.ends.store(true, Ordering::Relaxed);
    while let Some(ended) = clients.join_next().await {
        ended.unwrap().unwrap();
    }
    let refused = "holdfast_tls_handshakes_total{outcome=\"refused\",port=\"clients\"}";
    assert_eq!(member.metric(refused).await, Some(0.0));
    let late = TlsClient::new(&both, Some(&own(old)));
    assert!(late.post(member.address, "/v3/kv/put", PUT).await.is_err(), "the old CA still counts");
}
