//! One member under load, killed again and again, also while it recovers and while it flushes, purges and compacts.
//! SIGKILL leaves the page cache in place, so this cannot show a missing fsync: the memory engine, which loses unsynced
//! writes, does that in the unit tests.

use std::time::{Duration, Instant};

use holdfast_tests::Server;
use holdfast_tests::server::ServerPlan;
use tokio::time::sleep;

use crate::audit::Auditor;
use crate::client::Client;
use crate::traffic::{Traffic, TrafficPlan};
use crate::{history, seed, subject, turn};

/// Kills in a run of the test suite; `HOLDFAST_SOAK_KILLS` asks for more.
const KILLS_DEFAULT: u32 = 200;

/// Kills between two audits.
const KILLS_PER_ROUND: u32 = 20;

/// Revisions that a compaction leaves in history.
const REVISIONS_KEPT: i64 = 50;

/// How long the member may take to acknowledge its next write after a restart, on a busy machine.
const RESTART_DEADLINE: Duration = Duration::from_secs(20);

const CALL_DEADLINE: Duration = Duration::from_secs(5);

fn kills_wanted() -> u32 {
    let Ok(text) = std::env::var("HOLDFAST_SOAK_KILLS") else { return KILLS_DEFAULT };
    text.parse().unwrap_or_else(|_| panic!("HOLDFAST_SOAK_KILLS={text} is not a whole number"))
}

fn between(random: &mut fastrand::Rng, milliseconds: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.u64(milliseconds))
}

/// Kills the member at a moment of its choice, sometimes once more while it starts, and waits until it serves.
/// Returns how often it was killed.
async fn crash(server: &mut Server, traffic: &Traffic, random: &mut fastrand::Rng) -> u32 {
    sleep(between(random, 50..500)).await;
    server.kill();
    let floor = traffic.newest_acknowledged();
    let mut kills = 1;
    if random.u8(..5) == 0 {
        server.spawn().unwrap();
        sleep(between(random, 5..80)).await;
        server.kill();
        kills += 1;
    }
    server.restart().await.unwrap();
    let client = Client::new(server.client_address(), CALL_DEADLINE);
    let revision = client.get("key").await.unwrap().header.unwrap_or_default().revision;
    assert!(revision >= floor, "revision {revision} after a restart, {floor} was acknowledged before it");
    kills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_over_many_kills() {
    let _turn = turn::take().await;
    let mut random = seed::choose("the kill loop");
    let plan = ServerPlan::new(subject::implementation());
    let mut server =
        plan.flag("--snapshot-count=2000").flag("--snapshot-catchup-entries=500").start().await.unwrap();
    let client = Client::new(server.client_address(), Duration::from_secs(60));
    let first = client.get("key").await.unwrap().header.unwrap_or_default().revision;
    let mut auditor = Auditor::new(first);
    let (wanted, begun) = (kills_wanted(), Instant::now());
    let (mut kills, mut acknowledged) = (0, 0);
    while kills < wanted {
        let plan = TrafficPlan {
            members: vec![server.client_address()],
            writers: 8,
            readers: 2,
            keys: 200,
            value_bytes: 100,
            deadline: CALL_DEADLINE,
            label: format!("after-{kills}-kills"),
        };
        let traffic = Traffic::start(&plan, &mut random);
        let round_end = wanted.min(kills + KILLS_PER_ROUND);
        while kills < round_end {
            traffic.wait_acknowledged(1, RESTART_DEADLINE).await;
            kills += crash(&mut server, &traffic, &mut random).await;
        }
        let ledger = traffic.stop().await;
        acknowledged += ledger.acknowledged();
        let history = history::read(&client, auditor.revision()).await.unwrap();
        auditor.demand(ledger, &history);
        client.compact(auditor.revision() - REVISIONS_KEPT).await.unwrap();
        println!("{kills} kills, {acknowledged} acknowledged writes, all there, {:?}", begun.elapsed());
    }
}
