//! How long rows take, from one measurement of etcd on a machine with two cores: only for telling a person how long to
//! wait. Must not reach a result.

use std::time::Duration;

use crate::row::{Operation, Protection, Row};

/// Start, warm-up and stop of a cluster.
pub const CLUSTER_SECONDS: f64 = 4.0;

/// What writing the files of the v2 rows adds to it.
pub const FILL_SECONDS: f64 = 9.0;

/// What a load does besides writing: two restarts, the pauses, removing the data.
const LOAD_EXTRA_SECONDS: f64 = 12.0;

/// How much slower etcd is by TLS and users.
const SLOWER_WHEN_PROTECTED: f64 = 1.5;

/// Keys per second of a load.
const LOAD_RATE: f64 = 14_000.0;

/// Seconds that a row takes on one server.
#[must_use]
pub fn row_seconds(row: &Row) -> f64 {
    let rate = match (row.operation, row.clients, row.members) {
        (Operation::Put, 1, 1) => 900.0,
        (Operation::Put, 1, _) => 600.0,
        (Operation::Put, 100, 1) => 10_000.0,
        (Operation::Put, 100, _) => 5_500.0,
        (Operation::Put, _, 1) => 14_000.0,
        (Operation::Put, _, _) => 7_500.0,
        (Operation::RangeSerializable, 1, _) => 5_000.0,
        (Operation::RangeSerializable, _, _) => 14_000.0,
        (Operation::RangeLinearizable, 1, 1) => 4_500.0,
        (Operation::RangeLinearizable, 1, _) => 2_000.0,
        (Operation::RangeLinearizable, _, 1) => 13_000.0,
        (Operation::RangeLinearizable, _, _) => 8_000.0,
        (Operation::V2Get, 1, _) => 6_000.0,
        (Operation::V2Get, _, _) => 20_000.0,
        (Operation::V2List, _, _) => 1.0,
        (Operation::V2Put, 1, _) => 1_500.0,
        (Operation::V2Put, _, _) => 12_000.0,
    };
    let rate = if row.protection == Protection::None { rate } else { rate / SLOWER_WHEN_PROTECTED };
    whole_number(row.requests) / rate
}

/// Seconds that a load takes on one server.
#[must_use]
pub fn load_seconds(keys: u64) -> f64 {
    CLUSTER_SECONDS + LOAD_EXTRA_SECONDS + whole_number(keys) / LOAD_RATE
}

/// A time as a person reads it.
#[must_use]
pub fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{}:{:02} min", seconds / 60, seconds % 60) }
}

/// Counts here are far below what an `f64` holds exactly.
#[expect(clippy::cast_precision_loss)]
fn whole_number(number: u64) -> f64 {
    number as f64
}
