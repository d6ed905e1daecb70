//! Connections of this member to others: verified by the host that was connected to.

use std::fmt;
use std::io;
use std::sync::Arc;

use futures::future::BoxFuture;
use holdfast_consensus::handle::{SecureDial, SecureStream};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::port::TlsPort;
use super::refusal::reason;

/// Makes them.
pub(super) struct PeerDial {
    port: Arc<TlsPort>,
}

impl PeerDial {
    /// With the files of `port`.
    pub(super) fn new(port: Arc<TlsPort>) -> PeerDial {
        PeerDial { port }
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
        let (in_use, kind) = (self.port.in_use(), self.port.kind());
        Box::pin(async move {
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
