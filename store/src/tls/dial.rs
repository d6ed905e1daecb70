//! Connections of this member to others: verified by the host that was connected to.

use std::fmt;
use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;
use holdfast_consensus::handle::{SecureDial, SecureStream};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::TlsStatus;
use super::port::{PortKind, TlsPort};
use super::refusal::reason;
use crate::config::TlsSettings;

/// Makes them. Its clones are one and the same.
#[derive(Clone)]
pub(super) struct PeerDial(Arc<Inner>);

struct Inner {
    port: OnceCell<Arc<TlsPort>>,
    settings: TlsSettings,
    status: Arc<TlsStatus>,
}

impl PeerDial {
    /// With the files of `port`. Where there is none, since nothing at the start named a member that is reached by TLS,
    /// the first such member makes one, with the CAs of the system: the members' URLs stand in the data and may change.
    pub(super) fn new(port: Option<Arc<TlsPort>>, settings: TlsSettings, status: Arc<TlsStatus>) -> PeerDial {
        PeerDial(Arc::new(Inner { port: OnceCell::new_with(port), settings, status }))
    }

    async fn port(&self) -> io::Result<Arc<TlsPort>> {
        let open = async || {
            let inner = Arc::clone(&self.0);
            let open = move || {
                let settings = &inner.settings;
                TlsPort::open(PortKind::Peers, &settings.peers, &settings.protocol, &inner.status)
            };
            // It reads files.
            tokio::task::spawn_blocking(open).await.map_err(io::Error::other)?.map_err(io::Error::other)
        };
        self.0.port.get_or_try_init(open).await.cloned()
    }
}

impl fmt::Debug for PeerDial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PeerDial").finish_non_exhaustive()
    }
}

impl SecureDial for PeerDial {
    fn secure(
        &self,
        stream: TcpStream,
        host: String,
    ) -> BoxFuture<'static, io::Result<Box<dyn SecureStream>>> {
        let dial = self.clone();
        Box::pin(async move {
            let port = dial.port().await?;
            let (in_use, kind) = (port.in_use(), port.kind());
            let config = in_use.client.clone();
            let config = config.ok_or_else(|| io::Error::other("no TLS was set up for members"))?;
            let host = ServerName::try_from(host).map_err(io::Error::other)?;
            match TlsConnector::from(config).connect(host, stream).await {
                Ok(stream) => Ok(Box::new(stream) as Box<dyn SecureStream>),
                Err(error) => {
                    let reason = reason(&error, kind);
                    let reason = reason.unwrap_or_else(|| format!("it ended the handshake ({error})"));
                    Err(io::Error::new(error.kind(), reason))
                }
            }
        })
    }
}
