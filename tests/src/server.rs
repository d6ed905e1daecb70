//! One member of either implementation: started from flags on ports of its own, restarted on the same data, killed or
//! paused at will. Must not speak to the member except to learn whether it is ready.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::time::sleep;

use crate::binaries::{self, BinaryError, ReferenceTool};
use crate::http;
use crate::network::Network;
use crate::ports::{self, PortLease};
use crate::process::{ChildProcess, POLL_INTERVAL, ProcessError};

/// How long a member may take from its start to its first linearizable read.
pub const READY_DEADLINE: Duration = Duration::from_secs(30);

/// A linearizable read of a key that is never there, as JSON.
const READ_NOTHING: &str = r#"{"key":"AA==","limit":"1","keys_only":true}"#;

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// The server under test.
    Holdfast,
    /// The reference server.
    Etcd,
    /// The reference server that still has the v2 API.
    EtcdV2,
}

impl Implementation {
    fn binary(self) -> Result<PathBuf, BinaryError> {
        match self {
            Self::Holdfast => binaries::holdfast(),
            Self::Etcd => binaries::reference(ReferenceTool::Etcd),
            Self::EtcdV2 => binaries::reference(ReferenceTool::EtcdV2),
        }
    }
}

/// Why a member does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Its program is missing.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// Its folder cannot be made.
    #[error("cannot make a folder for the member's data")]
    Folder(#[source] std::io::Error),
    /// Its process failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It ended instead of serving.
    #[error("{name} ended with {status} instead of serving; the end of its output:\n{output}")]
    Ended {
        /// The member's name.
        name: String,
        /// Its exit status.
        status: ExitStatus,
        /// What it printed last.
        output: String,
    },
    /// It runs, but does not answer a linearizable read.
    #[error("{name} is not ready after {waited:?}; the end of its output:\n{output}")]
    NotReady {
        /// The member's name.
        name: String,
        /// How long was waited.
        waited: Duration,
        /// What it printed last.
        output: String,
    },
}

/// What a member is started with.
#[derive(Debug)]
pub struct ServerPlan {
    implementation: Implementation,
    name: String,
    client: PortLease,
    peer: PortLease,
    /// Where others reach it, if that is not where it listens for them.
    relay: Option<PortLease>,
    peer_scheme: &'static str,
    initial_cluster: Option<String>,
    data_dir: Option<PathBuf>,
    flags: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl ServerPlan {
    /// A member alone in its cluster, with ports of its own.
    #[must_use]
    pub fn new(implementation: Implementation) -> Self {
        Self {
            implementation,
            name: "one".to_owned(),
            client: ports::lease(),
            peer: ports::lease(),
            relay: None,
            peer_scheme: "http",
            initial_cluster: None,
            data_dir: None,
            flags: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// The member's name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// Serves clients on a port leased by the caller.
    #[must_use]
    pub fn client_port(mut self, lease: PortLease) -> Self {
        self.client = lease;
        self
    }

    /// Another flag, as `--name=value` or alone.
    #[must_use]
    pub fn flag(mut self, flag: impl Into<OsString>) -> Self {
        self.flags.push(flag.into());
        self
    }

    /// A variable of the member's environment.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Keeps the data in a folder of the caller's choice instead of a temporary one.
    #[must_use]
    pub fn data_dir(mut self, path: &Path) -> Self {
        self.data_dir = Some(path.to_owned());
        self
    }

    /// The members of the cluster, as `--initial-cluster` takes them.
    #[must_use]
    pub fn initial_cluster(mut self, members: &str) -> Self {
        self.initial_cluster = Some(members.to_owned());
        self
    }

    /// Speaks TLS with other members; the files for it are flags of their own.
    #[must_use]
    pub fn secure_peers(mut self) -> Self {
        self.peer_scheme = "https";
        self
    }

    /// Is reached by other members through `network` only, as the member with this index.
    #[must_use]
    pub fn behind(mut self, network: &mut Network, index: usize) -> Self {
        self.relay = Some(network.attach(index, self.peer.address()));
        self
    }

    /// This member as `--initial-cluster` names it.
    #[must_use]
    pub fn as_initial_member(&self) -> String {
        format!("{}={}", self.name, self.advertised_peer_url())
    }

    fn advertised_peer_url(&self) -> String {
        let port = self.relay.as_ref().unwrap_or(&self.peer);
        format!("{}://{}", self.peer_scheme, port.address())
    }

    /// Starts the member and waits until it serves.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn start(self) -> Result<Server, ServerError> {
        let mut server = self.spawn()?;
        server.wait_ready(READY_DEADLINE).await?;
        Ok(server)
    }

    /// Starts the member without waiting.
    ///
    /// # Errors
    ///
    /// When the process cannot be started.
    pub fn spawn(self) -> Result<Server, ServerError> {
        let folder = TempDir::with_prefix("holdfast-member-").map_err(ServerError::Folder)?;
        let data_dir = self.data_dir.clone().unwrap_or_else(|| folder.path().join("data"));
        let mut server = Server { plan: self, folder, data_dir, arguments: None, process: None };
        server.spawn()?;
        Ok(server)
    }
}

/// A member with its data; its process may be down.
#[derive(Debug)]
pub struct Server {
    plan: ServerPlan,
    folder: TempDir,
    data_dir: PathBuf,
    /// What it is started with from now on instead of what its plan says.
    arguments: Option<Vec<OsString>>,
    process: Option<ChildProcess>,
}

impl Server {
    /// Starts one member with nothing but what a member needs, and waits until it serves.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn start(implementation: Implementation) -> Result<Self, ServerError> {
        ServerPlan::new(implementation).start().await
    }

    /// Whose server it is.
    #[must_use]
    pub fn implementation(&self) -> Implementation {
        self.plan.implementation
    }

    /// The member's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// Where clients connect.
    #[must_use]
    pub fn client_address(&self) -> SocketAddr {
        self.plan.client.address()
    }

    /// Where peers connect.
    #[must_use]
    pub fn peer_address(&self) -> SocketAddr {
        self.plan.peer.address()
    }

    /// The client address as a URL.
    #[must_use]
    pub fn client_url(&self) -> String {
        format!("http://{}", self.client_address())
    }

    /// The peer address as a URL.
    #[must_use]
    pub fn peer_url(&self) -> String {
        format!("{}://{}", self.plan.peer_scheme, self.peer_address())
    }

    /// This member as `--initial-cluster` names it.
    #[must_use]
    pub fn as_initial_member(&self) -> String {
        self.plan.as_initial_member()
    }

    /// Starts it from now on with its addresses, its folder and these flags alone.
    pub fn set_flags(&mut self, flags: &[&str]) {
        let mut arguments = self.addresses();
        arguments.extend(flags.iter().map(OsString::from));
        self.arguments = Some(arguments);
    }

    /// The folder with the member's data.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The member's process.
    ///
    /// # Panics
    ///
    /// When the member was killed or stopped, and not started again.
    pub fn process(&mut self) -> &mut ChildProcess {
        self.process.as_mut().expect("the test started this member and has not stopped it since")
    }

    /// A gRPC client of this member.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub async fn connect(&self) -> Result<etcd_client::Client, etcd_client::Error> {
        etcd_client::Client::connect([self.client_address().to_string()], None).await
    }

    /// Kills the process as a crash would, and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Stops the process with SIGTERM.
    ///
    /// # Errors
    ///
    /// When it does not stop within `deadline`.
    pub fn stop(&mut self, deadline: Duration) -> Result<ExitStatus, ServerError> {
        let status = self.process().terminate(deadline)?;
        self.process = None;
        Ok(status)
    }

    /// Starts the process again on the same data and ports, without waiting.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn spawn(&mut self) -> Result<(), ServerError> {
        let mut command = Command::new(self.plan.implementation.binary()?);
        command.args(self.arguments());
        // Variables that configure a server must come from the test alone.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("ETCD_") || text.starts_with("HOLDFAST_") {
                command.env_remove(&name);
            }
        }
        command.envs(self.plan.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(ChildProcess::spawn(&self.plan.name, command, &self.folder.path().join("log"))?);
        Ok(())
    }

    /// Starts the process again on the same data and ports, and waits until it serves.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.kill();
        self.spawn()?;
        self.wait_ready(READY_DEADLINE).await
    }

    /// Waits until the member answers a linearizable read.
    ///
    /// # Errors
    ///
    /// When it ends, or does not answer within `deadline`.
    pub async fn wait_ready(&mut self, deadline: Duration) -> Result<(), ServerError> {
        let start = Instant::now();
        loop {
            if self.is_ready().await {
                return Ok(());
            }
            let name = self.plan.name.clone();
            let process = self.process();
            if let Some(status) = process.status()? {
                return Err(ServerError::Ended { name, status, output: process.output_tail() });
            }
            if start.elapsed() >= deadline {
                return Err(ServerError::NotReady { name, waited: deadline, output: process.output_tail() });
            }
            sleep(POLL_INTERVAL).await;
        }
    }

    /// Whether the member answers a linearizable read at once.
    pub async fn is_ready(&self) -> bool {
        let read = http::post(self.client_address(), "/v3/kv/range", READ_NOTHING);
        let answer = tokio::time::timeout(Duration::from_secs(2), read).await;
        matches!(answer, Ok(Ok(answer)) if answer.status.is_success())
    }

    /// All that the member printed, over restarts.
    #[must_use]
    pub fn output(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.path().join("log")).unwrap_or_default())
            .into_owned()
    }

    fn arguments(&self) -> Vec<OsString> {
        if let Some(arguments) = &self.arguments {
            return arguments.clone();
        }
        let plan = &self.plan;
        let mut arguments = self.addresses();
        let mut add = |name: &str, value: &str| arguments.push(format!("--{name}={value}").into());
        add("name", &plan.name);
        add("initial-advertise-peer-urls", &plan.advertised_peer_url());
        add("initial-cluster", &plan.initial_cluster.clone().unwrap_or_else(|| plan.as_initial_member()));
        arguments.extend(plan.flags.iter().cloned());
        arguments
    }

    /// Where it listens, and where its data is.
    fn addresses(&self) -> Vec<OsString> {
        let client = self.client_url();
        let mut data_dir = OsString::from("--data-dir=");
        data_dir.push(&self.data_dir);
        let addresses = [
            ("listen-client-urls", &client),
            ("advertise-client-urls", &client),
            ("listen-peer-urls", &self.peer_url()),
        ];
        let flags = addresses.map(|(name, value)| format!("--{name}={value}").into());
        flags.into_iter().chain([data_dir]).collect()
    }
}
