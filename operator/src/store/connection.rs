//! One connection to a member: TCP, TLS if the cluster has it, HTTP/1.1. Does no more than one request.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use ring::digest::{SHA256, digest};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::StoreError;
use crate::causes::with_causes;
use crate::limits;

/// Where a member is, and what it should be able to prove.
#[derive(Clone, Debug)]
pub struct MemberAddress {
    /// Its pod's name, for messages.
    pub name: String,
    /// Address and port to connect to: the pod's own, so that nothing depends on DNS.
    pub socket: SocketAddr,
    /// The DNS name that its certificate must have.
    pub server_name: String,
}

/// What a user shows besides a certificate.
#[derive(Clone)]
pub struct Credentials {
    /// Name of the user.
    pub username: String,
    /// Its password; never logged.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// What was seen of the other side beside its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// SHA-256 of the certificate that it showed, in hexadecimal. Absent without TLS.
    pub fingerprint: Option<String>,
}

/// Sends one request and reads the whole answer.
///
/// # Errors
/// See [`StoreError`]; a status other than 200 is no error here.
pub(super) async fn exchange(
    address: &MemberAddress,
    tls: Option<&Arc<rustls::ClientConfig>>,
    request: http::Request<Full<Bytes>>,
) -> Result<(http::StatusCode, Bytes, Shown), StoreError> {
    let unreachable = |cause: String| StoreError::Unreachable { member: address.name.clone(), cause };
    let stream = timeout(limits::CONNECT_TIME, TcpStream::connect(address.socket))
        .await
        .map_err(|_| unreachable(format!("no connection to {} in time", address.socket)))?
        .map_err(|error| unreachable(format!("{}: {error}", address.socket)))?;
    let Some(config) = tls else {
        let (status, body) = ask(address, stream, request).await?;
        return Ok((status, body, Shown::default()));
    };
    let failed = |cause: String| StoreError::Handshake { member: address.name.clone(), cause };
    let name =
        ServerName::try_from(address.server_name.clone()).map_err(|error| failed(error.to_string()))?;
    let stream = timeout(limits::CONNECT_TIME, TlsConnector::from(Arc::clone(config)).connect(name, stream))
        .await
        .map_err(|_| failed("it did not finish in time".to_owned()))?
        .map_err(|error| failed(error.to_string()))?;
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let fingerprint = certificate.map(|certificate| fingerprint(certificate));
    let (status, body) = ask(address, stream, request).await?;
    Ok((status, body, Shown { fingerprint }))
}

async fn ask(
    address: &MemberAddress,
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: http::Request<Full<Bytes>>,
) -> Result<(http::StatusCode, Bytes), StoreError> {
    let path = request.uri().path().to_owned();
    let unanswered =
        |cause: String| StoreError::Unanswered { member: address.name.clone(), path: path.clone(), cause };
    let whole = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unanswered(error.to_string()))?;
        // A server that refuses the client's certificate says so only now, in TLS 1.3: the answer fails, not the handshake.
        let driver = tokio::spawn(connection);
        let outcome = async {
            let response =
                sender.send_request(request).await.map_err(|error| unanswered(with_causes(&error)))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), limits::ANSWER_BYTES_MAX)
                .collect()
                .await
                .map_err(|error| unanswered(error.to_string()))?;
            Ok((status, body.to_bytes()))
        }
        .await;
        driver.abort();
        outcome
    };
    timeout(limits::REQUEST_TIME, whole).await.map_err(|_| unanswered("no answer in time".to_owned()))?
}

/// SHA-256 of a certificate, in hexadecimal digits.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    use std::fmt::Write;
    let hash = digest(&SHA256, certificate);
    hash.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String does not fail");
        text
    })
}
