//! etcdctl as the client that changes the members. Must not know what is expected.

use std::process::Output;

use holdfast_tests::Server;
use holdfast_tests::binaries::{self, ReferenceTool};
use serde_json::Value;

/// What etcdctl said.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended well.
    pub is_success: bool,
    /// Its output.
    pub out: String,
    /// Its errors.
    pub err: String,
}

/// Runs `etcdctl` with `arguments` at the members `at`.
pub async fn etcdctl(at: &[&Server], arguments: &[&str]) -> Said {
    let endpoints: Vec<String> = at.iter().map(|server| server.client_address().to_string()).collect();
    let program = binaries::reference(ReferenceTool::Etcdctl).unwrap();
    let mut command = tokio::process::Command::new(program);
    command.arg("--endpoints").arg(endpoints.join(",")).arg("--command-timeout=20s").args(arguments);
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { is_success: status.success(), out: text(stdout), err: text(stderr) }
}

/// Runs it and insists on success.
pub async fn do_etcdctl(at: &[&Server], arguments: &[&str]) -> String {
    let said = etcdctl(at, arguments).await;
    assert!(said.is_success, "etcdctl {arguments:?}: {said:?}");
    said.out
}

/// The members by `member list`, as JSON.
pub async fn members(at: &Server) -> Vec<Value> {
    let listed = do_etcdctl(&[at], &["member", "list", "-w", "json"]).await;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    listed["members"].as_array().unwrap().clone()
}

/// A member's id in the form in which etcdctl takes it.
pub fn id_of(members: &[Value], server: &Server) -> String {
    let peer_url = server.peer_url();
    let found = members.iter().find(|member| member["peerURLs"][0] == peer_url.as_str());
    let id = found.unwrap_or_else(|| panic!("{peer_url} is not in {members:?}"));
    format!("{:x}", id["ID"].as_u64().unwrap())
}
