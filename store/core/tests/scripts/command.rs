//! Script lines as the requests they stand for.

use holdfast_core::ids::{LeaseId, Revision};
use holdfast_core::request::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, SortOrder,
    SortTarget, TxnOperation, TxnRequest,
};
use holdfast_core::watch::{WatchCreate, WatchId};

use super::words::{Words, bytes};

/// `put KEY [VALUE]`.
pub fn put(mut words: Words<'_>) -> PutRequest {
    let lease = LeaseId(words.number_option("lease"));
    let prev_kv = words.flag("prev_kv");
    let ignore_value = words.flag("ignore_value");
    let ignore_lease = words.flag("ignore_lease");
    let key = bytes(words.next());
    let value = if words.is_empty() { bytes("") } else { bytes(words.next()) };
    words.end();
    PutRequest { key, value, lease, prev_kv, ignore_value, ignore_lease }
}

/// `get RANGE`.
pub fn get(mut words: Words<'_>) -> RangeRequest {
    let request = RangeRequest {
        limit: words.number_option("limit"),
        revision: words.option("revision").map(|revision| Revision(revision.parse().unwrap())),
        order: match words.option("order") {
            None => SortOrder::None,
            Some("ascend") => SortOrder::Ascend,
            Some("descend") => SortOrder::Descend,
            Some(other) => panic!("no such order: {other}"),
        },
        target: match words.option("by") {
            None | Some("key") => SortTarget::Key,
            Some("version") => SortTarget::Version,
            Some("create") => SortTarget::Create,
            Some("mod") => SortTarget::Mod,
            Some("value") => SortTarget::Value,
            Some(other) => panic!("nothing to sort by: {other}"),
        },
        keys_only: words.flag("keys_only"),
        count_only: words.flag("count_only"),
        min_mod_revision: words.number_option("min_mod"),
        max_mod_revision: words.number_option("max_mod"),
        min_create_revision: words.number_option("min_create"),
        max_create_revision: words.number_option("max_create"),
        range: words.range(),
    };
    words.end();
    request
}

/// `del RANGE`.
pub fn delete(mut words: Words<'_>) -> DeleteRangeRequest {
    let prev_kv = words.flag("prev_kv");
    let range = words.range();
    words.end();
    DeleteRangeRequest { range, prev_kv }
}

/// The lines below `txn`: `if ...`, `then ...`, `else ...`; the lines of a nested transaction stand below its
/// `then txn` or `else txn`, two columns to the right.
pub fn txn(lines: &[&str]) -> TxnRequest {
    let mut txn = TxnRequest::default();
    let mut rest = lines;
    while let Some((line, behind)) = rest.split_first() {
        let nested = behind.iter().take_while(|line| line.starts_with("  ")).count();
        let (below, next) = behind.split_at(nested);
        rest = next;
        let mut words = Words::new(line);
        match words.next() {
            "if" => txn.compares.push(compare(words)),
            "then" => txn.success.push(txn_operation(words, below)),
            "else" => txn.failure.push(txn_operation(words, below)),
            other => panic!("no part of a transaction: {other}"),
        }
    }
    txn
}

fn txn_operation(mut words: Words<'_>, below: &[&str]) -> TxnOperation {
    match words.next() {
        "put" => TxnOperation::Put(put(words)),
        "get" => TxnOperation::Range(get(words)),
        "del" => TxnOperation::DeleteRange(delete(words)),
        "txn" => TxnOperation::Txn(txn(&below.iter().map(|line| &line[2..]).collect::<Vec<_>>())),
        other => panic!("no operation of a transaction: {other}"),
    }
}

/// `if TARGET RANGE RELATION VALUE`.
fn compare(mut words: Words<'_>) -> Compare {
    let target = words.next();
    let range = words.range();
    let result = match words.next() {
        "=" => CompareResult::Equal,
        ">" => CompareResult::Greater,
        "<" => CompareResult::Less,
        "!=" => CompareResult::NotEqual,
        other => panic!("no relation: {other}"),
    };
    let target = match target {
        "version" => CompareTarget::Version(words.number()),
        "create" => CompareTarget::Create(words.number()),
        "mod" => CompareTarget::Mod(words.number()),
        "lease" => CompareTarget::Lease(words.number()),
        "value" => CompareTarget::Value(bytes(words.next())),
        other => panic!("nothing to compare: {other}"),
    };
    words.end();
    Compare { range, result, target }
}

/// `watch create RANGE`.
pub fn watch(mut words: Words<'_>) -> WatchCreate {
    let create = WatchCreate {
        start_revision: words.number_option("start"),
        watch_id: WatchId(words.number_option("id")),
        progress_notify: words.flag("progress_notify"),
        no_put: words.flag("no_put"),
        no_delete: words.flag("no_delete"),
        prev_kv: words.flag("prev_kv"),
        fragment: words.flag("fragment"),
        range: words.range(),
    };
    words.end();
    create
}
