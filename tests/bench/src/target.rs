//! What the figures must reach, and which fall short. Must not format tables.

use crate::measurement::{LoadMeasurement, Measurements, RowMeasurement};
use crate::product::Side;
use crate::row::{Interface, Protection, Row};

/// Holdfast's requests per second are at least this many times etcd's.
pub const THROUGHPUT_RATIO_MIN: f64 = 1.0;

/// The same with many connections on the v2 API.
pub const V2_THROUGHPUT_RATIO_MIN: f64 = 2.0;

/// The same with TLS and users.
pub const PROTECTED_THROUGHPUT_RATIO_MIN: f64 = 1.5;

/// With TLS and users Holdfast's requests per second are at least this part of what they are without.
pub const PROTECTED_PART_MIN: f64 = 0.85;

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

/// One server's requests per second with protection divided by those without, of the medians; nothing for a row without
/// protection, or where the other row was not run.
#[must_use]
pub fn protected_part(measurements: &Measurements, row: &Row, side: Side) -> Option<f64> {
    let rate = |one: &RowMeasurement| one.requests_per_second;
    let without = measurements.row_median(&row.unprotected()?, side, rate)?;
    Some(measurements.row_median(row, side, rate)? / without)
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
        if let Some(part) = protected_part(measurements, row, Side::Holdfast)
            && part < PROTECTED_PART_MIN
        {
            lines.push(format!(
                "{}: {part:.2} of the throughput without protection, wanted {PROTECTED_PART_MIN:.2}",
                row.name()
            ));
        }
    }
    lines.extend(load_shortfalls(measurements));
    lines
}

fn throughput_ratio_min(row: &Row) -> f64 {
    match (row.protection, row.operation.interface()) {
        (Protection::Full, _) => PROTECTED_THROUGHPUT_RATIO_MIN,
        (Protection::None, Interface::V2) if row.clients > 1 => V2_THROUGHPUT_RATIO_MIN,
        (Protection::None, _) => THROUGHPUT_RATIO_MIN,
    }
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

    fn measured(row: &Row, side: Side, rate: f64, cpu: f64) -> RowMeasurement {
        RowMeasurement {
            side,
            round: 1,
            row: row.clone(),
            requests_per_second: rate,
            p50_milliseconds: 1.0,
            p99_milliseconds: 2.0,
            server_cpu_microseconds: cpu,
            resident_bytes: 1,
        }
    }

    #[test]
    fn what_protection_costs_is_judged_against_the_same_row_without() {
        let both = rows(&["put 1-node 100-clients".to_owned()], false);
        let of = |ours_with| {
            let sides = [(Side::Etcd, 60.0, 50.0, 1.0), (Side::Holdfast, 110.0, ours_with, 0.5)];
            let measured = sides.into_iter().flat_map(|(side, without, with, cpu)| {
                [measured(&both[0], side, without, cpu), measured(&both[1], side, with, cpu)]
            });
            Measurements { rows: measured.collect(), loads: Vec::new() }
        };
        let row = both[1].name();
        assert_eq!(row, "put 1-node 100-clients secured");
        assert!(!shortfalls(&of(93.5), &both).iter().any(|line| line.starts_with(&row)));
        assert!(
            shortfalls(&of(93.0), &both)
                .contains(&format!("{row}: 0.85 of the throughput without protection, wanted 0.85"))
        );
        assert!(
            shortfalls(&of(74.0), &both)
                .contains(&format!("{row}: 1.48 times etcd's throughput, wanted 1.5"))
        );
        let alone =
            Measurements { rows: vec![measured(&both[1], Side::Holdfast, 1.0, 1.0)], loads: Vec::new() };
        assert_eq!(protected_part(&alone, &both[1], Side::Holdfast), None);
    }

    #[test]
    fn a_miss_is_named_and_a_hit_is_not() {
        let all = rows(&["range-linearizable 1-node 1-client".to_owned()], false);
        let one = |side, rate, cpu| measured(&all[0], side, rate, cpu);
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
