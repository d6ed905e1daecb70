//! One server as the lines of the script see it: sends what they say and shows the answers with everything replaced
//! that depends on when a server was started.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use ::http::{HeaderMap, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holdfast_tests::http::{self, AnswerStream};
use holdfast_tests::server::Server;
use serde_json::Value;

/// Longest wait for a piece of an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Headers that are compared by their values; of the others only whether they are there.
const HEADERS: [&str; 5] = [
    "content-type",
    "allow",
    "x-content-type-options",
    "access-control-allow-origin",
    "access-control-allow-methods",
];
const HEADERS_THERE: [&str; 4] = ["x-etcd-cluster-id", "x-raft-index", "x-raft-term", "transfer-encoding"];

/// Numbers in answers that are indexes, by what stands before them.
const BEFORE_INDEX: [&str; 3] = ["\"modifiedIndex\":", "\"createdIndex\":", "\"index\":"];

/// Where a failed comparison of indexes stands in an answer: the script compares with these only.
const BEFORE_COMPARED: [&str; 2] = ["[1 != ", "[18446744073709551615 != "];

/// A server under the script.
pub struct Target {
    address: SocketAddr,
    peer: SocketAddr,
    /// The credentials of the line that runs.
    login: Option<String>,
    /// The store's index at the start.
    first_index: u64,
    /// The index that `{n}` counts from.
    marked_index: u64,
    open: BTreeMap<String, AnswerStream>,
}

impl Target {
    /// Begins a script at a running server.
    pub async fn new(server: &Server) -> Target {
        let (address, peer) = (server.client_address(), server.peer_address());
        let mut target =
            Target { address, peer, login: None, first_index: 0, marked_index: 0, open: BTreeMap::new() };
        target.first_index = target.index().await;
        target.marked_index = target.first_index;
        target
    }

    async fn index(&self) -> u64 {
        let answer = self.send("GET", "/v2/keys", None).await;
        answer.headers["x-etcd-index"].to_str().unwrap().parse().unwrap()
    }

    /// Does what a line says and shows what comes back.
    pub async fn run(&mut self, line: &str) -> String {
        let mut words: Vec<&str> = line.split(' ').collect();
        self.login = match words.as_slice() {
            ["as", login, ..] => Some(format!("Basic {}", STANDARD.encode(login))),
            _ => None,
        };
        if self.login.is_some() {
            words.drain(..2);
        }
        match words.as_slice() {
            ["rebase"] => {
                self.first_index = self.index().await;
                self.marked_index = self.first_index;
                String::new()
            }
            ["mark"] => {
                self.marked_index = self.index().await;
                format!("mark {}", self.marked_index - self.first_index)
            }
            ["begin", name, method, path] => {
                let answer = self.send(method, path, None).await;
                let shown = self.show(line, answer.status, &answer.headers, "");
                self.open.insert((*name).to_owned(), answer);
                shown
            }
            ["end", name] => {
                let mut answer = self.open.remove(*name).unwrap();
                let body = read(&mut answer, usize::MAX).await;
                self.show(line, answer.status, &answer.headers, &body)
            }
            ["end", name, lines] => {
                let mut answer = self.open.remove(*name).unwrap();
                let body = read(&mut answer, lines.parse().unwrap()).await;
                self.show(line, answer.status, &answer.headers, &body)
            }
            [method, path, form @ ..] => {
                let mut answer = self.send(method, path, form.first().copied()).await;
                let body = read(&mut answer, usize::MAX).await;
                let body = if path.contains("sorted") { body } else { with_sorted_nodes(body) };
                self.show(line, answer.status, &answer.headers, &body)
            }
            _ => panic!("no line of a script: {line}"),
        }
    }

    async fn send(&self, method: &str, path: &str, form: Option<&str>) -> AnswerStream {
        let path = (1..20).fold(path.to_owned(), |path, behind| {
            path.replace(&format!("{{{behind}}}"), &(self.marked_index + behind).to_string())
        });
        let content_type = form.map(|_| ("Content-Type", "application/x-www-form-urlencoded"));
        let login = self.login.as_deref().map(|login| ("Authorization", login));
        let headers: Vec<(&str, &str)> = content_type.into_iter().chain(login).collect();
        let body = form.unwrap_or_default().to_owned();
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        http::open(self.address, method, &path, &headers, body).await.unwrap()
    }

    fn show(&self, line: &str, status: StatusCode, headers: &HeaderMap, body: &str) -> String {
        let mut shown = status.as_u16().to_string();
        for name in HEADERS {
            if let Some(value) = headers.get(name) {
                shown += &format!(" {name}={}", value.to_str().unwrap());
            }
        }
        for name in HEADERS_THERE.iter().filter(|name| headers.contains_key(**name)) {
            shown += &format!(" {name}");
        }
        // Waits whose names begin with e are for what ends by itself, before or after they begin.
        let is_for_an_end = line.starts_with("begin e") || line.starts_with("end e");
        if let Some(index) = headers.get("x-etcd-index").filter(|_| !is_for_an_end) {
            shown += &format!(" index={}", self.relative(index.to_str().unwrap()));
        }
        format!("{shown} {}", self.normalise(line, body))
    }

    /// An index as its distance to the one at the start; 0 is none.
    fn relative(&self, index: &str) -> String {
        match index.parse::<u64>() {
            Ok(index) if index >= self.first_index => format!("+{}", index - self.first_index),
            _ => index.to_owned(),
        }
    }

    fn normalise(&self, line: &str, body: &str) -> String {
        let mut text =
            body.replace(&self.address.to_string(), "<client>").replace(&self.peer.to_string(), "<peer>");
        for before in BEFORE_INDEX {
            text = replace_behind(&text, before, char::is_numeric, |index| self.relative(index));
        }
        for before in BEFORE_COMPARED.iter().filter(|_| line.contains("prevIndex=1")) {
            text = replace_behind(&text, before, char::is_numeric, |index| self.relative(index));
        }
        // What is left depends on the machine's speed; the script gives tens of seconds.
        text = replace_behind(&text, "\"ttl\":", char::is_numeric, |ttl| {
            (ttl.parse::<u64>().unwrap().div_ceil(10) * 10).to_string()
        });
        // Names of nodes in order.
        text = replace_behind(&text, "/00000000", char::is_numeric, |name| self.relative(name));
        for before in ["\"expiration\":\"", "\"id\":\"", "\"leader\":\""] {
            text = replace_behind(&text, before, |character| character != '"', |_| "<varies>".to_owned());
        }
        text
    }
}

/// Replaces what follows `before` as long as its characters are of a kind.
fn replace_behind(
    text: &str,
    before: &str,
    is_part: impl Fn(char) -> bool,
    replace: impl Fn(&str) -> String,
) -> String {
    let mut pieces = text.split(before);
    let mut replaced = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece.find(|character| !is_part(character)).unwrap_or(piece.len());
        replaced += before;
        replaced += &replace(&piece[..end]);
        replaced += &piece[end..];
    }
    replaced
}

/// Reads the body, or so many lines of it.
async fn read(answer: &mut AnswerStream, lines: usize) -> String {
    let mut body = Vec::new();
    while body.iter().filter(|byte| **byte == b'\n').count() < lines {
        match answer.next(PATIENCE).await.unwrap() {
            Some(piece) => body.extend_from_slice(&piece),
            None => break,
        }
    }
    String::from_utf8(body).unwrap()
}

/// A listing whose order is open, in the order of its keys.
fn with_sorted_nodes(body: String) -> String {
    match serde_json::from_str::<Value>(&body) {
        Ok(mut answer) if body.contains("\"nodes\"") => {
            sort_nodes(&mut answer["node"]);
            answer.to_string()
        }
        _ => body,
    }
}

fn sort_nodes(node: &mut Value) {
    if let Some(nodes) = node.get_mut("nodes").and_then(Value::as_array_mut) {
        nodes.iter_mut().for_each(sort_nodes);
        nodes.sort_by_key(|node| node["key"].to_string());
    }
}
