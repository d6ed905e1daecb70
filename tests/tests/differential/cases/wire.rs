//! gRPC below its messages: unknown methods, bytes that are no message, metadata, deadlines.

use http::Method as Verb;

use super::{put, range};
use crate::methods::{PUT, RANGE, UNKNOWN_METHOD, UNKNOWN_SERVICE};
use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![calls(), metadata()]
}

fn calls() -> Group {
    let mut group = Group::new("gRPC calls");
    group.grpc(&PUT, &put("a", "1"));
    group.grpc(&UNKNOWN_METHOD, &range("a", ""));
    group.grpc(&UNKNOWN_SERVICE, &range("a", ""));
    group.json(&UNKNOWN_METHOD, r#"{"key":"YQ=="}"#);
    group.json(&UNKNOWN_SERVICE, r#"{"key":"YQ=="}"#);
    let key: &[u8] = &[0x0a, 1, b'a'];
    let messages: [(&str, Vec<u8>); 9] = [
        ("nothing", vec![]),
        ("a tag without a value", vec![0x0a]),
        ("a length beyond the end", vec![0x0a, 9, b'a']),
        ("an endless number", vec![0x18; 12]),
        ("a group", vec![0x0b, 0x0c]),
        ("field 0", [key, &[0x00, 0x00]].concat()),
        ("an unknown field", [key, &[0xf8, 0x07, 0x01]].concat()),
        ("a field of another type", vec![0x08, 0x01]),
        ("a field twice", [key, &[0x0a, 1, b'b']].concat()),
    ];
    for (name, bytes) in messages {
        group.raw(&format!("gRPC Range of {name}"), &RANGE, bytes, &[]);
    }
    // The way of a gRPC client without HTTP/2.
    for content_type in ["application/grpc", "application/grpc+proto", "application/json"] {
        group.http(Verb::POST, "/etcdserverpb.KV/Range", &[("Content-Type", content_type)], "");
    }
    group
}

fn metadata() -> Group {
    let mut group = Group::new("gRPC metadata");
    group.grpc(&PUT, &put("a", "1"));
    let cases: [&[(&str, &str)]; 11] = [
        &[("hasleader", "true")],
        &[("hasleader", "false")],
        &[("hasleader", "maybe")],
        &[("client-api-version", "3.7")],
        &[("client-api-version", "3.0")],
        &[("client-api-version", "nonsense")],
        &[("token", "of-nobody")],
        &[("authorization", "of-nobody")],
        &[("authorization", "Bearer of-nobody")],
        &[("x-unknown", "value")],
        &[("source", "cache")],
    ];
    for metadata in cases {
        group.grpc_with(&RANGE, &range("a", ""), metadata);
        group.grpc_with(&PUT, &put("b", "1"), metadata);
    }
    for timeout in ["30S", "100H", "5000000u", "nonsense", "-1S", "1"] {
        group.grpc_with(&RANGE, &range("a", ""), &[("grpc-timeout", timeout)]);
    }
    group
}
