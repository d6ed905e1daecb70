//! The check that no transaction writes a key twice, made at the border before a transaction is proposed. Must give
//! etcd's verdict for every shape of transaction, in time that grows with its size, not with its square.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use bytes::Bytes;

use crate::key_range::KeyRange;
use crate::request::{TxnOperation, TxnRequest};

/// Why a transaction is refused before it is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TxnCheckError {
    /// More compares or operations than allowed.
    #[error("too many operations in transaction")]
    TooManyOperations,
    /// A key would be written twice, or deleted and written.
    #[error("duplicate key in transaction")]
    DuplicateKey,
}

/// Checks that no list of compares or operations is longer than `operations_max`; a nested transaction may use what
/// its parent leaves.
pub fn check_operation_count(txn: &TxnRequest, operations_max: usize) -> Result<(), TxnCheckError> {
    let used = txn.compares.len().max(txn.success.len()).max(txn.failure.len());
    let left = operations_max.checked_sub(used).ok_or(TxnCheckError::TooManyOperations)?;
    for operation in txn.success.iter().chain(&txn.failure) {
        if let TxnOperation::Txn(nested) = operation {
            check_operation_count(nested, left)?;
        }
    }
    Ok(())
}

/// Checks both branches of a transaction for keys that are put twice, or put and deleted. Deletions may overlap each
/// other, and so may the two branches of a nested transaction, of which only one runs. A deletion in a nested
/// transaction is checked against the puts of the transactions behind it and of those around it, not against the puts
/// of transactions before it (etcd's rule).
pub fn check_duplicate_keys(txn: &TxnRequest) -> Result<(), TxnCheckError> {
    branch_writes(&txn.success)?;
    branch_writes(&txn.failure)?;
    Ok(())
}

/// What a list of operations writes.
#[derive(Default)]
struct Writes<'t> {
    puts: BTreeSet<&'t Bytes>,
    deletions: Deletions<'t>,
}

fn branch_writes(operations: &[TxnOperation]) -> Result<Writes<'_>, TxnCheckError> {
    let mut writes = Writes::default();
    for operation in operations {
        if let TxnOperation::DeleteRange(delete) = operation {
            writes.deletions.insert(&delete.range);
        }
    }
    for operation in operations {
        if let TxnOperation::Txn(nested) = operation {
            let success = branch_writes(&nested.success)?;
            let failure = branch_writes(&nested.failure)?;
            for key in success.puts.union(&failure.puts).copied() {
                writes.check(key)?;
            }
            writes.puts.extend(success.puts);
            writes.puts.extend(failure.puts);
            writes.deletions.extend(success.deletions);
            writes.deletions.extend(failure.deletions);
        }
    }
    for operation in operations {
        if let TxnOperation::Put(put) = operation {
            writes.check(&put.key)?;
            writes.puts.insert(&put.key);
        }
    }
    Ok(writes)
}

impl Writes<'_> {
    fn check(&self, key: &Bytes) -> Result<(), TxnCheckError> {
        if self.puts.contains(key) || self.deletions.contains(key) {
            return Err(TxnCheckError::DuplicateKey);
        }
        Ok(())
    }
}

/// A set of keys, as disjoint stretches.
#[derive(Default)]
struct Deletions<'t> {
    keys: BTreeSet<&'t Bytes>,
    /// Start to exclusive end.
    stretches: BTreeMap<&'t [u8], &'t [u8]>,
}

impl<'t> Deletions<'t> {
    fn insert(&mut self, range: &'t KeyRange) {
        match range {
            KeyRange::Single(key) => {
                self.keys.insert(key);
            }
            KeyRange::Bounded { start, end } if start < end => self.insert_stretch(start, end),
            // etcd compares a range without upper end as one that ends at a zero byte, which overlaps nothing.
            KeyRange::Bounded { .. } | KeyRange::From(_) => {}
        }
    }

    fn insert_stretch(&mut self, mut start: &'t [u8], mut end: &'t [u8]) {
        while let Some((other_start, other_end)) = self.last_up_to(end) {
            if other_end < start {
                break;
            }
            self.stretches.remove(other_start);
            start = start.min(other_start);
            end = end.max(other_end);
        }
        self.stretches.insert(start, end);
    }

    fn extend(&mut self, other: Deletions<'t>) {
        self.keys.extend(other.keys);
        for (start, end) in other.stretches {
            self.insert_stretch(start, end);
        }
    }

    fn contains(&self, key: &Bytes) -> bool {
        self.keys.contains(key) || self.last_up_to(key).is_some_and(|(_, end)| key.as_ref() < end)
    }

    /// The last stretch that begins at or before `key`.
    fn last_up_to(&self, key: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
        let before = (Bound::Unbounded, Bound::Included(key));
        self.stretches.range::<[u8], _>(before).next_back().map(|(start, end)| (*start, *end))
    }
}

#[cfg(test)]
mod tests;
