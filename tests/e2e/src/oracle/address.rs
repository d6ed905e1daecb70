//! Where the members of a cluster are, read anew all the time, and how a connection to one is opened: to the pod's own
//! address, or through the API server's port-forward. Does not know what is said over it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, ListParams};
use parking_lot::RwLock;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::connection::RequestError;
use crate::limits;

/// Port of clients.
pub const CLIENT_PORT: u16 = 2379;
/// Port of members.
pub const PEER_PORT: u16 = 2380;

/// Anything that bytes go through.
pub trait Pipe: AsyncRead + AsyncWrite + Send + Unpin {}
impl<Any: AsyncRead + AsyncWrite + Send + Unpin> Pipe for Any {}

/// A member that can be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberDoor {
    /// Its pod's name.
    pub pod: String,
    /// Its pod's address.
    pub address: IpAddr,
    /// The name that its certificate has.
    pub server_name: String,
    /// Its pod passes its readiness probe.
    pub is_ready: bool,
}

/// The way to the members of one cluster.
#[derive(Clone)]
pub struct Door {
    client: Client,
    namespace: String,
    cluster: String,
    is_forwarded: bool,
    members: Arc<RwLock<Vec<MemberDoor>>>,
}

impl Door {
    /// A way to the members of a cluster. Looks for nobody yet.
    #[must_use]
    pub fn new(client: Client, namespace: &str, cluster: &str, is_forwarded: bool) -> Self {
        let members = Arc::new(RwLock::new(Vec::new()));
        Self { client, namespace: namespace.to_owned(), cluster: cluster.to_owned(), is_forwarded, members }
    }

    /// Reads who is there now, by name. Pods without an address or on their way out are left out.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn look(&self) -> Result<Vec<MemberDoor>, kube::Error> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let selector = format!("holdfast.dev/cluster={}", self.cluster);
        let found = pods.list(&ListParams::default().labels(&selector)).await?;
        let mut members: Vec<_> = found.items.iter().filter_map(|pod| self.door_of(pod)).collect();
        members.sort_by(|one, other| one.pod.cmp(&other.pod));
        self.members.write().clone_from(&members);
        Ok(members)
    }

    fn door_of(&self, pod: &Pod) -> Option<MemberDoor> {
        let status = pod.status.as_ref()?;
        if pod.metadata.deletion_timestamp.is_some() {
            return None;
        }
        let name = pod.metadata.name.clone()?;
        let conditions = status.conditions.as_deref().unwrap_or_default();
        Some(MemberDoor {
            server_name: format!("{name}.{}-peers.{}.svc", self.cluster, self.namespace),
            pod: name,
            address: status.pod_ip.as_ref()?.parse().ok()?,
            is_ready: conditions.iter().any(|each| each.type_ == "Ready" && each.status == "True"),
        })
    }

    /// Keeps looking until the task is aborted. What the API server does not answer leaves what was known.
    #[must_use]
    pub fn keep_looking(&self) -> JoinHandle<()> {
        let door = self.clone();
        tokio::spawn(async move {
            loop {
                drop(door.look().await);
                sleep(limits::REFRESH).await;
            }
        })
    }

    /// A member for the `turn`-th try: ready ones in turn, or anybody if nobody is.
    #[must_use]
    pub fn member(&self, turn: usize) -> Option<MemberDoor> {
        let members = self.members.read();
        let ready: Vec<_> = members.iter().filter(|member| member.is_ready).collect();
        if ready.is_empty() {
            return members.get(turn % members.len().max(1)).cloned();
        }
        ready.get(turn % ready.len()).map(|member| (*member).clone())
    }

    /// Opens a connection to a port of a member.
    ///
    /// # Errors
    /// [`RequestError::Unreachable`].
    pub async fn open(&self, member: &MemberDoor, port: u16) -> Result<Box<dyn Pipe>, RequestError> {
        let failed = |cause: String| RequestError::Unreachable { member: member.pod.clone(), cause };
        if self.is_forwarded {
            let pods: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
            let mut forwarder =
                pods.portforward(&member.pod, &[port]).await.map_err(|error| failed(error.to_string()))?;
            let stream = forwarder.take_stream(port).ok_or_else(|| failed("no port-forward".to_owned()))?;
            return Ok(Box::new(stream));
        }
        let address = SocketAddr::new(member.address, port);
        let stream = timeout(limits::CONNECT, TcpStream::connect(address))
            .await
            .map_err(|_| failed(format!("no connection to {address} in time")))?
            .map_err(|error| failed(format!("{address}: {error}")))?;
        stream.set_nodelay(true).map_err(|error| failed(error.to_string()))?;
        Ok(Box::new(stream))
    }
}
