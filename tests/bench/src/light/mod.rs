//! A second load generator that costs a fifth of etcd's tool per request: prebuilt HTTP/2 frames, one task for each
//! connection, one thread. It shows what the servers do when the client does not take the cores from them. Must stay
//! honest: an answer counts only when it carries a message.

mod connection;
mod frame;
mod request;

use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client_view::ClientView;
use crate::error::BenchError;
use crate::limits::GENERATOR_TIMEOUT;
use crate::row::Row;
use crate::supply::Supply;

use connection::Connection;
use request::Template;

/// Runs one row.
///
/// # Errors
/// If a connection fails or a request has no answer.
pub async fn run(server: &'static str, row: &Row, endpoints: &[String]) -> Result<ClientView, BenchError> {
    let failed = |what: String| BenchError::Generator { server, row: row.name(), what };
    let local = tokio::task::LocalSet::new();
    let ended = tokio::time::timeout(GENERATOR_TIMEOUT, local.run_until(ask_all(row, endpoints))).await;
    match ended {
        Ok(Ok((latencies, elapsed))) => Ok(ClientView::of(latencies, elapsed)),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("did not end within {} s", GENERATOR_TIMEOUT.as_secs()))),
    }
}

async fn ask_all(row: &Row, endpoints: &[String]) -> std::io::Result<(Vec<Duration>, Duration)> {
    let supply = Rc::new(Supply::new(row.requests));
    let connections = row.connections();
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
