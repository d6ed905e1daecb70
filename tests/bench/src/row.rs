//! The rows of the table: what is asked of a cluster, by how many clients, how often. Must hold no measurements.

use serde::Serialize;

use crate::limits::QUICK_DIVISOR;

/// What the clients of a row do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Puts of random keys.
    Put,
    /// Linearizable reads of one key.
    RangeLinearizable,
    /// Serializable reads of one key.
    RangeSerializable,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Members of the cluster.
    pub members: usize,
    /// What the clients do.
    pub operation: Operation,
    /// Clients at the same time.
    pub clients: u64,
    /// Requests measured.
    pub requests: u64,
}

impl Row {
    /// The name that the table shows and the filter looks at.
    #[must_use]
    pub fn name(&self) -> String {
        let operation = match self.operation {
            Operation::Put => "put",
            Operation::RangeLinearizable => "range-linearizable",
            Operation::RangeSerializable => "range-serializable",
        };
        let plural = if self.members == 1 { "" } else { "s" };
        format!("{operation} {}-node{plural} {}-client{}", self.members, self.clients, suffix(self.clients))
    }
}

/// Connections for that many clients: a tenth of them, as etcd's own figures have it.
#[must_use]
pub fn connections(clients: u64) -> u64 {
    (clients / 10).max(1)
}

fn suffix(clients: u64) -> &'static str {
    if clients == 1 { "" } else { "s" }
}

/// The rows whose name contains one of the words, in the order in which a cluster runs them: reads first, so that
/// what puts leave to be done later is not charged to them.
#[must_use]
pub fn rows(words: &[String], quick: bool) -> Vec<Row> {
    let shapes = [
        (Operation::RangeSerializable, 1, 8_000),
        (Operation::RangeSerializable, 100, 60_000),
        (Operation::RangeLinearizable, 1, 8_000),
        (Operation::RangeLinearizable, 100, 60_000),
        (Operation::Put, 1, 2_000),
        (Operation::Put, 100, 30_000),
        (Operation::Put, 1000, 60_000),
    ];
    let divisor = if quick { QUICK_DIVISOR } else { 1 };
    let all = [1, 3].into_iter().flat_map(|members| {
        shapes.into_iter().map(move |(operation, clients, requests)| {
            let requests = if members == 1 { requests } else { requests / 3 * 2 };
            Row { members, operation, clients, requests: requests / divisor }
        })
    });
    all.filter(|row| words.is_empty() || words.iter().any(|word| row.name().contains(word.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_takes_rows_that_contain_a_word() {
        assert_eq!(rows(&[], false).len(), 14);
        let puts = rows(&["put 1-node".to_owned()], false);
        assert_eq!(
            puts.iter().map(Row::name).collect::<Vec<_>>(),
            ["put 1-node 1-client", "put 1-node 100-clients", "put 1-node 1000-clients"]
        );
        assert_eq!(puts.iter().map(|row| connections(row.clients)).collect::<Vec<_>>(), [1, 10, 100]);
        assert!(rows(&["load".to_owned()], false).is_empty());
    }

    #[test]
    fn quick_asks_a_tenth() {
        let full = rows(&[], false);
        let quick = rows(&[], true);
        assert!(full.iter().zip(&quick).all(|(full, quick)| full.requests / 10 == quick.requests));
    }
}
