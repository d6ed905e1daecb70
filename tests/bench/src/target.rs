//! What the figures must reach, and which fall short. Must not format tables.

use crate::measurement::{LoadMeasurement, Measurements, RowMeasurement};
use crate::product::Side;
use crate::row::{Interface, Row};

/// Holdfast's requests per second are at least this many times etcd's.
pub const THROUGHPUT_RATIO_MIN: f64 = 1.0;

/// The same with many connections on the v2 API.
pub const V2_THROUGHPUT_RATIO_MIN: f64 = 2.0;

/// Holdfast's server CPU for each request is at most this part of etcd's.
pub const CPU_RATIO_MAX: f64 = 0.7;

/// Holdfast's memory after the load is at most this part of etcd's.
pub const MEMORY_RATIO_MAX: f64 = 1.0;

/// Longest time from a start with the loaded keys to the first linearizable read.
pub const RESTART_SECONDS_MAX: f64 = 2.0;

/// Ours divided by etcd's, of the medians.
#[must_use]
pub fn row_ratio(
    measurements: &Measurements,
    row: &Row,
    figure: impl Fn(&RowMeasurement) -> f64,
) -> Option<f64> {
    let ours = measurements.row_median(row, Side::Holdfast, &figure)?;
    Some(ours / measurements.row_median(row, Side::Etcd, &figure)?)
}

/// Ours divided by etcd's, of the medians.
#[must_use]
pub fn load_ratio(measurements: &Measurements, figure: impl Fn(&LoadMeasurement) -> f64) -> Option<f64> {
    let ours = measurements.load_median(Side::Holdfast, &figure)?;
    Some(ours / measurements.load_median(Side::Etcd, &figure)?)
}

/// A line for each figure that misses its target.
#[must_use]
pub fn shortfalls(measurements: &Measurements, rows: &[Row]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        if let Some(ratio) = row_ratio(measurements, row, |one| one.requests_per_second)
            && ratio < throughput_ratio_min(row)
        {
            let wanted = throughput_ratio_min(row);
            lines.push(format!("{}: {ratio:.2} times etcd's throughput, wanted {wanted:.1}", row.name()));
        }
        if let Some(ratio) = row_ratio(measurements, row, |one| one.server_cpu_microseconds)
            && ratio > CPU_RATIO_MAX
        {
            lines.push(format!(
                "{}: {ratio:.2} of etcd's CPU per request, wanted {CPU_RATIO_MAX:.1}",
                row.name()
            ));
        }
    }
    lines.extend(load_shortfalls(measurements));
    lines
}

fn throughput_ratio_min(row: &Row) -> f64 {
    let is_busy = row.operation.interface() == Interface::V2 && row.clients > 1;
    if is_busy { V2_THROUGHPUT_RATIO_MIN } else { THROUGHPUT_RATIO_MIN }
}

fn load_shortfalls(measurements: &Measurements) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(ratio) = load_ratio(measurements, |one| bytes(one.resident_bytes))
        && ratio > MEMORY_RATIO_MAX
    {
        lines.push(format!("load: {ratio:.2} of etcd's memory, wanted {MEMORY_RATIO_MAX:.1}"));
    }
    let ours = |figure: fn(&LoadMeasurement) -> f64| measurements.load_median(Side::Holdfast, figure);
    let restarts = [
        ("SIGKILL", ours(|one| one.restart_after_kill_seconds)),
        ("SIGTERM", ours(|one| one.restart_after_stop_seconds)),
    ];
    for (signal, seconds) in restarts {
        if let Some(seconds) = seconds
            && seconds >= RESTART_SECONDS_MAX
        {
            lines.push(format!(
                "load: {seconds:.2} s from a start after {signal} to the first read, wanted {RESTART_SECONDS_MAX:.0}"
            ));
        }
    }
    lines
}

/// Sizes here are far below what an `f64` holds exactly.
#[expect(clippy::cast_precision_loss)]
#[must_use]
pub fn bytes(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::rows;

    #[test]
    fn a_miss_is_named_and_a_hit_is_not() {
        let all = rows(&["range-linearizable 1-node 1-client".to_owned()], false);
        let one = |side, rate, cpu| RowMeasurement {
            side,
            round: 1,
            row: all[0].clone(),
            requests_per_second: rate,
            p50_milliseconds: 1.0,
            p99_milliseconds: 2.0,
            server_cpu_microseconds: cpu,
            resident_bytes: 1,
        };
        let good = vec![one(Side::Etcd, 100.0, 50.0), one(Side::Holdfast, 100.0, 35.0)];
        let bad = vec![one(Side::Etcd, 100.0, 50.0), one(Side::Holdfast, 99.0, 36.0)];
        assert!(shortfalls(&Measurements { rows: good, loads: Vec::new() }, &all).is_empty());
        assert_eq!(
            shortfalls(&Measurements { rows: bad, loads: Vec::new() }, &all),
            [
                "range-linearizable 1-node 1-client: 0.99 times etcd's throughput, wanted 1.0",
                "range-linearizable 1-node 1-client: 0.72 of etcd's CPU per request, wanted 0.7",
            ]
        );
    }
}
