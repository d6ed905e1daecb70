//! Single measurements and their medians. Must not know how they were taken.

use serde::Serialize;

use crate::product::Side;
use crate::row::Row;

/// One row on one server in one round.
#[derive(Debug, Clone, Serialize)]
pub struct RowMeasurement {
    /// Which server.
    pub side: Side,
    /// Counted from 1.
    pub round: u32,
    /// What was asked.
    pub row: Row,
    /// Requests answered per second.
    pub requests_per_second: f64,
    /// Half of the answers took at most this long.
    pub p50_milliseconds: f64,
    /// 99 of 100 answers took at most this long.
    pub p99_milliseconds: f64,
    /// User and system time of all server processes for each request.
    pub server_cpu_microseconds: f64,
    /// Resident memory of all server processes at the end.
    pub resident_bytes: u64,
}

/// A load on one server in one round.
#[derive(Debug, Clone, Serialize)]
pub struct LoadMeasurement {
    /// Which server.
    pub side: Side,
    /// Counted from 1.
    pub round: u32,
    /// Keys written.
    pub keys: u64,
    /// Keys written per second.
    pub keys_per_second: f64,
    /// User and system time of the server for each key.
    pub server_cpu_microseconds: f64,
    /// Resident memory after the load.
    pub resident_bytes: u64,
    /// Of it, what no file backs.
    pub anonymous_bytes: u64,
    /// Disk space of all data after the load.
    pub disk_bytes: u64,
    /// From the start after a SIGKILL to the first linearizable read.
    pub restart_after_kill_seconds: f64,
    /// From the start after a SIGTERM to the first linearizable read.
    pub restart_after_stop_seconds: f64,
    /// Resident memory after that second restart and a count of all keys.
    pub resident_bytes_after_restart: u64,
}

/// Everything measured.
#[derive(Debug, Default, Serialize)]
pub struct Measurements {
    /// The rows.
    pub rows: Vec<RowMeasurement>,
    /// The loads.
    pub loads: Vec<LoadMeasurement>,
}

impl Measurements {
    /// The median of one figure of a row on one side.
    #[must_use]
    pub fn row_median(&self, row: &Row, side: Side, figure: impl Fn(&RowMeasurement) -> f64) -> Option<f64> {
        median(self.rows.iter().filter(|one| one.row == *row && one.side == side).map(figure))
    }

    /// The median of one figure of the loads on one side.
    #[must_use]
    pub fn load_median(&self, side: Side, figure: impl Fn(&LoadMeasurement) -> f64) -> Option<f64> {
        median(self.loads.iter().filter(|one| one.side == side).map(figure))
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(figures: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = figures.collect();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([].into_iter()), None);
        assert_eq!(median([3.0, 1.0, 100.0].into_iter()), Some(3.0));
        assert_eq!(median([3.0, 1.0, 100.0, 5.0].into_iter()), Some(4.0));
    }
}
