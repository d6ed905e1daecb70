//! One connection to a member: TLS if there is a configuration for it, then HTTP/1.1 with JSON, one request after the
//! other. Never retries.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde_json::Value;
use thiserror::Error;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Door, MemberDoor, Pipe};
use crate::limits;

/// Why a request has no good answer.
#[derive(Debug, Error)]
pub enum RequestError {
    /// There was no connection; nothing was asked.
    #[error("{member} cannot be reached: {cause}")]
    Unreachable {
        /// Who was asked.
        member: String,
        /// What went wrong.
        cause: String,
    },
    /// The handshake failed, or was refused afterwards: somebody does not trust somebody.
    #[error("{member}: TLS: {cause}")]
    Handshake {
        /// Who was asked.
        member: String,
        /// What went wrong.
        cause: String,
    },
    /// The connection broke or time ran out: the request may have been carried out.
    #[error("{member} did not answer {path}: {cause}")]
    Unanswered {
        /// Who was asked.
        member: String,
        /// What for.
        path: String,
        /// What went wrong.
        cause: String,
    },
    /// The member said no.
    #[error("{member} refused {path}: {message} (HTTP {status})")]
    Refused {
        /// Who was asked.
        member: String,
        /// What for.
        path: String,
        /// HTTP status.
        status: u16,
        /// The member's words.
        message: String,
    },
    /// There is no credential, or no member to ask.
    #[error("{0}")]
    Unprepared(String),
}

/// A connection that requests are sent over.
pub struct Connection {
    member: String,
    host: String,
    authorization: Option<String>,
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// Connects to the client port of a member.
    ///
    /// # Errors
    /// When there is no connection, or TLS fails.
    pub async fn open(
        door: &Door,
        member: &MemberDoor,
        tls: Option<Arc<ClientConfig>>,
        authorization: Option<String>,
    ) -> Result<Self, RequestError> {
        let pipe = door.open(member, super::address::CLIENT_PORT).await?;
        let pipe: Box<dyn Pipe> = match tls {
            Some(config) => Box::new(shake_hands(member, config, pipe).await?),
            None => pipe,
        };
        let broken = |error: hyper::Error| RequestError::Unreachable {
            member: member.pod.clone(),
            cause: error.to_string(),
        };
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(pipe)).await.map_err(broken)?;
        let driver = tokio::spawn(async move { drop(connection.await) });
        let host = member.server_name.clone();
        Ok(Self { member: member.pod.clone(), host, authorization, sender, driver })
    }

    /// Whether the other side has closed it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Posts JSON and reads JSON.
    ///
    /// # Errors
    /// Every status but 200 is a refusal.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Value, RequestError> {
        let mut request = http::Request::post(path)
            .header(http::header::HOST, &self.host)
            .header(http::header::CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(http::header::AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(body.to_string()))).expect("paths here are plain");
        let member = self.member.clone();
        let unanswered =
            |cause: String| RequestError::Unanswered { member: member.clone(), path: path.to_owned(), cause };
        let exchange = async {
            self.sender.ready().await.map_err(|error| classify(&member, path, &error))?;
            let answer =
                self.sender.send_request(request).await.map_err(|error| classify(&member, path, &error))?;
            let status = answer.status();
            let bytes = answer
                .into_body()
                .collect()
                .await
                .map_err(|error| classify(&member, path, &error))?
                .to_bytes();
            Ok((status, bytes))
        };
        let (status, bytes) = timeout(limits::REQUEST, exchange)
            .await
            .map_err(|_| unanswered(format!("no answer within {:?}", limits::REQUEST)))??;
        let text = || String::from_utf8_lossy(&bytes[..bytes.len().min(300)]).trim().to_owned();
        if status != http::StatusCode::OK {
            let told: Option<Value> = serde_json::from_slice(&bytes).ok();
            let message =
                told.as_ref().and_then(|told| told["message"].as_str()).map_or_else(text, str::to_owned);
            return Err(RequestError::Refused {
                member,
                path: path.to_owned(),
                status: status.as_u16(),
                message,
            });
        }
        serde_json::from_slice(&bytes).map_err(|_| unanswered(format!("with JSON, but with {}", text())))
    }
}

/// A server that refuses a certificate says so only after the handshake in TLS 1.3.
fn classify(member: &str, path: &str, error: &hyper::Error) -> RequestError {
    let cause = with_sources(error);
    if cause.contains("alert") || cause.contains("ertificate") {
        return RequestError::Handshake { member: member.to_owned(), cause };
    }
    RequestError::Unanswered { member: member.to_owned(), path: path.to_owned(), cause }
}

/// TLS over a connection to a member.
///
/// # Errors
/// [`RequestError::Handshake`].
pub async fn shake_hands(
    member: &MemberDoor,
    config: Arc<ClientConfig>,
    pipe: Box<dyn Pipe>,
) -> Result<tokio_rustls::client::TlsStream<Box<dyn Pipe>>, RequestError> {
    let failed = |cause: String| RequestError::Handshake { member: member.pod.clone(), cause };
    // What ends a connection before TLS has begun says nothing about trust.
    let broken = |cause: String| RequestError::Unreachable { member: member.pod.clone(), cause };
    let name = ServerName::try_from(member.server_name.clone()).map_err(|error| failed(error.to_string()))?;
    timeout(limits::CONNECT, TlsConnector::from(config).connect(name, pipe))
        .await
        .map_err(|_| broken("the handshake did not end in time".to_owned()))?
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => failed(error.to_string()),
            _ => broken(error.to_string()),
        })
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Whether a port of a member takes a client with this configuration: the handshake ends well, and the member does not
/// break off afterwards, which is how it refuses a certificate in TLS 1.3.
///
/// # Errors
/// What the member, or the client, refused.
pub async fn is_let_in(
    door: &Door,
    member: &MemberDoor,
    port: u16,
    config: ClientConfig,
) -> Result<(), RequestError> {
    use tokio::io::AsyncReadExt as _;
    let mut stream = shake_hands(member, Arc::new(config), door.open(member, port).await?).await?;
    let refused = |cause: String| RequestError::Handshake { member: member.pod.clone(), cause };
    let mut first = [0; 1];
    match timeout(limits::REFUSAL, stream.read(&mut first)).await {
        // It waits for a request.
        Err(_) => Ok(()),
        // It speaks first, as HTTP/2 servers do.
        Ok(Ok(count)) if count > 0 => Ok(()),
        Ok(Ok(_)) => Err(refused("it closed the connection".to_owned())),
        Ok(Err(error)) => Err(refused(error.to_string())),
    }
}
