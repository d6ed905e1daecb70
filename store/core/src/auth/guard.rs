//! Checks what a caller asks for against the state of one moment, before anything of it is done: one rule for each kind
//! of request. Never changes anything; what it needs beside the rights is which keys a lease holds and which nodes are
//! there.

use super::{Access, AccessError, AuthState, Caller, PermissionError};
use crate::ids::LeaseId;
use crate::key_range::KeyRange;
use crate::read::state::State;
use crate::request::{DeleteRangeRequest, PutRequest, TxnOperation, TxnRequest};
use crate::v2::{NotFound, V2Get, V2Operation, V2Path, V2Request};

/// A caller before the state of one moment.
pub struct Guard<'a> {
    auth: &'a AuthState,
    state: State<'a>,
    caller: &'a Caller,
}

impl<'a> Guard<'a> {
    pub(crate) fn new(auth: &'a AuthState, state: State<'a>, caller: &'a Caller) -> Guard<'a> {
        Guard { auth, state, caller }
    }

    /// Any user.
    pub fn login(&self) -> Result<(), PermissionError> {
        self.auth.check_login(self.caller)
    }

    /// A user with the role `root`.
    pub fn root(&self) -> Result<(), PermissionError> {
        self.auth.check_root(self.caller)
    }

    /// Looking at a user: the user itself may, and root.
    pub fn user_get(&self, name: &str) -> Result<(), PermissionError> {
        let refused = self.root();
        if refused.is_err() && self.caller.name() == Some(name) { Ok(()) } else { refused }
    }

    /// Looking at a role: those who have it may, and root.
    pub fn role_get(&self, role: &str) -> Result<(), PermissionError> {
        let refused = self.root();
        let user = self.caller.name().and_then(|name| self.auth.user(name));
        let has_it = user.is_some_and(|user| user.roles.contains(role));
        if refused.is_err() && has_it { Ok(()) } else { refused }
    }

    /// Reading a range.
    pub fn read(&self, range: &KeyRange) -> Result<(), PermissionError> {
        self.auth.check_range(self.caller, range, Access::Read)
    }

    fn write(&self, range: &KeyRange) -> Result<(), PermissionError> {
        self.auth.check_range(self.caller, range, Access::Write)
    }

    fn read_key(&self, key: &bytes::Bytes) -> Result<(), PermissionError> {
        self.read(&KeyRange::Single(key.clone()))
    }

    fn write_key(&self, key: &bytes::Bytes) -> Result<(), PermissionError> {
        self.write(&KeyRange::Single(key.clone()))
    }

    /// Whether nothing that this caller asks for needs to be looked at.
    fn is_free(&self) -> bool {
        self.root().is_ok()
    }

    /// A put: the key, what was there before if that is asked for, and all keys of the lease, since whoever may put a
    /// key under a lease makes others' keys go with it.
    pub fn put(&self, put: &PutRequest) -> Result<(), AccessError> {
        self.write_key(&put.key)?;
        self.lease_writes(put.lease)?;
        if put.prev_kv {
            self.read_key(&put.key)?;
        }
        Ok(())
    }

    /// A deletion.
    pub fn delete_range(&self, delete: &DeleteRangeRequest) -> Result<(), AccessError> {
        self.write(&delete.range)?;
        if delete.prev_kv {
            self.read(&delete.range)?;
        }
        Ok(())
    }

    /// A transaction: its compares and all operations of both branches, those of nested ones too, whichever branch will
    /// run.
    pub fn txn(&self, txn: &TxnRequest) -> Result<(), AccessError> {
        // One that does nothing is answered to users only, too.
        self.login()?;
        self.txn_parts(txn)
    }

    fn txn_parts(&self, txn: &TxnRequest) -> Result<(), AccessError> {
        for compare in &txn.compares {
            self.read(&compare.range)?;
        }
        for operation in txn.success.iter().chain(&txn.failure) {
            match operation {
                TxnOperation::Range(range) => self.read(&range.range)?,
                TxnOperation::Put(put) => self.put(put)?,
                TxnOperation::DeleteRange(delete) => self.delete_range(delete)?,
                TxnOperation::Txn(nested) => self.txn_parts(nested)?,
            }
        }
        Ok(())
    }

    /// Ending or renewing a lease, or putting a key under it: all of its keys must be writable.
    pub fn lease_writes(&self, lease: LeaseId) -> Result<(), AccessError> {
        self.lease_keys(lease, Access::Write)
    }

    /// Looking at the keys of a lease.
    pub fn lease_reads(&self, lease: LeaseId) -> Result<(), AccessError> {
        self.lease_keys(lease, Access::Read)
    }

    fn lease_keys(&self, lease: LeaseId, access: Access) -> Result<(), AccessError> {
        if lease.is_none() || self.is_free() {
            return Ok(());
        }
        let is_of_node =
            self.state.lease(lease)?.is_some_and(|record| record.expiration_unix_nanos.is_some());
        for key in self.state.lease_keys(lease)? {
            // With a directory of the v2 API that the lease was made for goes everything in it.
            let is_directory =
                is_of_node && V2Path::of_key(&key).is_some_and(|(_, is_directory)| is_directory);
            let range = if is_directory { KeyRange::prefix(&key) } else { KeyRange::Single(key) };
            self.auth.check_range(self.caller, &range, access)?;
        }
        Ok(())
    }

    /// Reading a node of the v2 API: a file by its key, a directory with everything below it.
    pub fn v2_get(&self, path: &V2Path, get: V2Get) -> Result<(), AccessError> {
        if self.is_free() {
            return Ok(());
        }
        let prefers_directory = get.is_directory || get.is_recursive;
        match self.state.find_node(path, prefers_directory) {
            Ok(found) if found.is_directory() => Ok(self.read(&KeyRange::prefix(&path.directory_key()))?),
            Err(NotFound::Fault(fault)) => Err(fault.into()),
            // What is not there may be said only to those who could read it.
            Ok(_) | Err(NotFound::Refused(_)) => Ok(self.read_key(path.as_bytes())?),
        }
    }

    /// Waiting for changes of a node of the v2 API: its key, and everything below it.
    pub fn v2_wait(&self, path: &V2Path, is_recursive: bool) -> Result<(), PermissionError> {
        if !path.is_root() {
            self.read_key(path.as_bytes())?;
        }
        if is_recursive || path.is_root() {
            self.read(&KeyRange::prefix(&path.directory_key()))?;
        }
        Ok(())
    }

    /// A change of a node of the v2 API. Its answer always tells what was there before, so that every key that is
    /// touched must be readable, too: the node, everything in a directory that goes, and each directory that is made on
    /// the way.
    pub fn v2_change(&self, request: &V2Request) -> Result<(), AccessError> {
        if self.is_free() {
            return Ok(());
        }
        let path = match &request.operation {
            V2Operation::Create { is_in_order: true, .. } => &request.path.next_in_order(self.state.revision),
            _ => &request.path,
        };
        if !path.is_root() {
            self.touch(&KeyRange::Single(path.as_bytes().clone()))?;
        }
        let is_directory = self.state.find_directory(path)?.is_some();
        let directory_key = path.directory_key();
        match &request.operation {
            V2Operation::Delete { is_directory: takes, is_recursive } => {
                if is_directory && (*takes || *is_recursive) {
                    self.touch(&KeyRange::prefix(&directory_key))?;
                }
            }
            V2Operation::CompareAndDelete { .. } | V2Operation::CompareAndSwap { .. } => {}
            V2Operation::Set { is_directory: makes, .. }
            | V2Operation::Create { is_directory: makes, .. } => {
                if *makes || is_directory {
                    self.touch(&KeyRange::Single(directory_key))?;
                }
                self.touch_missing_parents(path)?;
            }
            V2Operation::Update { .. } => {
                if is_directory {
                    self.touch(&KeyRange::Single(directory_key))?;
                }
            }
        }
        Ok(())
    }

    fn touch_missing_parents(&self, path: &V2Path) -> Result<(), AccessError> {
        for ancestor in path.ancestors() {
            let key = ancestor.directory_key();
            if self.state.live(&key)?.is_some() {
                break;
            }
            self.touch(&KeyRange::Single(key))?;
        }
        Ok(())
    }

    fn touch(&self, range: &KeyRange) -> Result<(), PermissionError> {
        self.write(range)?;
        self.read(range)
    }
}
