//! The store as simply as it can be thought: the whole state after every revision, kept for ever.

use std::collections::BTreeMap;

use bytes::Bytes;
use holdfast_core::command::Operation;
use holdfast_core::error::{
    ApplyError, LeaseGrantError, LeaseRevokeError, PutError, RevisionError, TxnError,
};
use holdfast_core::ids::{LeaseId, Revision};
use holdfast_core::quota;
use holdfast_core::request::{DeleteRangeRequest, PutRequest, RangeRequest, TxnOperation, TxnRequest};
use holdfast_core::response::{
    Alarm, AlarmKind, DeleteRangeResponse, Event, EventKind, KeyValue, PutResponse, RangeResponse, Response,
    RevisionEvents, TxnOperationResponse, TxnResponse,
};
use holdfast_core::v2::{V2Action, V2Mark, V2Path};

use crate::reading::{Keys, holds, read};
use crate::store::TERM;

pub struct Naive {
    /// The state at every revision; a fresh store is at revision 1.
    states: Vec<Keys>,
    pub events: Vec<RevisionEvents>,
    pub compacted: i64,
    /// Granted and remaining seconds.
    pub leases: BTreeMap<LeaseId, (i64, i64)>,
    /// When the leases end that nodes of the v2 API have for themselves.
    pub expirations: BTreeMap<LeaseId, i64>,
    pub alarms: Vec<Alarm>,
}

/// A revision being written.
pub struct Writing {
    pub revision: Revision,
    pub keys: Keys,
    pub events: Vec<Event>,
}

impl Naive {
    pub fn new() -> Naive {
        Naive {
            states: vec![Keys::new(); 2],
            events: Vec::new(),
            compacted: -1,
            leases: BTreeMap::new(),
            expirations: BTreeMap::new(),
            alarms: Vec::new(),
        }
    }

    pub fn revision(&self) -> i64 {
        i64::try_from(self.states.len()).unwrap() - 1
    }

    /// The keys of the newest state.
    pub fn everything(&self) -> &Keys {
        self.newest()
    }

    fn newest(&self) -> &Keys {
        self.states.last().unwrap()
    }

    /// The keys of a lease, in their order.
    pub fn lease_keys(&self, id: LeaseId) -> Vec<Bytes> {
        self.newest().values().filter(|kv| kv.lease == id).map(|kv| kv.key.clone()).collect()
    }

    pub fn begin(&self) -> Writing {
        let revision = Revision(self.revision() + 1);
        Writing { revision, keys: self.newest().clone(), events: Vec::new() }
    }

    pub fn commit(&mut self, writing: Writing) {
        if !writing.events.is_empty() {
            self.states.push(writing.keys);
            self.events.push(RevisionEvents { revision: writing.revision, events: writing.events });
        }
    }

    pub fn apply(&mut self, operation: &Operation) -> Result<Response, ApplyError> {
        self.check_alarms(operation)?;
        match operation {
            Operation::Put(put) => {
                self.check_put(put)?;
                let mut writing = self.begin();
                let response = writing.put(put);
                self.commit(writing);
                Ok(Response::Put(response))
            }
            Operation::DeleteRange(delete) => {
                let mut writing = self.begin();
                let response = writing.delete(delete);
                self.commit(writing);
                Ok(Response::DeleteRange(response))
            }
            Operation::Txn(txn) => self.txn(txn).map(Response::Txn),
            Operation::Compact { revision } => {
                if revision.0 <= self.compacted {
                    return Err(RevisionError::Compacted { compacted: Revision(self.compacted) }.into());
                }
                if revision.0 > self.revision() {
                    return Err(RevisionError::Future { newest: Revision(self.revision()) }.into());
                }
                self.compacted = revision.0;
                Ok(Response::Compact)
            }
            Operation::AlarmRaise { .. } | Operation::AlarmClear { .. } => {
                Ok(Response::Alarm(self.alarm(operation)))
            }
            Operation::V2(request) => Ok(Response::V2(Box::new(self.v2(request)?))),
            other => self.lease(other),
        }
    }

    fn lease(&mut self, operation: &Operation) -> Result<Response, ApplyError> {
        match operation {
            Operation::LeaseGrant { id, ttl_seconds } => {
                if self.leases.contains_key(id) {
                    return Err(LeaseGrantError::Exists.into());
                }
                self.leases.insert(*id, (*ttl_seconds, *ttl_seconds));
                Ok(Response::LeaseGrant { id: *id, ttl_seconds: *ttl_seconds })
            }
            Operation::LeaseRevoke { id } => {
                if !self.end_lease(*id, V2Action::Delete) {
                    return Err(LeaseRevokeError::NotFound.into());
                }
                Ok(Response::LeaseRevoke)
            }
            Operation::LeaseExpire { ids, term } => {
                if *term < TERM {
                    return Err(ApplyError::StaleExpiry);
                }
                for id in ids {
                    self.end_lease(*id, V2Action::Expire);
                }
                Ok(Response::Done)
            }
            Operation::LeaseCheckpoint { remaining_seconds } => {
                for (id, seconds) in remaining_seconds {
                    if let Some((_, remaining)) = self.leases.get_mut(id) {
                        *remaining = *seconds;
                    }
                }
                Ok(Response::Done)
            }
            _ => Ok(Response::Done),
        }
    }

    fn alarm(&mut self, operation: &Operation) -> Vec<Alarm> {
        match operation {
            Operation::AlarmRaise { member, kind } => {
                let alarm = Alarm { member: *member, kind: *kind };
                if !self.alarms.contains(&alarm) {
                    self.alarms.push(alarm);
                    self.alarms.sort_unstable();
                }
                vec![alarm]
            }
            Operation::AlarmClear { member, kind } => {
                let (cleared, left) = self.alarms.iter().partition(|alarm| {
                    (member.0 == 0 || alarm.member == *member) && kind.is_none_or(|kind| alarm.kind == kind)
                });
                self.alarms = left;
                cleared
            }
            _ => Vec::new(),
        }
    }

    fn check_alarms(&self, operation: &Operation) -> Result<(), ApplyError> {
        let is_raised = |kind| self.alarms.iter().any(|alarm| alarm.kind == kind);
        let touches_data = matches!(
            operation,
            Operation::Put(_)
                | Operation::DeleteRange(_)
                | Operation::Txn(_)
                | Operation::Compact { .. }
                | Operation::LeaseGrant { .. }
                | Operation::LeaseRevoke { .. }
                | Operation::LeaseExpire { .. }
                | Operation::V2(_)
        );
        if is_raised(AlarmKind::Corrupt) && touches_data {
            return Err(ApplyError::Corrupt);
        }
        if is_raised(AlarmKind::NoSpace) && quota::cost_bytes(operation) > 0 {
            return Err(ApplyError::NoSpace);
        }
        Ok(())
    }

    fn end_lease(&mut self, id: LeaseId, action: V2Action) -> bool {
        if !self.leases.contains_key(&id) {
            return false;
        }
        let expiration = self.expirations.get(&id).copied();
        let mark = V2Mark { previous_expiration_unix_nanos: expiration, ..V2Mark::of(action) };
        let mark = (action == V2Action::Expire || expiration.is_some()).then_some(mark);
        let mut writing = self.begin();
        for key in self.lease_keys(id) {
            match V2Path::of_key(&key) {
                _ if !writing.keys.contains_key(&key) => {}
                Some((path, true)) if expiration.is_some() => {
                    self.remove_directory(&mut writing, &path, action);
                }
                _ => {
                    writing.delete_key(&key, mark);
                }
            }
        }
        self.leases.remove(&id);
        self.expirations.remove(&id);
        self.commit(writing);
        true
    }

    fn check_put(&self, put: &PutRequest) -> Result<(), PutError> {
        if !put.lease.is_none() && !self.leases.contains_key(&put.lease) {
            return Err(PutError::LeaseNotFound);
        }
        if (put.ignore_value || put.ignore_lease) && !self.newest().contains_key(&put.key) {
            return Err(PutError::KeyNotFound);
        }
        Ok(())
    }

    /// The state to read at a wanted revision; `newest` is the one when none is wanted.
    fn state<'a>(&'a self, wanted: Option<Revision>, newest: &'a Keys) -> Result<&'a Keys, RevisionError> {
        match wanted {
            Some(Revision(wanted)) if wanted > self.revision() => {
                Err(RevisionError::Future { newest: Revision(self.revision()) })
            }
            Some(Revision(wanted)) if wanted > 0 && wanted < self.compacted => {
                Err(RevisionError::Compacted { compacted: Revision(self.compacted) })
            }
            Some(Revision(wanted)) if wanted > 0 => Ok(&self.states[usize::try_from(wanted).unwrap()]),
            _ => Ok(newest),
        }
    }

    pub fn range(&self, request: &RangeRequest) -> Result<RangeResponse, RevisionError> {
        Ok(read(self.state(request.revision, self.newest())?, request))
    }

    fn txn(&mut self, txn: &TxnRequest) -> Result<TxnResponse, ApplyError> {
        let before = self.newest().clone();
        self.check_txn(txn, &before).map_err(ApplyError::Txn)?;
        let mut writing = self.begin();
        let mut response = self.run_txn(txn, &before, &mut writing);
        self.commit(writing);
        set_revision(&mut response, Revision(self.revision()));
        Ok(response)
    }

    fn check_txn(&self, txn: &TxnRequest, before: &Keys) -> Result<(), TxnError> {
        for operation in branch(txn, before) {
            match operation {
                TxnOperation::Range(range) => {
                    self.state(range.revision, before)?;
                }
                TxnOperation::Put(put) => self.check_put(put)?,
                TxnOperation::DeleteRange(_) => {}
                TxnOperation::Txn(nested) => self.check_txn(nested, before)?,
            }
        }
        Ok(())
    }

    fn run_txn(&self, txn: &TxnRequest, before: &Keys, writing: &mut Writing) -> TxnResponse {
        let run = |operation: &TxnOperation| match operation {
            TxnOperation::Range(range) => {
                let state = self.state(range.revision, &writing.keys).expect("checked before");
                TxnOperationResponse::Range(read(state, range))
            }
            TxnOperation::Put(put) => TxnOperationResponse::Put(writing.put(put)),
            TxnOperation::DeleteRange(delete) => TxnOperationResponse::DeleteRange(writing.delete(delete)),
            TxnOperation::Txn(nested) => TxnOperationResponse::Txn(self.run_txn(nested, before, writing)),
        };
        let responses = branch(txn, before).iter().map(run).collect();
        TxnResponse { succeeded: holds(txn, before), responses, revision: Revision(0) }
    }
}

impl Writing {
    fn put(&mut self, put: &PutRequest) -> PutResponse {
        let old = self.keys.get(&put.key).cloned();
        let mut kv = KeyValue {
            key: put.key.clone(),
            value: put.value.clone(),
            create_revision: self.revision,
            mod_revision: self.revision,
            version: 1,
            lease: put.lease,
        };
        if let Some(old) = &old {
            kv.create_revision = old.create_revision;
            kv.version = old.version + 1;
            if put.ignore_value {
                kv.value = old.value.clone();
            }
            if put.ignore_lease {
                kv.lease = old.lease;
            }
        } else {
            // Only the state before a transaction was checked: a key deleted in it has nothing to keep.
            if put.ignore_value {
                kv.value = Bytes::new();
            }
            if put.ignore_lease {
                kv.lease = LeaseId::NONE;
            }
        }
        self.keys.insert(put.key.clone(), kv.clone());
        self.events.push(Event { kind: EventKind::Put, kv, prev_kv: old.clone(), v2: None });
        PutResponse { prev_kv: old.filter(|_| put.prev_kv) }
    }

    fn delete(&mut self, delete: &DeleteRangeRequest) -> DeleteRangeResponse {
        let keys: Vec<Bytes> = self.keys.keys().filter(|key| delete.range.contains(key)).cloned().collect();
        let deleted: Vec<KeyValue> = keys.iter().map(|key| self.delete_key(key, None)).collect();
        DeleteRangeResponse {
            deleted: deleted.len() as u64,
            prev_kvs: if delete.prev_kv { deleted } else { Vec::new() },
        }
    }

    pub fn delete_key(&mut self, key: &Bytes, v2: Option<V2Mark>) -> KeyValue {
        let old = self.keys.remove(key).expect("the key was found");
        let kv = KeyValue { key: key.clone(), mod_revision: self.revision, ..KeyValue::default() };
        self.events.push(Event { kind: EventKind::Delete, kv, prev_kv: Some(old.clone()), v2 });
        old
    }
}

fn set_revision(response: &mut TxnResponse, revision: Revision) {
    response.revision = revision;
    for nested in &mut response.responses {
        if let TxnOperationResponse::Txn(nested) = nested {
            set_revision(nested, revision);
        }
    }
}

fn branch<'t>(txn: &'t TxnRequest, keys: &Keys) -> &'t [TxnOperation] {
    if holds(txn, keys) { &txn.success } else { &txn.failure }
}
