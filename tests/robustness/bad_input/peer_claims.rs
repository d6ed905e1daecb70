//! What claims to be a member announces sizes that it never sends: it gets no memory for a claim, and no disk for one that
//! cannot be true (etcd #22131).

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use holdfast_proto::peer;
use holdfast_proto::peer::peer_client::PeerClient;
use holdfast_tests::cluster::status;
use http::Request;
use http_body_util::StreamBody;
use hyper::body::Frame as BodyFrame;
use hyper_util::rt::{TokioExecutor, TokioIo};
use peer::snapshot_frame::Frame;
use peer::snapshot_start::File;
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic::{Code, Status};

use super::attack::Attack;
use super::frames::message;
use crate::turn;

/// Just below what a member takes from another in one message.
const ANNOUNCED_BYTES: u32 = (64 << 20) - 1;

const CONNECTIONS: usize = 50;

const CALLS_OF_CONNECTION: usize = 10;

/// What the member may grow by for snapshots that never come.
const SNAPSHOT_GROWTH_BYTES_MAX: u64 = 96 << 20;

/// What it may grow by for 500 open calls whose messages never come, where 64 MiB are claimed in each: what their
/// connections cost anyway.
const CLAIM_GROWTH_BYTES_MAX: u64 = 16 << 20;

/// How long the member may take to see what was sent.
const ARRIVAL: Duration = Duration::from_secs(2);

/// The beginning of a snapshot for this member with files of these sizes.
fn start(header: peer::Header, sizes_bytes: &[u64]) -> peer::SnapshotFrame {
    let files = sizes_bytes.iter().enumerate();
    let start = peer::SnapshotStart {
        header: Some(header),
        vote: Some(peer::Vote { term: 1 << 40, member: header.from, committed: true }),
        files: files
            .map(|(number, size_bytes)| File { name: format!("{number:06}"), size_bytes: *size_bytes })
            .collect(),
        ..Default::default()
    };
    peer::SnapshotFrame { frame: Some(Frame::Start(start)) }
}

/// What the member says to a snapshot of which nothing but the beginning is sent.
async fn announce(address: SocketAddr, header: peer::Header, sizes_bytes: &[u64]) -> Status {
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut client = PeerClient::new(channel);
    let frames = futures::stream::iter([start(header, sizes_bytes)]).chain(futures::stream::pending());
    client.install_snapshot(frames).await.expect_err("the snapshot does not exist")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_gets_nothing_for_the_size_that_it_claims() {
    let _turn = turn::take().await;
    let mut attack = Attack::begin().await;
    let id = |value: &serde_json::Value| value.as_str().and_then(|text| text.parse::<u64>().ok()).unwrap();
    let status = status(&attack.server).await.unwrap();
    let to = id(&status["header"]["member_id"]);
    let header = peer::Header { cluster_id: id(&status["header"]["cluster_id"]), from: to + 1, to };
    let address = attack.server.peer_address();
    let resident_before = attack.server.process().resident_bytes();
    let many = vec![1 << 40; 1000];
    for sizes in [&[u64::MAX][..], &[1 << 62], &[u64::MAX, u64::MAX], &many] {
        let refusal = announce(address, header, sizes).await;
        assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal:?}");
        assert!(refusal.message().contains("does not fit"), "{refusal:?}");
    }
    // One that would fit, and then does not come: nothing is set aside for it, and it does not stand for ever.
    let refusal = announce(address, header, &[256 << 20]).await;
    assert_eq!(refusal.code(), Code::DeadlineExceeded, "{refusal:?}");
    let grown = attack.server.process().resident_bytes().saturating_sub(resident_before);
    assert!(grown < SNAPSHOT_GROWTH_BYTES_MAX, "{grown} bytes for what was announced");
    let received = attack.server.data_dir().join("receive");
    let left = std::fs::read_dir(received).map_or(0, Iterator::count);
    assert_eq!(left, 0, "files of snapshots that never came");
    attack.end().await;
}

/// Calls whose messages are announced and do not come, and stay open for as long as the runtime.
async fn open_claims(address: SocketAddr) {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(async move {
        // It is cut off in the end.
        let _ = connection.await;
    });
    for call in 0..CALLS_OF_CONNECTION {
        let claim = Bytes::from(message(0, ANNOUNCED_BYTES, b"and no more"));
        let frames = futures::stream::iter([Ok::<_, std::convert::Infallible>(BodyFrame::data(claim))]);
        let method = ["Append", "InstallSnapshot", "Propose"][call % 3];
        let request = Request::post(format!("http://{address}/holdfast.peer.Peer/{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(StreamBody::new(frames.chain(futures::stream::pending()).boxed()))
            .unwrap();
        sender.ready().await.unwrap();
        let answer = sender.send_request(request);
        tokio::spawn(async move {
            // Whether it is refused or left open is no matter here.
            let _ = answer.await;
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_between_members_get_nothing_for_the_size_that_they_claim() {
    let _turn = turn::take().await;
    let mut attack = Attack::begin().await;
    let resident_before = attack.server.process().resident_bytes();
    let address = attack.server.peer_address();
    // Its end is what closes the connections: calls that wait keep them open, whoever has let go of them.
    let attackers =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let opened = attackers.spawn(async move {
        for _ in 0..CONNECTIONS {
            open_claims(address).await;
        }
    });
    opened.await.unwrap();
    tokio::time::sleep(ARRIVAL).await;
    let grown = attack.server.process().resident_bytes().saturating_sub(resident_before);
    let claims = (CONNECTIONS * CALLS_OF_CONNECTION) as u64;
    println!("{grown} bytes for {claims} claims");
    assert!(grown < CLAIM_GROWTH_BYTES_MAX, "{grown} bytes for what was announced");
    attackers.shutdown_background();
    attack.end().await;
}
