//! The JSON form of messages is that of etcd's gateway: names as in the `.proto` files, 64-bit numbers as strings,
//! bytes as base64, defaults left out.

use holdfast_proto::{etcdserverpb as pb, mvccpb};

#[test]
fn names_numbers_bytes_and_enums_are_printed_as_by_etcd() {
    let grant = pb::LeaseGrantResponse { id: 7, ttl: 60, ..Default::default() };
    assert_eq!(serde_json::to_string(&grant).unwrap(), r#"{"ID":"7","TTL":"60"}"#);
    let left = pb::LeaseTimeToLiveResponse { granted_ttl: 5, keys: vec!["a".into()], ..Default::default() };
    assert_eq!(serde_json::to_string(&left).unwrap(), r#"{"grantedTTL":"5","keys":["YQ=="]}"#);
    let member = pb::Member { id: 1, peer_ur_ls: vec!["u".into()], is_learner: true, ..Default::default() };
    assert_eq!(serde_json::to_string(&member).unwrap(), r#"{"ID":"1","peerURLs":["u"],"isLearner":true}"#);
    let event = mvccpb::Event {
        r#type: mvccpb::event::EventType::Delete.into(),
        kv: Some(mvccpb::KeyValue { mod_revision: 3, ..Default::default() }),
        prev_kv: None,
    };
    assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"type":"DELETE","kv":{"mod_revision":"3"}}"#);
    let status = pb::StatusResponse { db_size: 1, raft_index: 2, ..Default::default() };
    assert_eq!(serde_json::to_string(&status).unwrap(), r#"{"dbSize":"1","raftIndex":"2"}"#);
    assert_eq!(serde_json::to_string(&pb::RangeResponse::default()).unwrap(), "{}");
}

#[test]
fn numbers_and_names_are_taken_in_every_form() {
    let read = |text| serde_json::from_str::<pb::RangeRequest>(text).unwrap();
    let wanted = pb::RangeRequest {
        key: "a".into(),
        limit: 3,
        sort_order: pb::range_request::SortOrder::Descend.into(),
        ..Default::default()
    };
    assert_eq!(read(r#"{"key":"YQ==","limit":"3","sort_order":"DESCEND"}"#), wanted);
    assert_eq!(read(r#"{"key":"YQ==","limit":3,"sortOrder":2,"unknown":{"a":[1]}}"#), wanted);
    let lease =
        serde_json::from_str::<pb::LeaseKeepAliveRequest>(r#"{"ID":"-9223372036854775808"}"#).unwrap();
    assert_eq!(lease.id, i64::MIN);
}

#[test]
fn oneofs_are_flat() {
    let text = r#"{"compare":[{"target":"VALUE","key":"YQ==","value":"Yg=="}],"success":[{"request_put":{"key":"YQ=="}}]}"#;
    let txn = serde_json::from_str::<pb::TxnRequest>(text).unwrap();
    assert_eq!(txn.compare[0].target_union, Some(pb::compare::TargetUnion::Value("b".into())));
    assert_eq!(serde_json::to_string(&txn).unwrap(), text);
}
