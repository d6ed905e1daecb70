//! A member with a port for TLS beside the plain one that the harness asks whether it is ready.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use holdfast_tests::certificates::{Authority, IssuedFiles, Wanted, replace};
use holdfast_tests::ports::{self, PortLease};
use holdfast_tests::process::POLL_INTERVAL;
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::tls::{TlsClient, pair_flags, path_flag};
use holdfast_tests::{Implementation, Server, http};
use tempfile::TempDir;

/// Longest wait for anything on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Writes the key `a`.
pub const PUT: &str = r#"{"key":"YQ==","value":"dg=="}"#;

/// A member and the files that it was started with.
pub struct TlsMember {
    /// The member.
    pub server: Server,
    /// Where clients connect by TLS.
    pub address: SocketAddr,
    /// The folder of the files.
    pub folder: TempDir,
    /// Who signed the member's certificate.
    pub authority: Authority,
    /// The member's certificate.
    pub files: IssuedFiles,
    _port: PortLease,
}

/// Paths of the files that tests change.
pub fn ca_path(folder: &Path) -> PathBuf {
    folder.join("ca.pem")
}

/// See `ca_path`.
pub fn crl_path(folder: &Path) -> PathBuf {
    folder.join("crl.pem")
}

impl TlsMember {
    /// A member with a certificate, and with what `adapt` adds; it gets the folder, in which a CA's certificate and an
    /// empty list of revoked ones lie.
    pub async fn start(adapt: impl FnOnce(ServerPlan, &Path) -> ServerPlan) -> TlsMember {
        let mut member = TlsMember::spawn(adapt);
        member.server.wait_ready(READY_DEADLINE).await.unwrap();
        member
    }

    /// The same, for a member that cannot be asked in the usual way whether it is ready.
    pub fn spawn(adapt: impl FnOnce(ServerPlan, &Path) -> ServerPlan) -> TlsMember {
        let folder = TempDir::with_prefix("holdfast-tls-").unwrap();
        let authority = Authority::new("first");
        let files = authority.issue(&Wanted::new("member")).write(folder.path(), "server");
        replace(&ca_path(folder.path()), &authority.pem());
        replace(&crl_path(folder.path()), &authority.revoke(&[]));
        let (plain, port) = (ports::lease(), ports::lease());
        let address = port.address();
        let listen = format!("--listen-client-urls=http://{},https://{address}", plain.address());
        let [certificate, key] = pair_flags("", &files);
        let plan =
            ServerPlan::new(Implementation::Holdfast).client_port(plain).flag(listen).flag(certificate);
        let server = adapt(plan.flag(key), folder.path()).spawn().unwrap();
        TlsMember { server, address, folder, authority, files, _port: port }
    }

    /// The same, and clients need a certificate of the CA.
    pub async fn start_mutual() -> TlsMember {
        TlsMember::start(|plan, folder| {
            plan.flag(path_flag("trusted-ca-file", &ca_path(folder))).flag("--client-cert-auth")
        })
        .await
    }

    /// A client that trusts the member's CA and shows a certificate of it, in the name of `common_name`.
    pub fn client(&self, common_name: &str) -> TlsClient {
        let own = self.authority.issue(&Wanted::new(common_name));
        TlsClient::new(&[self.authority.pem()], Some(&own))
    }

    /// Waits until `/readyz` at `address` says that it is ready.
    pub async fn wait_serving(&self, address: SocketAddr) {
        let start = Instant::now();
        while !http::get(address, "/readyz").await.is_ok_and(|answer| answer.status.is_success()) {
            assert!(start.elapsed() < PATIENCE, "not ready:\n{}", self.server.output());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Waits for a line of the log that has all of these.
    pub async fn wait_log(&self, parts: &[&str]) {
        wait_log(&self.server, parts).await;
    }

    /// The value of a metric, by its whole name with labels.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        metric(&self.server, name).await
    }

    /// Waits until a metric has at least this value.
    pub async fn wait_metric(&self, name: &str, least: f64) {
        let start = Instant::now();
        while self.metric(name).await.is_none_or(|value| value < least) {
            assert!(
                start.elapsed() < PATIENCE,
                "{name} does not reach {least}: {:?}",
                self.metric(name).await
            );
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// Waits for a line of a member's log that has all of these.
pub async fn wait_log(server: &Server, parts: &[&str]) {
    let start = Instant::now();
    let is_there = |output: &str| output.lines().any(|line| parts.iter().all(|part| line.contains(part)));
    while !is_there(&server.output()) {
        assert!(start.elapsed() < PATIENCE, "no line with {parts:?} in\n{}", server.output());
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The value of a metric, by its whole name with labels.
pub async fn metric(server: &Server, name: &str) -> Option<f64> {
    let text = http::get(server.client_address(), "/metrics").await.ok()?.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line?.parse().ok()
}
