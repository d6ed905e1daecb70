//! A real member under certificates that the operator made, with a folder in the place of what a kubelet mounts.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdfast_operator::crd::HoldfastCluster;
use holdfast_operator::store::{Credentials, MemberAddress, MemberClient};
use holdfast_operator::trust::{RunningMember, ShownPair, Trust, client_config, ensure, names};
use holdfast_tests::certificates::replace;
use holdfast_tests::ports::{self, PortLease};
use holdfast_tests::server::{READY_DEADLINE, ServerPlan};
use holdfast_tests::{Implementation, Server, binaries};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fake::{FakeApi, NAMESPACE};

/// Longest wait for anything on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// See the module.
pub struct RealMember {
    /// Where the cluster's objects are.
    pub api: Arc<FakeApi>,
    /// What is mounted: a folder for each Secret.
    pub mounts: TempDir,
    /// The member.
    pub server: Server,
    /// Its client port.
    pub address: SocketAddr,
    _port: PortLease,
}

/// A cluster `hf`, as it is after it was made.
pub fn cluster(spec: Value) -> HoldfastCluster {
    let object = json!({
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "HoldfastCluster",
        "metadata": { "name": "hf", "namespace": NAMESPACE, "uid": "c1" },
        "spec": spec,
        "status": { "bootstrap": { "state": "Done" } },
    });
    serde_json::from_value(object).unwrap()
}

/// Whether the test can run: it needs the server's binary.
pub fn can_run(test: &str) -> bool {
    binaries::can_run(test, binaries::holdfast().map(drop))
}

impl RealMember {
    /// Makes the certificates, mounts them, and starts a member that demands them on both ports.
    pub async fn start(cluster: &HoldfastCluster) -> RealMember {
        let api = Arc::new(FakeApi::default());
        ensure(&api.client(), cluster, &[]).await.unwrap();
        let mounts = TempDir::with_prefix("holdfast-mounts-").unwrap();
        for secret in ["hf-server-tls", "hf-peer-tls", "hf-client-tls"] {
            mount(&api, mounts.path(), secret);
        }
        let (plain, port) = (ports::lease(), ports::lease());
        let address = port.address();
        let listen = format!("--listen-client-urls=http://{},https://{address}", plain.address());
        let plan = ServerPlan::new(Implementation::Holdfast).name("hf-0").client_port(plain).secure_peers();
        let file = |flag: &str, secret: &str, key: &str| {
            format!("--{flag}={}", mounts.path().join(secret).join(key).display())
        };
        let server = plan
            .flag(listen)
            .flag(file("cert-file", "hf-server-tls", "tls.crt"))
            .flag(file("key-file", "hf-server-tls", "tls.key"))
            .flag(file("trusted-ca-file", "hf-server-tls", "ca.crt"))
            .flag("--client-cert-auth")
            .flag(file("peer-cert-file", "hf-peer-tls", "tls.crt"))
            .flag(file("peer-key-file", "hf-peer-tls", "tls.key"))
            .flag(file("peer-trusted-ca-file", "hf-peer-tls", "ca.crt"))
            .flag("--peer-client-cert-auth")
            .flag("--peer-skip-client-san-verification");
        let mut server = server.spawn().unwrap();
        server.wait_ready(READY_DEADLINE).await.unwrap();
        RealMember { api, mounts, server, address, _port: port }
    }

    /// Brings what Secrets hold now to where they are mounted.
    pub fn sync(&self) {
        for secret in ["hf-server-tls", "hf-peer-tls", "hf-client-tls"] {
            mount(&self.api, self.mounts.path(), secret);
        }
    }

    /// A look at certificates, with this member running.
    pub async fn look(&self, cluster: &HoldfastCluster) -> Trust {
        let member = RunningMember {
            name: "hf-0".to_owned(),
            address: self.address.ip(),
            client_port: self.address.port(),
            peer_port: self.server.peer_address().port(),
            server_name: names::member_host(cluster, 0),
        };
        ensure(&self.api.client(), cluster, &[member]).await.unwrap()
    }

    fn member_address(&self, cluster: &HoldfastCluster) -> MemberAddress {
        MemberAddress {
            name: "hf-0".to_owned(),
            socket: self.address,
            server_name: names::member_host(cluster, 0),
        }
    }

    /// The operator's client.
    pub fn operator(&self, cluster: &HoldfastCluster, trust: &Trust) -> MemberClient {
        MemberClient::new(self.member_address(cluster), trust.client.clone(), trust.credentials.clone())
    }

    /// A client with what is mounted of the application's certificate now.
    pub fn application(&self, cluster: &HoldfastCluster) -> MemberClient {
        let read =
            |key: &str| std::fs::read_to_string(self.mounts.path().join("hf-client-tls").join(key)).unwrap();
        let (certificate, key) = (read("tls.crt"), read("tls.key"));
        let shown = ShownPair { certificate: &certificate, key: &key };
        let config = client_config(&read("ca.crt"), Some(shown), b"http/1.1").unwrap();
        MemberClient::new(self.member_address(cluster), Some(Arc::new(config)), None)
    }

    /// Somebody who gives a password, over the operator's connection.
    pub fn with_password(
        &self,
        cluster: &HoldfastCluster,
        trust: &Trust,
        user: &str,
        password: &str,
    ) -> MemberClient {
        let credentials = Credentials { username: user.to_owned(), password: password.to_owned() };
        self.operator(cluster, trust).with_credentials(credentials)
    }
}

/// Waits for something.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not happen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Files are read in a moment when some are new and some are old; a kubelet swaps the folder, which is kinder.
fn mount(api: &FakeApi, mounts: &Path, secret: &str) {
    let folder: PathBuf = mounts.join(secret);
    std::fs::create_dir_all(&folder).unwrap();
    for key in ["ca.crt", "tls.crt", "tls.key"] {
        replace(&folder.join(key), &api.text(secret, key).unwrap());
    }
}
