//! What the gateway takes and refuses; the answers were taken from etcd 3.7.3 where its words are used.

use super::*;
use holdfast_proto::etcdserverpb as pb;
use pb::range_request::SortOrder;
use proptest::prelude::*;

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

/// Any JSON, with names and values that messages know among it.
fn documents() -> impl Strategy<Value = Value> {
    let text = prop_oneof!["[A-Za-z0-9+/=_-]{0,8}", "-?[0-9]{1,20}", ".{0,4}", "DESCEND|KEY|EQUAL|VALUE"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let names = "key|value|lease|limit|range_end|rangeEnd|sort_order|compare|target|success|failure|x|ID|TTL|\
        request_put|requestRange|request_txn|create_request|filters|prev_kv";
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Reads a body as several messages; each is read or refused with a text.
fn read_as_anything(body: &[u8]) {
    fn read<Q: Message + DeserializeOwned + Default>(body: &[u8]) {
        if let Err(status) = decode::<Q>(body) {
            assert_eq!(status.code, crate::api::error::Code::InvalidArgument);
            assert!(!status.message.is_empty());
        }
    }
    read::<pb::RangeRequest>(body);
    read::<pb::PutRequest>(body);
    read::<pb::TxnRequest>(body);
    read::<pb::WatchRequest>(body);
    read::<pb::LeaseGrantRequest>(body);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..100)) {
        read_as_anything(&body);
    }

    #[test]
    fn any_document_is_read_or_refused_wherever_it_ends(
        document in documents(),
        end in any::<prop::sample::Index>(),
    ) {
        let body = document.to_string();
        read_as_anything(body.as_bytes());
        read_as_anything(&body.as_bytes()[..end.index(body.len() + 1)]);
    }

    #[test]
    fn what_was_printed_is_read_back(
        key in prop::collection::vec(any::<u8>(), 0..20),
        limit in any::<i64>(),
        sort_order in 0..3_i32,
        keys_only in any::<bool>(),
    ) {
        let request =
            pb::RangeRequest { key: key.into(), limit, sort_order, keys_only, ..Default::default() };
        let printed = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(decode::<pb::RangeRequest>(&printed).unwrap(), request);
    }
}
