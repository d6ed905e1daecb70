//! Asks one server and writes the answer as a text in which equal answers are equal. Must not judge.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use holdfast_tests::normalise::{Normaliser, without_json_spaces};
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::{Server, http as plain};
use http::Method as Verb;
use http::uri::PathAndQuery;
use tonic::metadata::{MetadataKey, MetadataMap, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request as Envelope, Status};

use crate::methods::Method;
use crate::plan::Request;
use holdfast_tests::bytewise::Bytewise;

/// How long one answer may take.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(15);

/// Headers that say nothing about the answer itself.
const HEADERS_NOT_COMPARED: [&str; 3] = ["date", "content-length", "transfer-encoding"];

/// Numbers that depend on the engine and the machine.
const NUMBERS_NOT_COMPARED: [&str; 10] = [
    "db_size",
    "db_size_in_use",
    "raft_index",
    "raft_applied_index",
    "hash",
    "dbSize",
    "dbSizeInUse",
    "raftIndex",
    "raftAppliedIndex",
    "raftTerm",
];

/// A server with what is known of its ids.
pub struct Target {
    pub address: SocketAddr,
    pub channel: Channel,
    normaliser: Normaliser,
}

impl Target {
    pub async fn new(server: &Server) -> Self {
        let mut normaliser = Normaliser::new();
        normaliser.add_address(server.client_address(), "client");
        normaliser.add_address(server.peer_address(), "peer");
        for name in NUMBERS_NOT_COMPARED {
            normaliser.ignore_number(name);
        }
        let endpoint = Endpoint::from_shared(server.client_url()).unwrap();
        let channel = endpoint.connect().await.unwrap();
        Self { address: server.client_address(), channel, normaliser }
    }

    /// The answer as text.
    pub async fn run(&mut self, request: &Request) -> String {
        let answer = match request {
            Request::Unary { method, message, metadata } => {
                self.unary(method, message.clone(), metadata).await
            }
            Request::Http { verb, path, headers, body } => self.http(verb, path, headers, body).await,
            Request::Stream { method, metadata, steps } => self.stream(method, metadata, steps).await,
            Request::JsonStream { path, body, steps } => self.json_stream(path, body, steps).await,
        };
        // Go's protobuf writes some spaces in another way, build by build, lest its texts be compared.
        self.normaliser.normalise(&answer.replace('\u{a0}', " ").replace("  alarm:", " alarm:"))
    }

    async fn unary(
        &self,
        method: &'static Method,
        message: Vec<u8>,
        metadata: &[(&'static str, &'static str)],
    ) -> String {
        match tokio::time::timeout(ANSWER_DEADLINE, self.call(method, message, metadata)).await {
            Ok(Ok(answer)) => (method.show)(&answer),
            Ok(Err(status)) => show_status(&status),
            Err(_) => "no answer in time".to_owned(),
        }
    }

    /// One call with one message each way.
    pub async fn call(
        &self,
        method: &'static Method,
        message: Vec<u8>,
        metadata: &[(&'static str, &'static str)],
    ) -> Result<Vec<u8>, Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        client.ready().await.map_err(|error| Status::unknown(format!("not ready: {error}")))?;
        let answer = client.unary(envelope(message, metadata), path(method), Bytewise).await?;
        Ok(answer.into_inner())
    }

    async fn http(&self, verb: &Verb, path: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
        let answer = match plain::send(self.address, verb.clone(), path, headers, body.to_vec()).await {
            Ok(answer) => answer,
            Err(error) => return format!("no answer: {error}"),
        };
        let mut text = answer.status.as_u16().to_string();
        let mut names: Vec<_> = answer.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        for name in names.iter().filter(|name| !HEADERS_NOT_COMPARED.contains(name)) {
            write!(text, " [{name}: {}]", answer.header(name)).unwrap();
        }
        let is_json = answer.header("content-type").starts_with("application/json");
        let body = if is_check(path) { sorted_lines(&answer.text()) } else { answer.text() };
        write!(text, " {}", if is_json { without_json_spaces(&body) } else { body }).unwrap();
        text
    }
}

fn is_check(path: &str) -> bool {
    path.starts_with("/livez") || path.starts_with("/readyz")
}

/// The reference server runs its checks in no order.
fn sorted_lines(text: &str) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.sort_by_key(|line| if line.starts_with('[') { *line } else { "~" });
    lines.concat()
}

/// Waits until a fresh reference server has agreed with itself on its versions.
pub async fn wait_versions(server: &Server) {
    let start = Instant::now();
    loop {
        let version = plain::get(server.client_address(), "/version").await.unwrap().text();
        let status = plain::post(server.client_address(), "/v3/maintenance/status", "{}").await.unwrap();
        let storage = status.json().unwrap()["storageVersion"].clone();
        if !version.contains("not_decided") && version.contains(&format!("\"storage\":{storage}")) {
            return;
        }
        assert!(start.elapsed() < ANSWER_DEADLINE, "{version} with storage {storage}");
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// A message with its metadata.
pub fn envelope<M>(message: M, metadata: &[(&'static str, &'static str)]) -> Envelope<M> {
    let mut map = MetadataMap::new();
    for (name, value) in metadata {
        map.append(MetadataKey::from_static(name), MetadataValue::from_static(value));
    }
    Envelope::from_parts(map, tonic::Extensions::new(), message)
}

/// The path of a call.
pub fn path(method: &Method) -> PathAndQuery {
    PathAndQuery::from_maybe_shared(format!("/{}", method.grpc)).unwrap()
}

/// A refusal as text.
pub fn show_status(status: &Status) -> String {
    format!("{:?} ({}): {}", status.code(), status.code() as i32, status.message())
}
