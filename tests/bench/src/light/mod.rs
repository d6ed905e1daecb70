//! A second load generator that costs a fifth of etcd's tool per request: prebuilt HTTP/2 frames, one task for each
//! connection, one thread. It shows what the servers do when the client does not take the cores from them. Must stay
//! honest: an answer counts only when it carries a message.

mod connection;
mod frame;
mod request;

use std::rc::Rc;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::access::Access;
use crate::asking::{self, Answers};
use crate::client_view::ClientView;
use crate::error::BenchError;
use crate::row::Row;
use crate::supply::Supply;

use connection::Connection;
use request::Template;

/// Runs one row.
///
/// # Errors
/// If a connection fails or a request has no answer.
pub async fn run(
    server: &'static str,
    access: &Access,
    row: &Row,
    endpoints: &[String],
) -> Result<ClientView, BenchError> {
    asking::view(server, row, ask_all(access, row, endpoints)).await
}

async fn ask_all(access: &Access, row: &Row, endpoints: &[String]) -> std::io::Result<Answers> {
    let supply = Rc::new(Supply::new(row.requests));
    let connections = row.connections();
    let streams = usize::try_from(row.clients / connections).unwrap_or(usize::MAX);
    let mut opened = Vec::new();
    for endpoint in endpoints.iter().cycle().take(usize::try_from(connections).unwrap_or(usize::MAX)) {
        let token = access.token(endpoint).await.map_err(std::io::Error::other)?;
        let template = Template::new(row.operation, endpoint, token.as_deref());
        opened.push(Connection::open(endpoint, access.tls(), template, streams).await?);
    }
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for connection in opened {
        running.spawn_local(connection.ask(Rc::clone(&supply)));
    }
    asking::all(begin, running).await
}
