//! Requests that are larger than allowed, lie about their size or are not what they should be: each gets a clear
//! answer, and the next request is served.

use holdfast_proto::etcdserverpb::PutRequest;
use holdfast_proto::etcdserverpb::request_op::Request as Operation;
use prost::encoding::{WireType, encode_key, encode_varint};
use tonic::Code;

use super::attack::Attack;
use super::frames::message;
use super::raw_call::call;
use crate::client::Client;
use crate::turn;

const PUT: &str = "/etcdserverpb.KV/Put";
const TXN: &str = "/etcdserverpb.KV/Txn";

/// What a request may have by default, and a message around it.
const REQUEST_BYTES_MAX: usize = 1536 << 10;

/// A message that says the truth about itself.
fn truthful(payload: &[u8]) -> Vec<u8> {
    message(0, u32::try_from(payload.len()).expect("small"), payload)
}

/// A transaction in a transaction, `depth` times.
fn nested_txn(depth: usize) -> Vec<u8> {
    let wrap = |tag: u32, inner: &[u8]| {
        let mut bytes = Vec::new();
        encode_key(tag, WireType::LengthDelimited, &mut bytes);
        encode_varint(inner.len() as u64, &mut bytes);
        bytes.extend(inner);
        bytes
    };
    // TxnRequest.success is field 2, RequestOp.request_txn field 4.
    (0..depth).fold(Vec::new(), |inner, _| wrap(2, &wrap(4, &inner)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_lie_get_a_clear_answer() {
    let _turn = turn::take().await;
    let attack = Attack::begin().await;
    let address = attack.server.client_address();
    // The first code is that of etcd; a message that breaks off is an internal error in most other implementations,
    // and depth a matter of the decoder.
    let cases: Vec<(&str, &str, Vec<u8>, &[Code])> = vec![
        ("four gigabytes announced", PUT, message(0, u32::MAX, b"x"), &[Code::ResourceExhausted]),
        ("more announced than sent", PUT, message(0, 100, b"0123456789"), &[Code::Unknown, Code::Internal]),
        ("a cut prefix", PUT, vec![0, 0, 0], &[Code::Unknown, Code::Internal]),
        ("compressed without saying how", PUT, message(1, 1, b"x"), &[Code::Internal]),
        ("a message that cannot be read", PUT, truthful(&[0xff; 40]), &[Code::Internal]),
        (
            "transactions a thousand deep",
            TXN,
            truthful(&nested_txn(1000)),
            &[Code::InvalidArgument, Code::Internal],
        ),
        ("no such method", "/etcdserverpb.KV/Nothing", truthful(b""), &[Code::Unimplemented]),
        ("no such service", "/no.Such/Method", truthful(b""), &[Code::Unimplemented]),
        ("nothing to put", PUT, truthful(b""), &[Code::InvalidArgument]),
    ];
    let mut wrong = Vec::new();
    for (name, path, body, expected) in cases {
        let (code, text) = call(address, path, body).await;
        println!("{name}: {code:?} {text}");
        if !expected.contains(&code) {
            wrong.push(format!("{name}: {code:?} ({text}), not one of {expected:?}"));
        }
    }
    assert_eq!(wrong, [] as [String; 0]);
    attack.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_over_the_limit_are_refused_and_change_nothing() {
    let _turn = turn::take().await;
    let attack = Attack::begin().await;
    let client = Client::new(attack.server.client_address(), std::time::Duration::from_secs(20));
    for _ in 0..20 {
        let refusal = client.put("large", vec![b'v'; REQUEST_BYTES_MAX + 1]).await.unwrap_err();
        assert_eq!(
            (refusal.code(), refusal.message()),
            (Code::InvalidArgument, "etcdserver: request is too large")
        );
        let refusal = client.put("large", vec![b'v'; 3 << 20]).await.unwrap_err();
        assert_eq!(refusal.code(), Code::ResourceExhausted);
        assert!(refusal.message().contains("larger than max"), "{refusal}");
    }
    let put = |number: usize| {
        let key = format!("many-{number}").into();
        Operation::RequestPut(PutRequest { key, ..PutRequest::default() })
    };
    let refusal = client.all_of((0..129).map(put).collect()).await.unwrap_err();
    assert_eq!(refusal.message(), "etcdserver: too many operations in txn request");
    assert_eq!(client.get("large").await.unwrap().kvs, []);
    assert_eq!(client.get("many-0").await.unwrap().kvs, []);
    // What just fits is taken.
    client.put("large", vec![b'v'; REQUEST_BYTES_MAX - 100]).await.unwrap();
    assert_eq!(client.get("large").await.unwrap().kvs[0].value.len(), REQUEST_BYTES_MAX - 100);

    let body = format!("{{\"key\":\"YQ==\",\"value\":\"{}\"}}", "A".repeat(4 << 20));
    let answer =
        holdfast_tests::http::post(attack.server.client_address(), "/v3/kv/put", body).await.unwrap();
    assert!(answer.status.is_client_error() || answer.status.is_server_error(), "{}", answer.status);
    assert_eq!(client.get("a").await.unwrap().kvs, []);
    attack.end().await;
}
