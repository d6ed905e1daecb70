//! Load on the v2 API: one keep-alive HTTP/1.1 connection for each client, on one thread. Must stay honest: an answer
//! counts only when its status says success and all of its body has come.

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::asking::{self, Answers};
use crate::client_view::ClientView;
use crate::error::BenchError;
use crate::limits::{FILL_CLIENTS, PUT_KEYS, VALUE_BYTES};
use crate::row::{Operation, Protection, Row};
use crate::supply::Supply;

type Body = Full<Bytes>;

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
        opened.push((connect(endpoint).await?, endpoint.clone()));
    }
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for (connection, endpoint) in opened {
        running.spawn_local(ask(connection, endpoint, row.operation, Rc::clone(&supply)));
    }
    asking::all(begin, running).await
}

async fn connect(endpoint: &str) -> io::Result<SendRequest<Body>> {
    let socket = TcpStream::connect(authority(endpoint)).await?;
    socket.set_nodelay(true)?;
    let (sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.map_err(io::Error::other)?;
    // Ends with its sender; a failure shows in the request that meets it.
    tokio::task::spawn_local(connection);
    Ok(sender)
}

async fn ask(
    mut connection: SendRequest<Body>,
    endpoint: String,
    operation: Operation,
    supply: Rc<Supply>,
) -> io::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while let Some(number) = supply.take() {
        let request = request(&endpoint, operation, number);
        let asked = Instant::now();
        connection.ready().await.map_err(io::Error::other)?;
        let answer = connection.send_request(request).await.map_err(io::Error::other)?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(io::Error::other)?;
        if !status.is_success() {
            let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            return Err(io::Error::other(format!("a request was refused with {status}: {text}")));
        }
        latencies.push(asked.elapsed());
    }
    Ok(latencies)
}

fn authority(endpoint: &str) -> &str {
    endpoint.strip_prefix("http://").unwrap_or(endpoint)
}

fn request(endpoint: &str, operation: Operation, number: u64) -> Request<Body> {
    let file = format!("/v2/keys/bench/k{:06}", number % PUT_KEYS);
    let (method, path, body) = match operation {
        Operation::V2Put => (Method::PUT, file, format!("value={}", "v".repeat(value_length()))),
        Operation::V2List => (Method::GET, "/v2/keys/bench?recursive=true".to_owned(), String::new()),
        _ => (Method::GET, file, String::new()),
    };
    let mut request = Request::builder().method(method).uri(path).header("host", authority(endpoint));
    if !body.is_empty() {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    request.body(Full::from(body)).expect("method, path and headers are well-formed")
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
        assert_eq!((put.method().as_str(), put.uri().path()), ("PUT", "/v2/keys/bench/k000007"));
        assert_eq!(put.headers()["host"], "127.0.0.1:1");
        let list = request("http://127.0.0.1:1", Operation::V2List, 3);
        assert_eq!(list.uri(), "/v2/keys/bench?recursive=true");
    }
}
