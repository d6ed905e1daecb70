//! Lines of the audit log: who asked for what, on which keys, and how it ended. Never a value, a password or a token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;
use pb::request_op::Request;
use prost::Message;
use serde_json::{Map, Value, json};

use super::error::Status;
use super::grpc::Method;
use super::v2::rfc3339;
use crate::auth::{Claim, Shown};
use crate::limits::AUDIT_RANGES_MAX;
use crate::node::{Node, unix_nanos};

/// Writes down a call that has ended, if there is an audit log.
pub(super) fn call(
    node: &Node,
    claim: &Claim,
    method: Method,
    message: Option<&Bytes>,
    ended: Option<&Status>,
) {
    let Some(log) = node.authenticator().audit_log() else { return };
    let mut line = begin(node, claim);
    line.insert("rpc".to_owned(), json!(format!("{}/{}", method.service(), method.name())));
    if let Some(message) = message {
        describe(method, message.clone(), &mut line);
    }
    let outcome = ended.map_or("Ok".to_owned(), |status| format!("{:?}", status.code));
    line.insert("outcome".to_owned(), json!(outcome));
    log.write(Value::Object(line).to_string());
}

/// Writes down a watch, once it is known what became of it.
pub(super) fn watch(node: &Node, claim: &Claim, create: &pb::WatchCreateRequest, outcome: &str) {
    let Some(log) = node.authenticator().audit_log() else { return };
    let mut line = begin(node, claim);
    line.insert("rpc".to_owned(), json!(format!("{}/{}", Method::Watch.service(), Method::Watch.name())));
    line.insert("keys".to_owned(), json!([range(&create.key, &create.range_end)]));
    line.insert("outcome".to_owned(), json!(outcome));
    log.write(Value::Object(line).to_string());
}

/// Writes down a request to a route that is no call.
pub(super) fn route(node: &Node, claim: Option<&Claim>, method: &http::Method, path: &str, status: u16) {
    let Some(log) = node.authenticator().audit_log() else { return };
    let mut line = begin(node, claim.unwrap_or(&Claim::default()));
    line.insert("route".to_owned(), json!(format!("{method} {path}")));
    line.insert("outcome".to_owned(), json!(status));
    log.write(Value::Object(line).to_string());
}

/// Whether anybody reads what is written here.
pub(super) fn is_on(node: &Node) -> bool {
    node.authenticator().audit_log().is_some()
}

fn begin(node: &Node, claim: &Claim) -> Map<String, Value> {
    let mut line = Map::new();
    line.insert("time".to_owned(), json!(rfc3339(unix_nanos())));
    let caller = node.authenticator().caller(claim, node.view().auth());
    let user = match (&caller, &claim.shown) {
        (Ok(caller), _) => caller.name().map(str::to_owned),
        // Who it wanted to be.
        (Err(_), Shown::Login { user, .. } | Shown::CheckedLogin { user, .. }) => Some(user.clone()),
        (Err(_), Shown::Nothing | Shown::Token(_)) => None,
    };
    line.insert("user".to_owned(), json!(user));
    line.insert("address".to_owned(), json!(claim.peer.address.map(|address| address.to_string())));
    line
}

/// Which keys, leases, users and roles a request is about.
fn describe(method: Method, message: Bytes, line: &mut Map<String, Value>) {
    let mut ranges = Vec::new();
    match method {
        Method::Range | Method::RangeStream => {
            if let Ok(request) = pb::RangeRequest::decode(message) {
                ranges.push(range(&request.key, &request.range_end));
            }
        }
        Method::Put => {
            if let Ok(request) = pb::PutRequest::decode(message) {
                ranges.push(range(&request.key, &[]));
            }
        }
        Method::DeleteRange => {
            if let Ok(request) = pb::DeleteRangeRequest::decode(message) {
                ranges.push(range(&request.key, &request.range_end));
            }
        }
        Method::Txn => {
            if let Ok(request) = pb::TxnRequest::decode(message) {
                txn(&request, &mut ranges);
            }
        }
        _ => return describe_other(method, message, line),
    }
    line.insert("keys".to_owned(), Value::Array(ranges));
}

fn describe_other(method: Method, message: Bytes, line: &mut Map<String, Value>) {
    let mut set = |name: &str, value: Value| {
        line.insert(name.to_owned(), value);
    };
    match method {
        // In all of these the lease is the first field.
        Method::LeaseRevoke | Method::LeaseTimeToLive | Method::LeaseKeepAlive => {
            if let Ok(request) = pb::LeaseRevokeRequest::decode(message) {
                set("lease", json!(request.id));
            }
        }
        // In these it is a name: of whoever logs in, of a user, of a role.
        Method::Authenticate
        | Method::UserAdd
        | Method::UserGet
        | Method::UserDelete
        | Method::UserChangePassword
        | Method::RoleAdd
        | Method::RoleGet
        | Method::RoleDelete => {
            if let Ok(request) = pb::AuthRoleAddRequest::decode(message) {
                set("name", json!(request.name));
            }
        }
        Method::UserGrantRole | Method::UserRevokeRole => {
            if let Ok(request) = pb::AuthUserGrantRoleRequest::decode(message) {
                set("name", json!(request.user));
                set("role", json!(request.role));
            }
        }
        Method::RoleGrantPermission => {
            if let Ok(request) = pb::AuthRoleGrantPermissionRequest::decode(message) {
                set("name", json!(request.name));
                set(
                    "keys",
                    request.perm.map_or(Value::Null, |perm| json!([range(&perm.key, &perm.range_end)])),
                );
            }
        }
        Method::RoleRevokePermission => {
            if let Ok(request) = pb::AuthRoleRevokePermissionRequest::decode(message) {
                set("name", json!(request.role));
                set("keys", json!([range(&request.key, &request.range_end)]));
            }
        }
        _ => {}
    }
}

fn txn(txn: &pb::TxnRequest, ranges: &mut Vec<Value>) {
    ranges.extend(txn.compare.iter().map(|compare| range(&compare.key, &compare.range_end)));
    for operation in txn.success.iter().chain(&txn.failure) {
        match &operation.request {
            Some(Request::RequestRange(request)) => ranges.push(range(&request.key, &request.range_end)),
            Some(Request::RequestPut(request)) => ranges.push(range(&request.key, &[])),
            Some(Request::RequestDeleteRange(request)) => {
                ranges.push(range(&request.key, &request.range_end))
            }
            Some(Request::RequestTxn(nested)) => self::txn(nested, ranges),
            None => {}
        }
    }
    ranges.truncate(AUDIT_RANGES_MAX);
}

/// A key, or a pair of key and end.
fn range(key: &[u8], end: &[u8]) -> Value {
    if end.is_empty() { bytes(key) } else { json!([bytes(key), bytes(end)]) }
}

/// Bytes as text where they are text, else in base64 behind a word that says so.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!(format!("base64:{}", STANDARD.encode(bytes))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(method: Method, message: &impl Message) -> String {
        let mut line = Map::new();
        describe(method, message.encode_to_vec().into(), &mut line);
        Value::Object(line).to_string()
    }

    #[test]
    fn a_put_shows_its_key_and_not_its_value() {
        let put = pb::PutRequest { key: "k".into(), value: "secret".into(), ..Default::default() };
        assert_eq!(described(Method::Put, &put), r#"{"keys":["k"]}"#);
        let operation = |put| pb::RequestOp { request: Some(Request::RequestPut(put)) };
        let nested = pb::TxnRequest { failure: vec![operation(put)], ..Default::default() };
        let outer = pb::TxnRequest {
            success: vec![pb::RequestOp { request: Some(Request::RequestTxn(nested)) }],
            ..Default::default()
        };
        assert_eq!(described(Method::Txn, &outer), r#"{"keys":["k"]}"#);
    }

    #[test]
    fn ranges_and_bytes_that_are_no_text_are_shown() {
        let range = pb::RangeRequest { key: "a".into(), range_end: vec![0xff].into(), ..Default::default() };
        assert_eq!(described(Method::Range, &range), r#"{"keys":[["a","base64:/w=="]]}"#);
    }

    #[test]
    fn a_login_shows_its_user_and_not_its_password() {
        let login = pb::AuthenticateRequest { name: "u".into(), password: "secret".into() };
        assert_eq!(described(Method::Authenticate, &login), r#"{"name":"u"}"#);
        let user =
            pb::AuthUserAddRequest { name: "u".into(), password: "secret".into(), ..Default::default() };
        assert_eq!(described(Method::UserAdd, &user), r#"{"name":"u"}"#);
    }
}
