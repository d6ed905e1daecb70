//! A second load generator that costs a fifth of etcd's tool per request: prebuilt HTTP/2 frames, one task for each
//! connection, one thread. It shows what the servers do when the client does not take the cores from them. Must stay
//! honest: an answer counts only when it carries a message.

mod connection;
mod frame;
mod request;

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::error::BenchError;
use crate::generator::ClientView;
use crate::limits::GENERATOR_TIMEOUT;
use crate::row::{Row, connections};

use connection::Connection;
use request::Template;

/// What is left to be asked; the connections share it.
#[derive(Debug)]
struct Supply {
    left: Cell<u64>,
}

impl Supply {
    /// The number of the next request.
    fn take(&self) -> Option<u64> {
        let left = self.left.get().checked_sub(1)?;
        self.left.set(left);
        Some(left)
    }
}

/// Runs one row.
///
/// # Errors
/// If a connection fails or a request has no answer.
pub async fn run(server: &'static str, row: &Row, endpoints: &[String]) -> Result<ClientView, BenchError> {
    let failed = |what: String| BenchError::Generator { server, row: row.name(), what };
    let local = tokio::task::LocalSet::new();
    let ended = tokio::time::timeout(GENERATOR_TIMEOUT, local.run_until(ask_all(row, endpoints))).await;
    let (mut latencies, elapsed) = match ended {
        Ok(result) => result.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed(format!("did not end within {} s", GENERATOR_TIMEOUT.as_secs()))),
    };
    latencies.sort_unstable();
    Ok(ClientView {
        requests_per_second: f64::from(u32::try_from(latencies.len()).unwrap_or(u32::MAX))
            / elapsed.as_secs_f64(),
        p50: percentile(&latencies, 50),
        p99: percentile(&latencies, 99),
    })
}

async fn ask_all(row: &Row, endpoints: &[String]) -> std::io::Result<(Vec<Duration>, Duration)> {
    let supply = Rc::new(Supply { left: Cell::new(row.requests) });
    let connections = connections(row.clients);
    let streams = usize::try_from(row.clients / connections).unwrap_or(usize::MAX);
    let mut opened = Vec::new();
    for endpoint in endpoints.iter().cycle().take(usize::try_from(connections).unwrap_or(usize::MAX)) {
        let template = Template::new(row.operation, endpoint);
        opened.push(Connection::open(endpoint, template, streams).await?);
    }
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for connection in opened {
        running.spawn_local(connection.ask(Rc::clone(&supply)));
    }
    let mut latencies = Vec::new();
    while let Some(ended) = running.join_next().await {
        latencies.extend(ended.map_err(std::io::Error::other)??);
    }
    Ok((latencies, begin.elapsed()))
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supply_ends() {
        let supply = Supply { left: Cell::new(2) };
        assert_eq!([supply.take(), supply.take(), supply.take()], [Some(1), Some(0), None]);
    }

    #[test]
    fn percentiles_of_few_and_many() {
        let millis: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&millis, 50), Duration::from_millis(101));
        assert_eq!(percentile(&millis, 99), Duration::from_millis(199));
        assert_eq!(percentile(&millis[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
