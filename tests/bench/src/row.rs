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
    /// Reads of one file after the other by the v2 API.
    V2Get,
    /// Listings of a whole directory by the v2 API.
    V2List,
    /// Puts of one file after the other by the v2 API.
    V2Put,
}

/// What clients speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    /// gRPC.
    V3,
    /// The v2 keys API, over HTTP/1.1.
    V2,
}

/// What stands between clients and the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Nothing.
    None,
    /// Mutual TLS, between members as well, and users with permissions.
    Full,
}

/// A cluster as rows want it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClusterKind {
    /// Its members.
    pub members: usize,
    /// What its clients speak.
    pub interface: Interface,
    /// What they have to get past.
    pub protection: Protection,
}

impl Operation {
    /// What its clients speak.
    #[must_use]
    pub fn interface(self) -> Interface {
        match self {
            Operation::Put | Operation::RangeLinearizable | Operation::RangeSerializable => Interface::V3,
            Operation::V2Get | Operation::V2List | Operation::V2Put => Interface::V2,
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Members of the cluster.
    pub members: usize,
    /// What the clients have to get past.
    pub protection: Protection,
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
            Operation::V2Get => "v2-get",
            Operation::V2List => "v2-list",
            Operation::V2Put => "v2-put",
        };
        let protection = match self.protection {
            Protection::None => "",
            Protection::Full => " secured",
        };
        let (members, clients) = (self.members, self.clients);
        format!(
            "{operation} {members}-node{} {clients}-client{}{protection}",
            suffix(u64::try_from(members).unwrap_or(u64::MAX)),
            suffix(clients)
        )
    }

    /// The cluster that it wants.
    #[must_use]
    pub fn cluster_kind(&self) -> ClusterKind {
        let (members, protection) = (self.members, self.protection);
        ClusterKind { members, interface: self.operation.interface(), protection }
    }

    /// The same row without protection, which shows what protection costs; nothing for a row that has none.
    #[must_use]
    pub fn unprotected(&self) -> Option<Row> {
        let is_protected = self.protection != Protection::None;
        is_protected.then(|| Row { protection: Protection::None, ..self.clone() })
    }

    /// Connections that its clients use: over HTTP/1.1 each has its own.
    #[must_use]
    pub fn connections(&self) -> u64 {
        match self.operation.interface() {
            Interface::V3 => shared_connections(self.clients),
            Interface::V2 => self.clients,
        }
    }
}

/// Connections for that many gRPC clients: a tenth of them, as etcd's own figures have it.
#[must_use]
pub fn shared_connections(clients: u64) -> u64 {
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
    let v2_shapes = [
        (Operation::V2Get, 1, 8_000),
        (Operation::V2Get, 100, 60_000),
        (Operation::V2List, 1, 10),
        (Operation::V2Put, 1, 2_000),
        (Operation::V2Put, 100, 30_000),
    ];
    let divisor = if quick { QUICK_DIVISOR } else { 1 };
    let v2_rows = v2_shapes.into_iter().map(|(operation, clients, requests)| Row {
        members: 1,
        protection: Protection::None,
        operation,
        clients,
        requests: requests / divisor,
    });
    let all = [1, 3].into_iter().flat_map(|members| {
        shapes.into_iter().map(move |(operation, clients, requests)| {
            let requests = if members == 1 { requests } else { requests / 3 * 2 };
            let protection = Protection::None;
            Row { members, protection, operation, clients, requests: requests / divisor }
        })
    });
    let all = all.flat_map(|row| {
        let is_protected_too = row.operation == Operation::Put && row.clients == 100;
        let protected = is_protected_too.then(|| Row { protection: Protection::Full, ..row.clone() });
        std::iter::once(row).chain(protected)
    });
    all.chain(v2_rows)
        .filter(|row| words.is_empty() || words.iter().any(|word| row.name().contains(word.as_str())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_takes_rows_that_contain_a_word() {
        assert_eq!(rows(&[], false).len(), 21);
        let puts = rows(&[" 1-node 1".to_owned()], false);
        let puts: Vec<_> = puts.into_iter().filter(|row| row.operation == Operation::Put).collect();
        assert_eq!(
            puts.iter().map(Row::name).collect::<Vec<_>>(),
            [
                "put 1-node 1-client",
                "put 1-node 100-clients",
                "put 1-node 100-clients secured",
                "put 1-node 1000-clients"
            ]
        );
        assert_eq!(puts.iter().map(Row::connections).collect::<Vec<_>>(), [1, 10, 10, 100]);
        assert_eq!(puts[2].unprotected().as_ref(), Some(&puts[1]));
        assert!(rows(&["load".to_owned()], false).is_empty());
    }

    #[test]
    fn quick_asks_a_tenth() {
        let full = rows(&[], false);
        let quick = rows(&[], true);
        assert!(full.iter().zip(&quick).all(|(full, quick)| full.requests / 10 == quick.requests));
    }
}
