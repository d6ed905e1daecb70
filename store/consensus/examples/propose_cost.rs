//! Measures what a proposal and a read barrier cost on one member on RocksDB, without any client protocol:
//! `cargo run --release -p holdfast-consensus --example propose_cost [PROPOSERS PUTS_EACH]`. Prints wall time and CPU
//! time for each.

// A measuring program talks to whoever runs it.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use holdfast_consensus::handle::{
    AppliedNews, ApplyObserver, Consensus, ConsensusConfig, Founding, MemberIdentity, MembershipRules, Peer,
};
use holdfast_core::command::{Command, Operation};
use holdfast_core::ids::{ClusterId, MemberId};
use holdfast_core::request::PutRequest;

struct Nobody;

impl ApplyObserver for Nobody {
    fn applied(&self, _news: AppliedNews) {}
}

fn put(proposer: u64, number: u64) -> Command {
    // Spread over the key space as random keys would be.
    let key = (proposer << 32 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Command::from(Operation::Put(PutRequest {
        key: Bytes::copy_from_slice(&key.to_be_bytes()),
        value: Bytes::from(vec![b'v'; 256]),
        ..PutRequest::default()
    }))
}

/// CPU time of this process so far: user and system ticks of 10 ms.
fn cpu_time() -> Result<Duration, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit_once(')').ok_or("no name in /proc/self/stat")?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok()).ok_or("no times there");
    Ok(Duration::from_millis((ticks()? + ticks()?) * 10))
}

async fn start(folder: &Path) -> Result<Consensus, Box<dyn Error>> {
    let member = Peer {
        id: MemberId(1),
        peer_urls: vec!["http://127.0.0.1:1".to_owned()],
        name: "one".to_owned(),
        is_learner: false,
    };
    let config = ConsensusConfig {
        founding: Some(Founding {
            identity: MemberIdentity { cluster_id: ClusterId(1), member_id: MemberId(1) },
            members: vec![member],
        }),
        expected_cluster: None,
        membership: MembershipRules::default(),
        data_dir: folder.join("data"),
        heartbeat_interval: Duration::from_millis(100),
        election_timeout: Duration::from_millis(1000),
        snapshot_entries: 10_000,
        catch_up_entries: 5_000,
        cache_bytes: 96 << 20,
        secure_dial: None,
    };
    let consensus = Consensus::start(config, Arc::new(Nobody)).await?;
    consensus.propose(put(999, 0)).await?;
    Ok(consensus)
}

async fn measure(
    consensus: &Consensus,
    proposers: u64,
    each: u64,
    offset: u64,
) -> Result<(), Box<dyn Error>> {
    let (wall, cpu, syncs_before) = (Instant::now(), cpu_time()?, consensus.counters().log_syncs.read());
    let tasks: Vec<_> = (0..proposers)
        .map(|proposer| {
            let consensus = consensus.clone();
            tokio::spawn(async move {
                for number in 0..each {
                    consensus.propose(put(offset + proposer, number)).await?;
                }
                Ok::<(), holdfast_consensus::handle::ProposeError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let total = (proposers * each) as f64;
    let (wall, cpu) = (wall.elapsed(), cpu_time()?.saturating_sub(cpu));
    let syncs = consensus.counters().log_syncs.read();
    let synced = (syncs.count - syncs_before.count) as f64;
    println!(
        "{proposers:>5} proposers: {:>7.1} us/put wall, {:>5.1} us/put CPU, {:>6.1} puts/fsync, {:>5.0} us/fsync",
        wall.as_secs_f64() * 1e6 / total,
        cpu.as_secs_f64() * 1e6 / total,
        total / synced,
        (syncs.sum - syncs_before.sum).as_secs_f64() * 1e6 / synced,
    );
    Ok(())
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let consensus = start(folder.path()).await?;
    let numbers: Vec<u64> = std::env::args().skip(1).map(|word| word.parse()).collect::<Result<_, _>>()?;
    if let [proposers, each] = numbers[..] {
        measure(&consensus, proposers, each, 1).await?;
        return Ok(());
    }
    for round in 0..3 {
        measure(&consensus, 1, 3_000, 10_000 * round + 1).await?;
        measure(&consensus, 100, 1_000, 10_000 * round + 1_000).await?;
        measure(&consensus, 1000, 100, 10_000 * round + 2_000).await?;
    }
    let (wall, count) = (Instant::now(), 1_000_000);
    for _ in 0..count {
        consensus.read_barrier().await?;
    }
    println!("read barrier, sole voter: {:.3} us", wall.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    consensus.stop().await;
    Ok(())
}
