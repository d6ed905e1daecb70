//! Takes the measurements: one cluster at a time, CPU and memory read before and after each run of the generator. Must
//! not judge them.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::error::BenchError;
use crate::expected::{CLUSTER_SECONDS, FILL_SECONDS, load_seconds, row_seconds};
use crate::generator::Generator;
use crate::http1;
use crate::limits::{LOAD_CLIENTS, SETTLE_TIME, WARM_UP_CLIENTS, WARM_UP_PUTS};
use crate::measurement::{LoadMeasurement, RowMeasurement};
use crate::probe;
use crate::product::Product;
use crate::progress::Progress;
use crate::row::{Interface, Protection, Row};
use crate::usage;

/// What every measurement needs.
#[derive(Debug)]
pub struct Measurer {
    /// etcd's tool.
    pub generator: Generator,
    /// Where the data goes.
    pub data: PathBuf,
    /// The line for the person who waits.
    pub progress: Progress,
}

impl Measurer {
    /// Runs rows of one kind of cluster on a fresh cluster.
    ///
    /// # Errors
    /// If the cluster or the generator fails.
    pub async fn rows(
        &mut self,
        product: &Product,
        rows: &[&Row],
        round: u32,
    ) -> Result<Vec<RowMeasurement>, BenchError> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let server = product.side.name();
        self.progress.step(&format!("round {round}: {server} starts"));
        let cluster = Cluster::start(product, first.members, first.protection, &self.data).await?;
        let leader = cluster.leader().await?;
        match first.operation.interface() {
            Interface::V3 => {
                let leader = std::slice::from_ref(&leader);
                self.generator.load(&cluster, WARM_UP_PUTS, WARM_UP_CLIENTS, leader).await?;
                probe::put_range_key(server, cluster.access(), &leader[0]).await?;
            }
            Interface::V2 => {
                http1::fill(server, first.members, &leader).await?;
                self.progress.done(FILL_SECONDS);
            }
        }
        self.progress.done(CLUSTER_SECONDS);
        let mut measurements = Vec::new();
        for row in rows {
            self.progress.step(&format!("round {round}: {server}, {}", row.name()));
            measurements.push(self.row(&cluster, row, round, &leader).await?);
            self.progress.done(row_seconds(row));
        }
        cluster.stop().await?;
        Ok(measurements)
    }

    /// One client talks to the leader, since else the connection that it happens to get decides; more are spread over
    /// all members.
    async fn row(
        &self,
        cluster: &Cluster,
        row: &Row,
        round: u32,
        leader: &str,
    ) -> Result<RowMeasurement, BenchError> {
        let endpoints = if row.clients == 1 { vec![leader.to_owned()] } else { cluster.endpoints() };
        let pids = cluster.pids();
        let cpu_before = usage::cpu_time(&pids)?;
        let view = self.generator.run(cluster, row, &endpoints).await?;
        let cpu = usage::cpu_time(&pids)?.saturating_sub(cpu_before);
        Ok(RowMeasurement {
            side: cluster.side(),
            round,
            row: row.clone(),
            requests_per_second: view.requests_per_second,
            p50_milliseconds: view.p50.as_secs_f64() * 1e3,
            p99_milliseconds: view.p99.as_secs_f64() * 1e3,
            server_cpu_microseconds: microseconds_each(cpu, row.requests),
            resident_bytes: usage::memory(&pids)?.resident_bytes,
        })
    }

    /// Loads keys into one fresh member, looks at its memory and disk and restarts it twice.
    ///
    /// # Errors
    /// If the member or the generator fails, or if keys are missing in the end.
    pub async fn load(
        &mut self,
        product: &Product,
        keys: u64,
        round: u32,
    ) -> Result<LoadMeasurement, BenchError> {
        let server = product.side.name();
        self.progress.step(&format!("round {round}: {server}, load of {keys} keys"));
        let mut cluster = Cluster::start(product, 1, Protection::None, &self.data).await?;
        let cpu_before = usage::cpu_time(&cluster.pids())?;
        let view = self.generator.load(&cluster, keys, LOAD_CLIENTS, &cluster.endpoints()).await?;
        tokio::time::sleep(SETTLE_TIME).await;
        let cpu = usage::cpu_time(&cluster.pids())?.saturating_sub(cpu_before);
        let memory = usage::memory(&cluster.pids())?;
        let disk_bytes = usage::disk_bytes(cluster.folder())?;
        self.progress.step(&format!("round {round}: {server}, restarts with {keys} keys"));
        let after_kill = cluster.restart(Signal::KILL).await?;
        tokio::time::sleep(SETTLE_TIME).await;
        let after_stop = cluster.restart(Signal::TERM).await?;
        let counted = probe::count_keys(server, &cluster.endpoints()[0]).await?;
        if u64::try_from(counted) != Ok(keys) {
            let what = format!("{counted} keys are there after the restarts");
            return Err(BenchError::Generator { server, row: format!("load of {keys} keys"), what });
        }
        let memory_after = usage::memory(&cluster.pids())?;
        cluster.stop().await?;
        self.progress.done(load_seconds(keys));
        Ok(LoadMeasurement {
            side: product.side,
            round,
            keys,
            keys_per_second: view.requests_per_second,
            server_cpu_microseconds: microseconds_each(cpu, keys),
            resident_bytes: memory.resident_bytes,
            anonymous_bytes: memory.anonymous_bytes,
            disk_bytes,
            restart_after_kill_seconds: after_kill.as_secs_f64(),
            restart_after_stop_seconds: after_stop.as_secs_f64(),
            resident_bytes_after_restart: memory_after.resident_bytes,
        })
    }
}

/// Counts here are far below what an `f64` holds exactly.
#[expect(clippy::cast_precision_loss)]
fn microseconds_each(time: Duration, requests: u64) -> f64 {
    time.as_secs_f64() * 1e6 / requests as f64
}
