//! Script lines of the v2 API: `v2 set PATH [VALUE] [dir] [refresh] [ttl=SECONDS]` and its like. Time stands still at
//! 0: a node with `ttl=5` ends at 5 s.

use bytes::Bytes;
use holdfast_core::ids::{LeaseId, Revision};
use holdfast_core::v2::{V2Get, V2Operation, V2Path, V2Request, V2TimeToLive, V2Watch};

use super::words::{Words, bytes};

/// The lease that a node is offered unless the script names one with `lease=`.
const LEASE: i64 = 100;

fn path(words: &mut Words<'_>) -> V2Path {
    V2Path::clean(words.next().as_bytes()).unwrap()
}

/// `v2 CHANGE PATH [VALUE]`.
pub fn change(change: &str, mut words: Words<'_>) -> V2Request {
    let lease = words.option("lease").map_or(LEASE, |id| id.parse().unwrap());
    let time_to_live = words.option("ttl").map(|seconds| {
        let ttl_seconds = seconds.parse().unwrap();
        let expiration_unix_nanos = ttl_seconds * 1_000_000_000;
        V2TimeToLive { lease: LeaseId(lease), ttl_seconds, expiration_unix_nanos }
    });
    let is_directory = words.flag("dir");
    let is_refresh = words.flag("refresh");
    let is_recursive = words.flag("recursive");
    let prev_value = bytes(words.option("prev_value").unwrap_or_default());
    let prev_index = words.number_option("prev_index");
    let path = path(&mut words);
    let value = if words.is_empty() { Bytes::new() } else { bytes(words.next()) };
    words.end();
    let operation = match change {
        "set" => V2Operation::Set { value, is_directory, time_to_live, is_refresh },
        "create" => V2Operation::Create { value, is_directory, time_to_live, is_in_order: false },
        "post" => V2Operation::Create { value, is_directory, time_to_live, is_in_order: true },
        "update" => V2Operation::Update { value, time_to_live, is_refresh },
        "cas" => V2Operation::CompareAndSwap { prev_value, prev_index, value, time_to_live, is_refresh },
        "delete" => V2Operation::Delete { is_directory, is_recursive },
        "cad" => V2Operation::CompareAndDelete { prev_value, prev_index },
        other => panic!("no such change of a node: {other}"),
    };
    V2Request { path, operation }
}

/// `v2 get PATH [recursive] [sorted] [dir]`.
pub fn get(mut words: Words<'_>) -> (V2Path, V2Get) {
    let get = V2Get {
        is_recursive: words.flag("recursive"),
        is_sorted: words.flag("sorted"),
        is_directory: words.flag("dir"),
    };
    let path = path(&mut words);
    words.end();
    (path, get)
}

/// `v2 wait PATH from=REVISION [recursive]`.
pub fn wait(mut words: Words<'_>) -> (V2Watch, Revision) {
    let is_recursive = words.flag("recursive");
    let from = Revision(words.number_option("from"));
    let path = path(&mut words);
    words.end();
    (V2Watch { path, is_recursive }, from)
}
