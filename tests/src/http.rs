//! A plain HTTP/1.1 client for the tests: one connection for each request, the answer as it came. Must not hide
//! anything that a test may want to compare: no redirects, no decoding, no retries.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a request may take, its whole body included.
const REQUEST_DEADLINE: Duration = Duration::from_secs(20);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nobody listens, or the connection broke.
    #[error("no connection to {address}")]
    Connect {
        /// Whom the request was for.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The request could not be formed.
    #[error("not a request")]
    Request(#[from] http::Error),
    /// The exchange broke off.
    #[error("the exchange broke off")]
    Exchange(#[from] hyper::Error),
    /// Too slow.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// The answer's body is not the JSON that was expected.
    #[error("status {status} with a body that is not JSON: {body}")]
    NotJson {
        /// The answer's status.
        status: StatusCode,
        /// The answer's body.
        body: String,
    },
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, empty when it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map_or_else(String::new, |value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value, HttpError> {
        serde_json::from_slice(&self.body)
            .map_err(|_| HttpError::NotJson { status: self.status, body: self.text() })
    }
}

/// An answer whose body is still coming.
#[derive(Debug)]
pub struct AnswerStream {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    body: Incoming,
}

impl AnswerStream {
    /// The next piece of the body; none at its end.
    ///
    /// # Errors
    ///
    /// When the connection breaks or nothing comes within `deadline`.
    pub async fn next(&mut self, deadline: Duration) -> Result<Option<Bytes>, HttpError> {
        loop {
            let frame = timeout(deadline, self.body.frame()).await.map_err(|_| HttpError::Late(deadline))?;
            let Some(frame) = frame.transpose()? else { return Ok(None) };
            if let Ok(data) = frame.into_data() {
                return Ok(Some(data));
            }
        }
    }
}

/// Sends a request and returns the answer as soon as its headers are there.
///
/// # Errors
///
/// When there is no answer.
pub async fn open(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<AnswerStream, HttpError> {
    let stream =
        TcpStream::connect(address).await.map_err(|source| HttpError::Connect { address, source })?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the connection, which ends when the answer is dropped.
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path).header("Host", address.to_string());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into()))?;
    let answer = timeout(REQUEST_DEADLINE, sender.send_request(request))
        .await
        .map_err(|_| HttpError::Late(REQUEST_DEADLINE))??;
    let (head, body) = answer.into_parts();
    Ok(AnswerStream { status: head.status, headers: head.headers, body })
}

/// Sends a request and returns the whole answer.
///
/// # Errors
///
/// When there is no answer.
pub async fn send(
    address: SocketAddr,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Answer, HttpError> {
    let stream = open(address, method, path, headers, body).await?;
    let collected = timeout(REQUEST_DEADLINE, stream.body.collect())
        .await
        .map_err(|_| HttpError::Late(REQUEST_DEADLINE))??;
    Ok(Answer { status: stream.status, headers: stream.headers, body: collected.to_bytes() })
}

/// Gets `path`.
///
/// # Errors
///
/// When there is no answer.
pub async fn get(address: SocketAddr, path: &str) -> Result<Answer, HttpError> {
    send(address, Method::GET, path, &[], Bytes::new()).await
}

/// Posts JSON to a path of the gateway.
///
/// # Errors
///
/// When there is no answer.
pub async fn post(address: SocketAddr, path: &str, body: impl Into<Bytes>) -> Result<Answer, HttpError> {
    send(address, Method::POST, path, &[("Content-Type", "application/json")], body).await
}
