//! JSON as clients really send it, and as no client should: numbers, names, cases, encodings, broken documents.

use http::Method as Verb;

use crate::methods::{COMPACT, LEASE_GRANT, LEASE_LEASES, MEMBER_LIST, PUT, RANGE, STATUS, TXN};
use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![accepted(), values(), documents(), transactions()]
}

fn accepted() -> Group {
    let mut group = Group::new("JSON accepted");
    for body in [
        r#"{"key":"YQ==","value":"MQ=="}"#,
        r#" { "key" : "YQ==" , "value" : "MQ==" } "#,
        r#"{"value":"MQ==","key":"YQ=="}"#,
        r#"{"key":"YQ==","value":"MQ==","prev_kv":true}"#,
        r#"{"key":"YQ==","value":"MQ==","prevKv":true}"#,
        r#"{"key":"YQ==","value":"MQ==","unknown":{"deep":[1,2,{"x":null}]}}"#,
        r#"{"key":"YQ==","value":null,"lease":null,"prev_kv":null}"#,
        r#"{"key":"YQ"}"#,
        r#"{"key":"_-8="}"#,
        r#"{"key":"/+8="}"#,
        r#"{"key":"_-8"}"#,
        r#"{"key":"YQ==","lease":0}"#,
        r#"{"key":"YQ==","lease":"0"}"#,
        r#"{"key":"YQ==","lease":0.0}"#,
        r#"{"key":"YQ==","lease":0e5}"#,
        "\u{feff}{\"key\":\"YQ==\"}",
        "{\"key\":\"YQ==\",\"value\":\"\\u004dQ==\"}",
    ] {
        group.json(&PUT, body);
    }
    for body in [
        r#"{"key":"YQ==","range_end":"AA=="}"#,
        r#"{"key":"YQ==","rangeEnd":"AA==","limit":1}"#,
        r#"{"key":"YQ==","range_end":"AA==","limit":"1"}"#,
        r#"{"key":"YQ==","range_end":"AA==","limit":1.0}"#,
        r#"{"key":"YQ==","range_end":"AA==","limit":1e0}"#,
        r#"{"key":"YQ==","range_end":"AA==","limit":"1e0"}"#,
        r#"{"key":"YQ==","sort_order":"DESCEND","sort_target":"MOD","range_end":"AA=="}"#,
        r#"{"key":"YQ==","sortOrder":2,"sortTarget":3,"rangeEnd":"AA=="}"#,
        r#"{"key":"YQ==","keys_only":true,"serializable":true}"#,
        r#"{"key":"YQ==","countOnly":true}"#,
        r#"{"key":"YQ==","min_mod_revision":"3","maxModRevision":4,"range_end":"AA=="}"#,
    ] {
        group.json(&RANGE, body);
    }
    for headers in [
        vec![],
        vec![("Content-Type", "application/json")],
        vec![("Content-Type", "application/x-www-form-urlencoded")],
        vec![("Content-Type", "text/plain; charset=utf-8")],
        vec![("Accept", "text/html")],
        vec![("Authorization", "token-of-nobody")],
        vec![("Origin", "http://example.org")],
        vec![("Grpc-Timeout", "1S")],
        vec![("Grpc-Metadata-Hasleader", "true")],
    ] {
        group.http(Verb::POST, "/v3/kv/range", &headers, r#"{"key":"YQ=="}"#);
    }
    group.http(Verb::POST, "/v3beta/kv/range", &[], r#"{"key":"YQ=="}"#);
    group.http(Verb::POST, "/v3beta/kv/put", &[], r#"{"key":"YQ==","value":"Mg=="}"#);
    group
}

fn values() -> Group {
    let mut group = Group::new("JSON values");
    for body in [
        r#"{"key":"*"}"#,
        r#"{"key":"YQ==="}"#,
        r#"{"key":"Y"}"#,
        r#"{"key":"YQ== "}"#,
        r#"{"key":"Y Q=="}"#,
        r#"{"key":7}"#,
        r#"{"key":true}"#,
        r#"{"key":["YQ=="]}"#,
        r#"{"key":{}}"#,
        r#"{"key":"YQ==","lease":"x"}"#,
        r#"{"key":"YQ==","lease":""}"#,
        r#"{"key":"YQ==","lease":1.5}"#,
        r#"{"key":"YQ==","lease":"1.5"}"#,
        r#"{"key":"YQ==","lease":true}"#,
        r#"{"key":"YQ==","lease":9223372036854775808}"#,
        r#"{"key":"YQ==","lease":"9223372036854775808"}"#,
        r#"{"key":"YQ==","lease":1e30}"#,
        r#"{"key":"YQ==","lease":[1]}"#,
        r#"{"key":"YQ==","lease":" 1"}"#,
        r#"{"key":"YQ==","lease":"01"}"#,
        r#"{"key":"YQ==","lease":"+1"}"#,
        r#"{"key":"YQ==","prev_kv":"true"}"#,
        r#"{"key":"YQ==","prev_kv":1}"#,
        r#"{"key":"YQ==","key":"Yg=="}"#,
        r#"{"key":"YQ==","prev_kv":true,"prevKv":true}"#,
    ] {
        group.json(&PUT, body);
    }
    for body in [
        r#"{"key":"YQ==","sort_order":"SIDEWAYS"}"#,
        r#"{"key":"YQ==","sort_order":"descend"}"#,
        r#"{"key":"YQ==","sort_order":7}"#,
        r#"{"key":"YQ==","sort_order":"2"}"#,
        r#"{"key":"YQ==","sort_order":1.5}"#,
        r#"{"key":"YQ==","sort_target":"NAME"}"#,
        r#"{"key":"YQ==","sort_target":-1}"#,
        r#"{"key":"YQ==","sort_target":false}"#,
        r#"{"key":"YQ==","limit":"many"}"#,
        r#"{"key":"YQ==","revision":99}"#,
        r#"{"key":""}"#,
    ] {
        group.json(&RANGE, body);
    }
    group.json(&LEASE_GRANT, r#"{"TTL":"500","ID":"3"}"#);
    group.json(&LEASE_GRANT, r#"{"ttl":500,"id":4}"#);
    group.json(&LEASE_GRANT, r#"{"TTL":500,"ID":3}"#);
    group.json(&LEASE_GRANT, r#"{"TTL":-0,"ID":5}"#);
    group.json(&COMPACT, r#"{"revision":"1000"}"#);
    group
}

fn documents() -> Group {
    let mut group = Group::new("JSON documents");
    for body in [
        "",
        " ",
        "{}",
        "{",
        "}",
        "[]",
        "[",
        "null",
        "true",
        "7",
        "\"text\"",
        "nonsense",
        "{key:\"YQ==\"}",
        "{'key':'YQ=='}",
        r#"{"key""YQ=="}"#,
        r#"{"key":"YQ==",}"#,
        r#"{"key":"YQ==" "value":"MQ=="}"#,
        r#"{"key":"YQ=="}}"#,
        r#"{"key":"YQ=="}{"key":"Yg=="}"#,
        r#"{"key":"YQ=="} trailing"#,
        r#"{"key":"YQ=="#,
        r#"{"key":}"#,
        r#"{"key":"YQ==","lease":01}"#,
        r#"{"key":"YQ==","lease":-}"#,
        r#"{"key":"YQ==","lease":+1}"#,
        r#"{"key":"YQ==","prev_kv":tru}"#,
        r#"{"key":"YQ==","prev_kv":True}"#,
        r#"{"key":"YQ==","x":"\q"}"#,
        r#"{"key":"YQ==","x":"\ud800"}"#,
        "{\"key\":\"YQ==\",\"x\":\"\u{1}\"}",
        "// comment\n{}",
    ] {
        group.json(&RANGE, body);
    }
    group.http(Verb::POST, "/v3/kv/range", &[], [0xff, 0xfe, b'{', b'}']);
    group.http(Verb::POST, "/v3/kv/range", &[], b"{\"key\":\"YQ==\",\"x\":\"\xff\"}");
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    group.json(&RANGE, &deep);
    for method in [&LEASE_LEASES, &MEMBER_LIST, &STATUS] {
        for body in ["", "{}", "null", "[]", "{", r#"{"linearizable":"yes"}"#, r#"{"anything":1}"#] {
            group.json(method, body);
        }
    }
    group
}

fn transactions() -> Group {
    let mut group = Group::new("JSON transactions");
    group.json(&PUT, r#"{"key":"YQ==","value":"MQ=="}"#);
    for body in [
        "{}",
        "",
        r#"{"compare":[]}"#,
        r#"{"compare":[{"target":"VALUE","key":"YQ==","value":"MQ=="}],"success":[{"requestRange":{"key":"YQ=="}}]}"#,
        r#"{"compare":[{"target":"MOD","result":"GREATER","key":"YQ==","mod_revision":"1"}],"success":[{"request_put":{"key":"Yg==","value":"MQ==","prev_kv":true}}]}"#,
        r#"{"compare":[{"target":2,"result":3,"key":"YQ==","modRevision":1}],"success":[{"requestPut":{"key":"Yg==","value":"Mg==","prevKv":true}}]}"#,
        r#"{"compare":[{"key":"Yg==","create_revision":0,"target":"CREATE"}],"failure":[{"request_txn":{"compare":[{"key":"YQ==","version":"1"}],"success":[{"request_delete_range":{"key":"Yg==","prev_kv":true}}]}}]}"#,
        r#"{"compare":[{"key":"YQ==","lease":"0","target":"LEASE"}]}"#,
        r#"{"compare":[{"key":"YQ==","version":"1","mod_revision":"1"}]}"#,
        r#"{"compare":[{"key":"YQ==","target":"NAME"}]}"#,
        r#"{"compare":[{"key":"YQ==","result":"ABOUT"}]}"#,
        r#"{"compare":{"key":"YQ=="}}"#,
        r#"{"compare":[7]}"#,
        r#"{"compare":[null]}"#,
        r#"{"success":[{}]}"#,
        r#"{"success":[{"request_range":{}}]}"#,
        r#"{"success":[{"request_range":null}]}"#,
        r#"{"success":[{"request_put":{"key":"YQ=="},"request_range":{"key":"YQ=="}}]}"#,
        r#"{"success":[{"request_rename":{"key":"YQ=="}}]}"#,
        r#"{"success":[{"request_put":{"key":"YQ==","lease":"404"}}]}"#,
        r#"{"success":[{"request_put":{"key":"YQ=="}},{"request_put":{"key":"YQ=="}}]}"#,
        r#"{"success":[{"request_range":{"key":"YQ==","range_end":"AA=="}}],"failure":[{"request_range":{"key":"YQ=="}}]}"#,
    ] {
        group.json(&TXN, body);
    }
    group
}
