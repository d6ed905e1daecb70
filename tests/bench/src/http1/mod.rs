//! Load on the v2 API: one keep-alive HTTP/1.1 connection for each client, on one thread. Must stay honest: an answer
//! counts only when its status says success and all of its body has come.

mod connection;

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::asking::{self, Answers};
use crate::client_view::ClientView;
use crate::error::BenchError;
use crate::limits::{FILL_CLIENTS, PUT_KEYS, VALUE_BYTES};
use crate::row::{Operation, Protection, Row};
use crate::supply::Supply;
use connection::Connection;

/// The field of a form in front of the value.
const FIELD: &str = "value=";

/// Runs one row.
///
/// # Errors
/// If a connection fails or a request is refused.
pub async fn run(server: &'static str, row: &Row, endpoints: &[String]) -> Result<ClientView, BenchError> {
    asking::view(server, row, ask_all(row, endpoints)).await
}

/// Writes every file that the rows read, list or write, once.
///
/// # Errors
/// As `run`.
pub async fn fill(server: &'static str, members: usize, endpoint: &str) -> Result<(), BenchError> {
    let row = Row {
        members,
        protection: Protection::None,
        operation: Operation::V2Put,
        clients: FILL_CLIENTS,
        requests: PUT_KEYS,
    };
    run(server, &row, std::slice::from_ref(&endpoint.to_owned())).await.map(|_| ())
}

async fn ask_all(row: &Row, endpoints: &[String]) -> io::Result<Answers> {
    let supply = Rc::new(Supply::new(row.requests));
    let mut opened = Vec::new();
    let connections = usize::try_from(row.connections()).unwrap_or(usize::MAX);
    for endpoint in endpoints.iter().cycle().take(connections) {
        opened.push((Connection::open(authority(endpoint)).await?, endpoint.clone()));
    }
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for (connection, endpoint) in opened {
        running.spawn_local(ask(connection, endpoint, row.operation, Rc::clone(&supply)));
    }
    asking::all(begin, running).await
}

async fn ask(
    mut connection: Connection,
    endpoint: String,
    operation: Operation,
    supply: Rc<Supply>,
) -> io::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while let Some(number) = supply.take() {
        let request = request(&endpoint, operation, number);
        let asked = Instant::now();
        let answer = connection.ask(request.as_bytes()).await?;
        if !(200..300).contains(&answer.status) {
            let text = String::from_utf8_lossy(&answer.beginning).into_owned();
            return Err(io::Error::other(format!("a request was refused with {}: {text}", answer.status)));
        }
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

fn authority(endpoint: &str) -> &str {
    endpoint.strip_prefix("http://").unwrap_or(endpoint)
}

fn request(endpoint: &str, operation: Operation, number: u64) -> String {
    let file = number % PUT_KEYS;
    let host = authority(endpoint);
    match operation {
        Operation::V2Put => {
            let length = FIELD.len() + value_length();
            format!(
                "PUT /v2/keys/bench/k{file:06} HTTP/1.1\r\nhost: {host}\r\n\
                 content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n\
                 {FIELD}{}",
                "v".repeat(value_length())
            )
        }
        Operation::V2List => format!("GET /v2/keys/bench?recursive=true HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        _ => format!("GET /v2/keys/bench/k{file:06} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
    }
}

fn value_length() -> usize {
    usize::try_from(VALUE_BYTES).expect("a value fits into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_put_writes_a_value_of_the_length_that_all_rows_have() {
        let put = request("http://127.0.0.1:1", Operation::V2Put, PUT_KEYS + 7);
        let (head, body) = put.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("PUT /v2/keys/bench/k000007 HTTP/1.1\r\nhost: 127.0.0.1:1\r\n"));
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        assert_eq!(body.len(), "value=".len() + value_length());
        let list = request("http://127.0.0.1:1", Operation::V2List, 3);
        assert!(list.starts_with("GET /v2/keys/bench?recursive=true HTTP/1.1\r\n"));
    }
}
