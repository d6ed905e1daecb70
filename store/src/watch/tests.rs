//! Streams against a machine in memory that publishes as the apply thread does.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use holdfast_consensus::handle::AppliedNews;
use holdfast_core::apply::Machine;
use holdfast_core::command::{Command, Operation};
use holdfast_core::ids::{ClusterId, LogIndex, LogPosition, MemberId, Revision, Term};
use holdfast_core::memory_rows::MemoryRows;
use holdfast_core::request::{PutRequest, TxnOperation, TxnRequest};
use holdfast_proto::{etcdserverpb as pb, mvccpb};
use parking_lot::Mutex;
use pb::watch_request::RequestUnion;
use prost::Message;

use super::{Asker, Hub, WatchRequests, WatchStream};
use crate::auth::AuthSettings;
use crate::limits::{WATCH_RECENT_REVISIONS_MAX, WATCH_REVISIONS_QUEUED_MAX};
use crate::node::NodeSettings;

mod faults;
mod load;
mod order;
mod rights;

/// Longest wait for anything; only a test that fails takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Store {
    hub: Arc<Hub>,
    machine: Mutex<(Machine, MemoryRows)>,
}

impl Store {
    fn new() -> Arc<Store> {
        Store::with_progress(Duration::from_secs(600))
    }

    fn with_progress(watch_progress_interval: Duration) -> Arc<Store> {
        let settings = NodeSettings {
            name: String::new(),
            has_own_name: true,
            advertise_client_urls: Vec::new(),
            quota_bytes: 0,
            election_timeout: Duration::from_secs(1),
            heartbeat_interval: Duration::from_millis(100),
            request_bytes_max: 1 << 20,
            txn_operations_max: 128,
            auth: AuthSettings::default(),
            watch_progress_interval,
        };
        let rows = MemoryRows::default();
        let machine = Machine::load(&rows).unwrap();
        let hub = Hub::new(ClusterId(1), MemberId(2), &settings);
        hub.begin(&machine.read_view(Arc::new(rows.clone())));
        Arc::new(Store { hub, machine: Mutex::new((machine, rows)) })
    }

    /// Applies operations as one run of the log and publishes it.
    fn apply(&self, operations: Vec<Operation>) {
        self.run(operations, false);
    }

    /// Applies operations as a snapshot would bring them: without telling the events.
    fn replace(&self, operations: Vec<Operation>) {
        self.run(operations, true);
    }

    fn run(&self, operations: Vec<Operation>, replaced: bool) {
        let mut guard = self.machine.lock();
        let (machine, rows) = &mut *guard;
        let mut index = machine.head().applied.index;
        let mut batch = machine.begin(rows);
        for operation in operations {
            index.0 += 1;
            let position = LogPosition { term: Term(5), index: LogIndex(index.0) };
            batch.apply(position, &Command::of_member(operation)).unwrap().result.unwrap();
        }
        let effects = batch.finish().unwrap();
        rows.apply(&effects.rows);
        let view = machine.read_view(Arc::new(rows.clone()));
        let events = if replaced { Vec::new() } else { effects.events };
        let (leases, compacted, auth_changed) = (effects.leases, effects.compacted, effects.auth_changed);
        self.hub.applied(AppliedNews { view, events, leases, compacted, auth_changed, replaced });
    }

    fn put(&self, key: &str, value: &str) {
        self.apply(vec![put(key, value)]);
    }

    fn compact(&self, revision: i64) {
        self.apply(vec![Operation::Compact { revision: Revision(revision) }]);
    }

    fn open(&self) -> Client {
        self.open_for(Asker::default())
    }

    fn open_for(&self, asker: Asker) -> Client {
        let (requests, stream) = self.hub.open(asker);
        Client { requests, stream }
    }
}

fn put(key: &str, value: &str) -> Operation {
    Operation::Put(put_request(key, value))
}

fn put_request(key: &str, value: &str) -> PutRequest {
    PutRequest { key: key.to_owned().into(), value: value.to_owned().into(), ..PutRequest::default() }
}

fn txn(keys: &[&str]) -> Operation {
    let success = keys.iter().map(|key| TxnOperation::Put(put_request(key, "t"))).collect();
    Operation::Txn(TxnRequest { success, ..TxnRequest::default() })
}

fn watch(key: &str, start_revision: i64) -> pb::WatchCreateRequest {
    pb::WatchCreateRequest { key: key.to_owned().into(), start_revision, ..Default::default() }
}

fn everything(start_revision: i64) -> pb::WatchCreateRequest {
    let zero = Bytes::from_static(&[0]);
    pb::WatchCreateRequest { key: zero.clone(), range_end: zero, start_revision, ..Default::default() }
}

struct Client {
    requests: WatchRequests,
    stream: WatchStream,
}

impl Client {
    async fn ask(&self, request: RequestUnion) {
        self.requests.send(pb::WatchRequest { request_union: Some(request) }).await;
    }

    /// Makes a watcher and takes its confirmation.
    async fn create(&mut self, request: pb::WatchCreateRequest) -> pb::WatchResponse {
        self.ask(RequestUnion::CreateRequest(request)).await;
        let created = self.next().await;
        assert!(created.created, "{created:?}");
        created
    }

    async fn next(&mut self) -> pb::WatchResponse {
        let bytes = tokio::time::timeout(PATIENCE, self.stream.next()).await.expect("a message comes");
        pb::WatchResponse::decode(bytes.expect("the server goes on")).unwrap()
    }

    /// Whether nothing is to be told, now that everything was taken up.
    async fn is_silent(&mut self) -> bool {
        let next = self.stream.next();
        let mut next = std::pin::pin!(next);
        futures::poll!(&mut next).is_pending()
    }

    /// The revisions of the next events, until one of `last`; asserts that no watch message comes between.
    async fn revisions_up_to(&mut self, last: i64) -> Vec<i64> {
        let mut revisions = Vec::new();
        while revisions.last() != Some(&last) {
            let message = self.next().await;
            assert!(!message.events.is_empty(), "{message:?}");
            revisions.extend(message.events.iter().map(mod_revision));
        }
        revisions
    }
}

fn mod_revision(event: &mvccpb::Event) -> i64 {
    event.kv.as_ref().expect("an event has a key").mod_revision
}
