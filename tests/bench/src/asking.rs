//! What every load generator of ours does around its clients: waits for all of them, for a bounded time, and makes one
//! view of what they saw. Must not know how they ask.

use std::io;
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, LocalSet};

use crate::client_view::ClientView;
use crate::error::BenchError;
use crate::limits::GENERATOR_TIMEOUT;
use crate::row::Row;

/// How long each answer took, and all of them together.
pub type Answers = (Vec<Duration>, Duration);

/// Runs the clients of a row on this thread.
///
/// # Errors
/// If a client fails, or they do not end in time.
pub async fn view(
    server: &'static str,
    row: &Row,
    asking: impl Future<Output = io::Result<Answers>>,
) -> Result<ClientView, BenchError> {
    let failed = |what: String| BenchError::Generator { server, row: row.name(), what };
    let local = LocalSet::new();
    match tokio::time::timeout(GENERATOR_TIMEOUT, local.run_until(asking)).await {
        Ok(Ok((latencies, elapsed))) => Ok(ClientView::of(latencies, elapsed)),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("did not end within {} s", GENERATOR_TIMEOUT.as_secs()))),
    }
}

/// Waits for clients that began together.
///
/// # Errors
/// If one fails.
pub async fn all(begin: Instant, mut running: JoinSet<io::Result<Vec<Duration>>>) -> io::Result<Answers> {
    let mut latencies = Vec::new();
    while let Some(ended) = running.join_next().await {
        latencies.extend(ended.map_err(io::Error::other)??);
    }
    Ok((latencies, begin.elapsed()))
}
