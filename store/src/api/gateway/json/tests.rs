//! What the gateway takes and refuses; the answers were taken from etcd 3.7.3 where its words are used.

use super::*;
use holdfast_proto::etcdserverpb as pb;
use pb::range_request::SortOrder;

fn range(body: &str) -> pb::RangeRequest {
    decode(body.as_bytes()).unwrap()
}

fn refusal(body: &str) -> String {
    let status = decode::<pb::RangeRequest>(body.as_bytes()).unwrap_err();
    assert_eq!(status.code, crate::api::error::Code::InvalidArgument);
    status.message.into_owned()
}

#[test]
fn nothing_means_defaults_and_what_follows_the_document_is_passed_over() {
    assert_eq!(range(""), pb::RangeRequest::default());
    assert_eq!(range(" \r\n"), pb::RangeRequest::default());
    assert_eq!(range(r#"{"key":"Zm9v"} trailing"#).key, "foo");
    assert_eq!(range(r#"{"key":"Zm9v"}{"key":"YQ=="}"#).key, "foo");
}

#[test]
fn names_and_numbers_are_taken_in_every_form() {
    let request = range(r#"{"key":"Zm9v","rangeEnd":"AA==","limit":"3","sort_order":2,"x":{"y":[1]}}"#);
    assert_eq!((request.range_end.as_ref(), request.limit), (b"\0".as_ref(), 3));
    assert_eq!(request.sort_order(), SortOrder::Descend);
    assert_eq!(range(r#"{"sort_order":"DESCEND","limit":3}"#).sort_order(), SortOrder::Descend);
    assert_eq!(range(r#"{"limit":1e1}"#).limit, 10);
    assert_eq!(range(r#"{"limit":5.0,"key":"YQ=="}"#).limit, 5);
    let max: pb::LeaseGrantRequest = decode(br#"{"ID":9223372036854775807}"#).unwrap();
    assert_eq!(max.id, i64::MAX);
}

#[test]
fn null_is_a_default_anywhere() {
    assert_eq!(range(r#"{"key":null,"limit":null,"serializable":null}"#), pb::RangeRequest::default());
    let txn: pb::TxnRequest =
        decode(br#"{"compare":null,"success":[{"request_put":{"key":"YQ==","lease":null}}]}"#).unwrap();
    assert_eq!(txn.success.len(), 1);
}

#[test]
fn bytes_may_be_padded_or_not_and_of_either_alphabet() {
    for text in ["+/+/", "-_-_"] {
        assert_eq!(range(&format!(r#"{{"key":"{text}"}}"#)).key, b"\xfb\xff\xbf".as_ref());
    }
    for text in ["Zm8=", "Zm8"] {
        assert_eq!(range(&format!(r#"{{"key":"{text}"}}"#)).key, "fo");
    }
}

#[test]
fn what_is_no_json_is_refused_in_the_words_of_etcd() {
    assert_eq!(refusal("{"), "unexpected EOF");
    assert_eq!(refusal("{bad}"), "invalid character 'b' looking for beginning of object key string");
    assert_eq!(refusal("garbage"), "invalid character 'g' looking for beginning of value");
    assert_eq!(
        refusal(r#"{"key":"Zm9v",}"#),
        "invalid character '}' looking for beginning of object key string"
    );
    assert_eq!(refusal(r#"{"key" "Zm9v"}"#), "invalid character '\"' after object key");
    assert_eq!(refusal(r#"{"key":"Zm9v" x}"#), "invalid character 'x' after object key:value pair");
}

#[test]
fn what_does_not_fit_is_refused_with_its_field_and_value() {
    assert!(refusal(r#"{"key":"!!!"}"#).ends_with(r#"invalid value for field key: "!!!""#));
    assert!(refusal(r#"{"sort_order":77}"#).ends_with("invalid value for field sort_order: 77"));
    assert!(refusal(r#"{"key":5}"#).ends_with("invalid value for field key: 5"));
    assert!(refusal(r#"{"key":"Zm9v","limit":"x"}"#).ends_with(r#"invalid value for field limit: "x""#));
    assert!(refusal(r#"{"limit":1.5}"#).ends_with("invalid value for field limit: 1.5"));
    assert!(
        refusal(r#"{"serializable":"true"}"#).ends_with(r#"invalid value for field serializable: "true""#)
    );
    assert!(refusal(r#"{"key":"YQ==","key":"Yg=="}"#).contains("duplicate field"));
    let nested = decode::<pb::TxnRequest>(br#"{"success":[{"request_put":{"key":"!"}}]}"#).unwrap_err();
    assert!(nested.message.ends_with(r#"invalid value for field key: "!""#), "{nested}");
    for body in ["[]", "null", r#""x""#, "5"] {
        assert!(refusal(body).starts_with("proto: (line 1:"), "{body}");
    }
}

#[test]
fn nesting_has_a_bound() {
    let deep = r#"{"success":[{"request_txn":"#.repeat(100_000);
    let status = decode::<pb::TxnRequest>(deep.as_bytes()).unwrap_err();
    assert!(status.message.contains("recursion limit"), "{status}");
    let unknown = format!(r#"{{"x":{}{},"key":5}}"#, "[".repeat(100_000), "]".repeat(100_000));
    assert!(refusal(&unknown).contains("invalid type"));
}
