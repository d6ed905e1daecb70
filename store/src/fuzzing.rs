//! What reads bytes of strangers, each as a function that takes any bytes at all. For fuzzing only: what comes out is
//! thrown away, and only a panic, an endless loop or too much memory says anything.

use std::collections::BTreeMap;

use holdfast_proto::etcdserverpb as pb;
use serde::Serialize;

use crate::api::convert;
use crate::api::gateway::fuzzing::decode;
use crate::config::fuzz_file;

/// What a server allows by default.
const TXN_OPERATIONS: usize = 128;

/// A body of the JSON gateway. The first byte says to which call.
pub fn gateway_json(bytes: &[u8]) {
    let Some((call, body)) = bytes.split_first() else { return };
    match call % 8 {
        0 => drop(decode::<pb::RangeRequest>(body).map(convert::request::range)),
        1 => drop(decode::<pb::PutRequest>(body).map(convert::request::put)),
        2 => drop(decode::<pb::DeleteRangeRequest>(body).map(convert::request::delete_range)),
        3 => {
            if let Ok(request) = decode::<pb::TxnRequest>(body) {
                convert::txn::route(&request);
                printed(&request);
                drop(convert::txn::txn(request, TXN_OPERATIONS));
            }
        }
        4 => drop(decode::<pb::WatchRequest>(body).map(|request| printed(&request))),
        5 => drop(decode::<pb::LeaseGrantRequest>(body).map(|request| printed(&request))),
        6 => drop(decode::<pb::AuthUserAddRequest>(body).map(|request| printed(&request))),
        _ => drop(decode::<pb::AuthRoleGrantPermissionRequest>(body).map(|request| printed(&request))),
    }
}

/// What was read can be written, and read again.
fn printed(message: &impl Serialize) {
    let text = serde_json::to_string(message).expect("messages can be written as JSON");
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
}

/// A request of the v2 API: method, path, query and body, a line each.
pub fn v2_parameters(bytes: &[u8]) {
    let mut parts = bytes.splitn(4, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    crate::api::v2::fuzzing::read(next(), next(), next(), next());
}

/// A configuration file.
pub fn config_file(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        fuzz_file(text, &BTreeMap::new());
    }
}

/// Headers that say who a client is, and tokens behind a signature that is right. The first byte says which.
///
/// # Panics
///
/// When a token is taken that was not signed, or one is read otherwise than it was written.
pub fn token(bytes: &[u8]) {
    crate::auth::fuzzing::read(bytes);
}

/// A file with certificates, keys, or revoked certificates.
pub fn tls_file(bytes: &[u8]) {
    crate::tls::fuzzing::read(bytes);
}
