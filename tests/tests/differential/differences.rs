//! What may differ between etcd and Holdfast, as a table: where, how, and why. A row that is not needed any more fails
//! the test, so that the table shrinks as the project grows.

use std::collections::BTreeSet;

/// One allowed difference.
struct Difference {
    /// Part of the names of the requests that it is about.
    request: &'static str,
    /// Turns our answer into what it would be without the difference; `None` where it does not apply.
    without: fn(&str) -> Option<String>,
    /// Why it is right to differ, or when it will end.
    reason: &'static str,
}

const DIFFERENCES: &[Difference] = &[];

/// Whether the two answers are equal but for rows of the table; else what is left of ours.
pub fn judge(
    request: &str,
    expected: &str,
    answered: &str,
    used: &mut BTreeSet<usize>,
) -> Result<(), String> {
    if expected == answered {
        return Ok(());
    }
    let mut left = answered.to_owned();
    let mut applied = Vec::new();
    for (index, row) in DIFFERENCES.iter().enumerate().filter(|(_, row)| request.contains(row.request)) {
        if let Some(without) = (row.without)(&left) {
            left = without;
            applied.push(index);
        }
        if left == expected {
            used.extend(applied);
            return Ok(());
        }
    }
    Err(answered.to_owned())
}

/// Reasons of rows that no answer needed.
pub fn unused(used: &BTreeSet<usize>) -> Vec<&'static str> {
    let rows = DIFFERENCES.iter().enumerate();
    rows.filter(|(index, _)| !used.contains(index)).map(|(_, row)| row.reason).collect()
}
