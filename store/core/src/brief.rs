//! Tells commands whose work is bounded by their own size from those that may touch any number of keys. Must not look
//! at the state.

use crate::command::Operation;
use crate::key_range::KeyRange;
use crate::request::{TxnOperation, TxnRequest};
use crate::v2::V2Operation;

impl Operation {
    /// Whether applying this touches no more keys than it names: then whoever must not be held up may apply it.
    pub fn is_brief(&self) -> bool {
        match self {
            Operation::Noop | Operation::Put(_) | Operation::LeaseGrant { .. } => true,
            Operation::DeleteRange(request) => is_single(&request.range),
            Operation::Txn(request) => is_brief_txn(request),
            Operation::V2(request) => !matches!(request.operation, V2Operation::Delete { .. }),
            _ => false,
        }
    }
}

fn is_brief_txn(request: &TxnRequest) -> bool {
    let mut operations = request.success.iter().chain(&request.failure);
    request.compares.iter().all(|compare| is_single(&compare.range)) && operations.all(is_brief_operation)
}

/// A nested transaction counts as long: what is bounded here is also how deep this looks.
fn is_brief_operation(operation: &TxnOperation) -> bool {
    match operation {
        TxnOperation::Put(_) => true,
        TxnOperation::Range(request) => is_single(&request.range),
        TxnOperation::DeleteRange(request) => is_single(&request.range),
        TxnOperation::Txn(_) => false,
    }
}

fn is_single(range: &KeyRange) -> bool {
    matches!(range, KeyRange::Single(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Revision;
    use crate::request::{DeleteRangeRequest, PutRequest, RangeRequest};

    fn delete(range: KeyRange) -> Operation {
        Operation::DeleteRange(DeleteRangeRequest { range, prev_kv: false })
    }

    fn single() -> KeyRange {
        KeyRange::Single("a".into())
    }

    #[test]
    fn what_names_single_keys_is_brief() {
        assert!(Operation::Put(PutRequest { key: "a".into(), ..PutRequest::default() }).is_brief());
        assert!(delete(single()).is_brief());
        let read = TxnOperation::Range(RangeRequest::all(single()));
        assert!(Operation::Txn(TxnRequest { failure: vec![read], ..TxnRequest::default() }).is_brief());
    }

    #[test]
    fn what_may_touch_many_keys_is_not() {
        assert!(!delete(KeyRange::prefix(b"a")).is_brief());
        assert!(!Operation::Compact { revision: Revision(1) }.is_brief());
        let read = TxnOperation::Range(RangeRequest::all(KeyRange::prefix(b"a")));
        assert!(!Operation::Txn(TxnRequest { failure: vec![read], ..TxnRequest::default() }).is_brief());
        let nested = TxnOperation::Txn(TxnRequest::default());
        assert!(!Operation::Txn(TxnRequest { success: vec![nested], ..TxnRequest::default() }).is_brief());
    }
}
