//! The result as Markdown tables that also read well as plain text. Must not compute more than ratios of medians.

use crate::measurement::{LoadMeasurement, Measurements, RowMeasurement};
use crate::product::Side;
use crate::row::Row;
use crate::target::{bytes, load_ratio, protected_part, row_ratio};

type RowFigure = fn(&RowMeasurement) -> f64;
type LoadFigure = fn(&LoadMeasurement) -> f64;

/// The tables: the rows, what protection costs, and the load.
#[must_use]
pub fn markdown(measurements: &Measurements, rows: &[Row]) -> String {
    let mut text = String::new();
    if !measurements.rows.is_empty() {
        text.push_str(&aligned(&row_lines(measurements, rows)));
    }
    let costs = cost_lines(measurements, rows);
    if costs.len() > 1 {
        text.push('\n');
        text.push_str(&aligned(&costs));
    }
    if !measurements.loads.is_empty() {
        text.push('\n');
        text.push_str(&aligned(&load_lines(measurements)));
    }
    text
}

fn row_lines(measurements: &Measurements, rows: &[Row]) -> Vec<Vec<String>> {
    let titles =
        ["etcd / Holdfast", "requests/s", "×", "p50 ms", "p99 ms", "server CPU µs/request", "×", "RSS MB"];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    for row in rows {
        let median = |side, figure: RowFigure| measurements.row_median(row, side, figure).unwrap_or(f64::NAN);
        let pair = |figure: RowFigure, digits: usize| {
            let (etcd, ours) = (median(Side::Etcd, figure), median(Side::Holdfast, figure));
            format!("{etcd:.digits$} / {ours:.digits$}")
        };
        let ratio =
            |figure: RowFigure| format!("{:.2}", row_ratio(measurements, row, figure).unwrap_or(f64::NAN));
        lines.push(vec![
            row.name(),
            pair(|one| one.requests_per_second, 0),
            ratio(|one| one.requests_per_second),
            pair(|one| one.p50_milliseconds, 2),
            pair(|one| one.p99_milliseconds, 2),
            pair(|one| one.server_cpu_microseconds, 1),
            ratio(|one| one.server_cpu_microseconds),
            pair(|one| bytes(one.resident_bytes) / 1e6, 0),
        ]);
    }
    lines
}

/// A line for each row with protection whose twin without was run.
fn cost_lines(measurements: &Measurements, rows: &[Row]) -> Vec<Vec<String>> {
    let titles = ["throughput with TLS and users, part of that without", "etcd", "Holdfast"];
    let mut lines = vec![titles.map(str::to_owned).to_vec()];
    for row in rows {
        let parts = [Side::Etcd, Side::Holdfast].map(|side| protected_part(measurements, row, side));
        if let [Some(etcd), Some(ours)] = parts {
            lines.push(vec![row.name(), format!("{etcd:.2}"), format!("{ours:.2}")]);
        }
    }
    lines
}

fn load_lines(measurements: &Measurements) -> Vec<Vec<String>> {
    let keys = measurements.loads.first().map_or(0, |one| one.keys);
    let titles = [format!("load of {keys} keys"), "etcd".to_owned(), "Holdfast".to_owned(), "×".to_owned()];
    let mut lines = vec![titles.to_vec()];
    let figures: [(&str, usize, LoadFigure); 8] = [
        ("keys/s, 1000 clients", 0, |one| one.keys_per_second),
        ("server CPU µs/key", 1, |one| one.server_cpu_microseconds),
        ("RSS after the load, MB", 0, |one| bytes(one.resident_bytes) / 1e6),
        ("of it not backed by a file, MB", 0, |one| bytes(one.anonymous_bytes) / 1e6),
        ("disk used, MB", 0, |one| bytes(one.disk_bytes) / 1e6),
        ("SIGKILL, start to first linearizable read, s", 3, |one| one.restart_after_kill_seconds),
        ("SIGTERM, start to first linearizable read, s", 3, |one| one.restart_after_stop_seconds),
        ("RSS after that restart and a count, MB", 0, |one| bytes(one.resident_bytes_after_restart) / 1e6),
    ];
    for (name, digits, figure) in figures {
        let cell = |side| measurements.load_median(side, figure).unwrap_or(f64::NAN);
        let (etcd, ours) = (cell(Side::Etcd), cell(Side::Holdfast));
        let ratio = load_ratio(measurements, figure).unwrap_or(f64::NAN);
        lines.push(vec![
            name.to_owned(),
            format!("{etcd:.digits$}"),
            format!("{ours:.digits$}"),
            format!("{ratio:.2}"),
        ]);
    }
    lines
}

/// A Markdown table whose columns line up; the first line is its head.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let padding = " ".repeat(width - cell.chars().count());
            let cell = if column == 0 { format!("{cell}{padding}") } else { format!("{padding}{cell}") };
            text.push_str(&format!("| {cell} "));
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { "-" } else { ":" };
                text.push_str(&format!("|{}{end}", "-".repeat(width + 1)));
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let lines = [vec!["a".to_owned(), "×".to_owned()], vec!["bc".to_owned(), "1.25".to_owned()]];
        assert_eq!(aligned(&lines), "| a  |    × |\n|----|-----:|\n| bc | 1.25 |\n");
    }
}
