//! TLS as a client of the tests speaks it: connections and plain HTTP/1.1 requests over them. Must not decide what is
//! right: an error of the handshake is what a test looks at.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificates::{Issued, IssuedFiles};
use crate::http::{Answer, HttpError};

const DEADLINE: Duration = Duration::from_secs(20);

/// Whom a client trusts and what it shows.
#[derive(Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
}

/// A connection for one request after the other.
pub struct TlsConnection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<hyper::Result<()>>,
    address: SocketAddr,
}

impl TlsClient {
    /// Trusts the authorities in `authorities` (PEM texts) and shows `own`, if anything.
    ///
    /// # Panics
    ///
    /// When a text is no certificate.
    #[must_use]
    pub fn new(authorities: &[String], own: Option<&Issued>) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        for authority in authorities {
            for certificate in CertificateDer::pem_slice_iter(authority.as_bytes()) {
                roots.add(certificate.expect("PEM")).expect("a certificate");
            }
        }
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots);
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let chain =
                    CertificateDer::pem_slice_iter(own.certificate.as_bytes()).collect::<Result<_, _>>();
                let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).expect("PEM");
                builder.with_client_auth_cert(chain.expect("PEM"), key).expect("a pair")
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        Self { config: Arc::new(config) }
    }

    /// Speaks this protocol inside instead of HTTP/1.1.
    #[must_use]
    pub fn speaking(mut self, protocol: &[u8]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols = vec![protocol.to_vec()];
        self
    }

    /// The bare connection. With TLS 1.3 a server refuses a client only after this.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::from(address.ip());
        TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await
    }

    /// A connection for requests.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn open(&self, address: SocketAddr) -> Result<TlsConnection, HttpError> {
        let stream = timeout(DEADLINE, self.connect(address)).await.map_err(|_| HttpError::Late(DEADLINE))?;
        let stream = stream.map_err(|source| HttpError::Connect { address, source })?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        Ok(TlsConnection { sender, driver: tokio::spawn(connection), address })
    }

    /// One request on a connection of its own.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn post(
        &self,
        address: SocketAddr,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, HttpError> {
        self.open(address).await?.post(path, body).await
    }
}

impl TlsConnection {
    /// Posts JSON and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Result<Answer, HttpError> {
        let request = Request::post(path)
            .header("Host", self.address.to_string())
            .header("Content-Type", "application/json")
            .body(Full::new(body.into()))?;
        let exchange = async {
            self.sender.ready().await?;
            let answer = self.sender.send_request(request).await?;
            let (head, body) = answer.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, HttpError>(Answer { status: head.status, headers: head.headers, body })
        };
        match timeout(DEADLINE, exchange).await.map_err(|_| HttpError::Late(DEADLINE))? {
            Ok(answer) => Ok(answer),
            // Why the connection ended, only its driver knows.
            Err(error) => match (&mut self.driver).await {
                Ok(Err(reason)) => Err(HttpError::Exchange(reason)),
                _ => Err(error),
            },
        }
    }
}

/// The innermost reason of an error, where TLS says what it has against the other side.
#[must_use]
pub fn root_reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

/// `--FLAG=PATH` for a server or tool.
#[must_use]
pub fn path_flag(flag: &str, path: &Path) -> String {
    format!("--{flag}={}", path.display())
}

/// `--FLAG-cert-file=... --FLAG-key-file=...`; an empty prefix is that of the client port.
#[must_use]
pub fn pair_flags(prefix: &str, files: &IssuedFiles) -> [String; 2] {
    [
        path_flag(&format!("{prefix}cert-file"), &files.certificate),
        path_flag(&format!("{prefix}key-file"), &files.key),
    ]
}
