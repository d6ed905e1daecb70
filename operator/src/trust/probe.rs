//! One look at a member's port: which certificate does it show, and does it let in who shows this one? Sends no request.

use std::net::SocketAddr;
use std::sync::Arc;

use holdfast_plan::trust::Fingerprint;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::reading;
use crate::limits;

/// How HTTP/2 begins (RFC 9113, 3.4), with an empty SETTINGS frame behind it. The other side answers with its own settings
/// once it has accepted the connection, and not before.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The certificate that was shown. Absent when there was no connection.
    pub(crate) shows: Option<Fingerprint>,
    /// The certificate that was shown to it was accepted. Absent when it was not found out.
    pub(crate) accepts: Option<bool>,
}

/// Connects once. `config` should speak `h2`.
///
/// In TLS 1.3 a client has finished its handshake before the server has looked at the client's certificate. So acceptance is
/// a byte of HTTP/2 that comes back, and refusal an alert in its place.
pub(crate) async fn probe(address: SocketAddr, server_name: &str, config: &Arc<ClientConfig>) -> Seen {
    let Ok(name) = ServerName::try_from(server_name.to_owned()) else { return Seen::default() };
    let Ok(Ok(stream)) = timeout(limits::CONNECT_TIME, TcpStream::connect(address)).await else {
        return Seen::default();
    };
    let connecting = TlsConnector::from(Arc::clone(config)).connect(name, stream);
    let mut stream = match timeout(limits::CONNECT_TIME, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Seen { shows: None, accepts: is_refusal(&error).then_some(false) },
        Err(_) => return Seen::default(),
    };
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let shows = certificate.map(|certificate| reading::fingerprint(certificate));
    let mut byte = [0; 1];
    let talk = async {
        stream.write_all(PREFACE).await?;
        stream.flush().await?;
        stream.read(&mut byte).await
    };
    let accepts = match timeout(limits::CONNECT_TIME, talk).await {
        Ok(Ok(1..)) => Some(true),
        Ok(Err(error)) => is_refusal(&error).then_some(false),
        Ok(Ok(0)) | Err(_) => None,
    };
    Seen { shows, accepts }
}

/// Whether the other side has sent an alert, as it does to whom it does not trust.
fn is_refusal(error: &std::io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(tls, Some(rustls::Error::AlertReceived(_)))
}
