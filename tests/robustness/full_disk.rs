//! A disk that fills up, to the last byte, and has room again: writes are refused with etcd's error, reads go on,
//! nothing acknowledged is lost, writes come back by themselves.

mod disk;

use std::time::Duration;

use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Implementation, Server};
use tonic::Code;

use crate::audit::Auditor;
use crate::client::Client;
use crate::traffic::{Traffic, TrafficPlan};
use crate::{history, seed, turn};
use disk::{Disk, MIB};

const DISK_BYTES: u64 = 1024 * MIB;

/// Free space with which writes are accepted, and with which they are not, around the member's own limits.
const ALMOST_FULL_BYTES: u64 = 215 * MIB;
const FULL_BYTES: u64 = 150 * MIB;

const DEADLINE: Duration = Duration::from_secs(60);

async fn demand_refusal(client: &Client) {
    let refusal = client.put("another", vec![b'v'; 4096]).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    assert_eq!(refusal.message(), "etcdserver: mvcc: database space exceeded");
}

fn traffic(server: &Server, random: &mut fastrand::Rng) -> Traffic {
    let plan = TrafficPlan {
        members: vec![server.client_address()],
        writers: 8,
        readers: 4,
        keys: 500,
        value_bytes: 4096,
        deadline: Duration::from_secs(10),
        label: "disk".to_owned(),
    };
    Traffic::start(&plan, random)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_and_loses_nothing() {
    let _turn = turn::take().await;
    let mut random = seed::choose("the full disk");
    let Some(disk) = Disk::mount(DISK_BYTES) else { return };
    // Not for etcd: it knows a quota only, and ends when its disk is full.
    let plan = ServerPlan::new(Implementation::Holdfast).data_dir(&disk.path().join("data"));
    let mut server = plan.start().await.unwrap();
    let client = Client::new(server.client_address(), DEADLINE);
    let first = client.get("key").await.unwrap().header.unwrap_or_default().revision;
    let traffic = traffic(&server, &mut random);
    traffic.wait_acknowledged(2000, DEADLINE).await;

    disk.fill("first", ALMOST_FULL_BYTES);
    traffic.wait_refused(100, DEADLINE).await;
    demand_refusal(&client).await;
    traffic.wait_read(200, DEADLINE).await;
    client.status().await.unwrap();
    // Deleting is how a person makes room.
    client.delete("no-such-key").await.unwrap();

    disk.fill("second", 0);
    traffic.wait_read(200, DEADLINE).await;
    demand_refusal(&client).await;
    assert_eq!(server.process().status().unwrap(), None, "{}", server.process().output_tail());

    server.kill();
    server.restart().await.unwrap();
    traffic.wait_read(200, DEADLINE).await;
    demand_refusal(&client).await;
    client.delete("no-such-key").await.unwrap();

    disk.remove("second");
    disk.fill("second", FULL_BYTES);
    server.kill();
    server.restart().await.unwrap();
    traffic.wait_read(200, DEADLINE).await;
    demand_refusal(&client).await;

    disk.remove("second");
    disk.remove("first");
    traffic.wait_acknowledged(1000, DEADLINE).await;
    let ledger = traffic.stop().await;
    println!("{} acknowledged writes of {}", ledger.acknowledged(), ledger.attempts.len());
    let history = history::read(&client, first).await.unwrap();
    Auditor::new(first).demand(ledger, &history);
}
