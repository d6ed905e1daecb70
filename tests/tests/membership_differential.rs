//! etcdctl's `member` commands and the gateway's member calls against etcd and against Holdfast: the same words, once
//! ids and ports are taken out.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

#[path = "membership/ctl.rs"]
mod ctl;

use ctl::{etcdctl, id_of, members};
use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::ports::{self, PortLease};
use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Implementation, Server, http};
use serde_json::Value;

/// A server with the ports of members that are announced and never run.
struct Subject {
    server: Server,
    unused: Vec<PortLease>,
}

impl Subject {
    async fn start(implementation: Implementation) -> Self {
        let server = ServerPlan::new(implementation).name("one").start().await.unwrap();
        Self { server, unused: (0..4).map(|_| ports::lease()).collect() }
    }

    /// Replaces `P0` and so on by ports, `SELF` by the server's own peer URL.
    fn filled(&self, word: &str) -> String {
        let mut word = word.replace("SELF", &self.server.peer_url());
        for (number, port) in self.unused.iter().enumerate() {
            word = word.replace(&format!("P{number}"), &format!("http://{}", port.address()));
        }
        word
    }

    /// Takes out what differs between any two servers.
    fn plain(&self, text: &str) -> String {
        let mut text =
            text.replace(&self.server.peer_url(), "SELF").replace(&self.server.client_url(), "CLIENT");
        text = text.replace(&self.server.client_address().to_string(), "CLIENT");
        for (number, port) in self.unused.iter().enumerate() {
            text = text.replace(&format!("http://{}", port.address()), &format!("P{number}"));
        }
        without_ids(&text)
    }

    /// The id of the member at a peer URL, as hex.
    async fn id(&self, place: &str) -> String {
        if place == "unknown" {
            return "1234".to_owned();
        }
        let url = self.filled(place);
        if url == self.server.peer_url() {
            return id_of(&members(&self.server).await, &self.server);
        }
        let all = members(&self.server).await;
        let found = all.iter().find(|member| member["peerURLs"][0] == url.as_str()).unwrap();
        format!("{:x}", found["ID"].as_u64().unwrap())
    }

    /// Runs a line for etcdctl in which `@place` stands for a member's id.
    async fn run(&self, line: &str) -> String {
        let mut words = Vec::new();
        for word in line.split_whitespace() {
            words.push(match word.strip_prefix('@') {
                Some(place) => self.id(place).await,
                None => self.filled(word),
            });
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let said = etcdctl(&[&self.server], &words).await;
        // The first lines of its errors are the log of its client, with times.
        let errors: Vec<&str> = said.err.lines().filter(|line| line.starts_with("Error")).collect();
        self.plain(&format!("{}\n{}{}", said.is_success, said.out, errors.join("\n")))
    }

    async fn post(&self, path: &str, body: &str) -> String {
        let answer = http::post(self.server.client_address(), path, self.filled(body)).await.unwrap();
        let mut json: Value = answer.json().unwrap();
        // The gateway of etcd 3.5 had it, and clients of that time need it.
        json.as_object_mut().unwrap().remove("error");
        if let Some(members) = json.get_mut("members").and_then(Value::as_array_mut) {
            let own = self.server.peer_url();
            members.sort_by_key(|member| member["peerURLs"][0] == own.as_str());
        }
        if let Some(header) = json.get_mut("header").and_then(Value::as_object_mut) {
            header.remove("raft_term");
        }
        self.plain(&format!("{} {json}", answer.status))
    }
}

/// Sorts the members in what etcdctl suggests for the environment of a new one.
fn sorted_members(line: String) -> String {
    let Some(members) = line.strip_prefix("ETCD_INITIAL_CLUSTER=\"") else { return line };
    let mut members: Vec<&str> = members.trim_end_matches('"').split(',').collect();
    members.sort_unstable();
    format!("ETCD_INITIAL_CLUSTER={}", members.join(","))
}

/// Replaces hexadecimal and decimal ids, and terms.
fn without_ids(text: &str) -> String {
    let mut plain = String::new();
    let mut word = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_hexdigit() {
            word.push(character);
            continue;
        }
        let is_id = word.len() >= 13 && word.chars().any(|c| c.is_ascii_digit());
        plain += if is_id { "ID" } else { &word };
        word.clear();
        plain.push(character);
    }
    // Tables are as wide as their ids.
    let lines = plain.trim_end().lines().map(|line| match !line.contains(char::is_alphanumeric) {
        true => "+--".to_owned(),
        false => line.split_whitespace().collect::<Vec<_>>().join(" "),
    });
    // Members come in the order of their ids, which are anybody's guess.
    let mut lines: Vec<String> = lines.map(sorted_members).collect();
    lines.sort();
    lines.join("\n").replace("\"raft_term\":3", "\"raft_term\":2")
}

/// Two servers, the oracle first.
async fn subjects(test: &str) -> Option<[Subject; 2]> {
    if !have_reference(test, &[ReferenceTool::Etcd, ReferenceTool::Etcdctl]) {
        return None;
    }
    let pair = [Subject::start(Implementation::Etcd).await, Subject::start(Implementation::Holdfast).await];
    Some(pair)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcdctl_says_the_same() {
    let Some([etcd, holdfast]) = subjects("etcdctl_says_the_same").await else { return };
    for line in [
        "member list",
        "member list -w table",
        "member add two",
        "member add two --peer-urls=nonsense",
        "member add two --peer-urls=P0/path",
        "member add two --peer-urls=SELF",
        "member add two --peer-urls=P0 --learner",
        "member list",
        "member list -w table",
        "member add three --peer-urls=P1 --learner",
        "member add two --peer-urls=P0",
        "member promote @P0",
        "member promote @SELF",
        "member promote @unknown",
        "member update @P0 --peer-urls=SELF",
        "member update @P0 --peer-urls=P2",
        "member update @unknown --peer-urls=P3",
        "member list",
        "move-leader @P2",
        "move-leader @unknown",
        "member remove @unknown",
        "member remove @P2",
        "member remove @SELF",
        "member list",
        // Now etcd has lost its quorum to a member that does not run; what it refuses at once can still be asked.
        "member add two --peer-urls=P0",
        "member add three --peer-urls=P1",
    ] {
        assert_eq!(holdfast.run(line).await, etcd.run(line).await, "etcdctl {line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_answers_the_same() {
    let Some([etcd, holdfast]) = subjects("the_gateway_answers_the_same").await else { return };
    for (path, body) in [
        ("add", r#"{}"#),
        ("add", r#"{"peerURLs":["nonsense"]}"#),
        ("add", r#"{"peerURLs":["SELF"]}"#),
        ("add", r#"{"peerURLs":["P1","P0"],"isLearner":true}"#),
        ("add", r#"{"peerURLs":["P2"],"isLearner":true}"#),
        ("list", r#"{}"#),
        ("list", r#"{"linearizable":true}"#),
        ("promote", r#"{"ID":"4660"}"#),
        ("remove", r#"{"ID":"4660"}"#),
        ("update", r#"{"ID":"4660","peerURLs":["P3"]}"#),
    ] {
        let path = format!("/v3/cluster/member/{path}");
        assert_eq!(holdfast.post(&path, body).await, etcd.post(&path, body).await, "{path} {body}");
    }
}

/// Status, content type and body of a call of the v2 API.
async fn v2(subject: &Subject, line: &str) -> String {
    let mut parts = line.splitn(4, ' ');
    let method = parts.next().unwrap().parse().unwrap();
    let path = subject.filled(parts.next().unwrap());
    let content_type = parts.next().unwrap_or("application/json").to_owned();
    let body = subject.filled(parts.next().unwrap_or_default());
    let headers = [("Content-Type", content_type.as_str())];
    let address = subject.server.client_address();
    let answer = http::send(address, method, &path, &headers, body).await.unwrap();
    let kind = answer.header("content-type").to_owned();
    subject.plain(&format!("{} {kind} {}", answer.status, answer.text()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn v2_members_are_changed_alike() {
    if !have_reference("v2_members_are_changed_alike", &[ReferenceTool::EtcdV2]) {
        return;
    }
    let holdfast = Subject::start(Implementation::Holdfast).await;
    let plan = ServerPlan::new(Implementation::EtcdV2).name("one").flag("--enable-v2");
    let unused = (0..4).map(|_| ports::lease()).collect();
    let etcd = Subject { server: plan.start().await.unwrap(), unused };
    for line in [
        "POST /v2/members text/plain {}",
        "POST /v2/members application/json;charset=utf-8 {\"peerURLs\":[]}",
        "POST /v2/members application/json ",
        "POST /v2/members application/json {\"peerURLs\":[\"nonsense\"]}",
        "POST /v2/members application/json {\"peerURLs\":[\"http://a:1/path\"]}",
        "POST /v2/members application/json {\"peerURLs\":[\"http://a\"]}",
        "POST /v2/members application/json {\"peerURLs\":[\"SELF\"]}",
        "PUT /v2/members application/json {\"peerURLs\":[\"P0\"]}",
        "PUT /v2/members/xyz application/json {\"peerURLs\":[\"P0\"]}",
        "PUT /v2/members/1234 application/json {\"peerURLs\":[\"P0\"]}",
        "PUT /v2/members/1234 application/json {\"peerURLs\":[]}",
        "DELETE /v2/members",
        "DELETE /v2/members/xyz",
        "DELETE /v2/members/1234",
        "POST /v2/members application/json {\"peerURLs\":[\"P1\",\"P0\"]}",
        "POST /v2/members application/json {\"peerURLs\":[\"P2\"]}",
    ] {
        assert_eq!(v2(&holdfast, line).await, v2(&etcd, line).await, "{line}");
    }
    // etcd has no quorum any more; Holdfast waits for the new member without needing it.
    let all = http::get(holdfast.server.client_address(), "/v2/members").await.unwrap();
    let all: Value = all.json().unwrap();
    let added = all["members"].as_array().unwrap().iter().find(|member| member["name"] == "").unwrap();
    let path = format!("/v2/members/{}", added["id"].as_str().unwrap());
    let moved = v2(&holdfast, &format!("PUT {path} application/json {{\"peerURLs\":[\"P3\"]}}")).await;
    assert!(moved.starts_with("204"), "{moved}");
    for code in ["204", "410"] {
        let removed = v2(&holdfast, &format!("DELETE {path}")).await;
        assert!(removed.starts_with(code), "{removed}");
    }
}
