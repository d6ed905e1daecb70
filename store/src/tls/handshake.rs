//! From an accepted connection to one that is encrypted and whose other side is known, within limits of time and
//! number. Must not know what is served.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;

use rustls::HandshakeKind;
use rustls::ServerConfig;
use rustls::server::danger::ClientCertVerifier as _;
use rustls_pki_types::UnixTime;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::runtime::Handle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::build::InUse;
use super::certificate_name::{CertificateName, TlsPeer};
use super::pending::Pending;
use super::port::TlsPort;
use super::refusal::{Refusals, reason, text};
use super::{address, plain_text};
use crate::limits::{TLS_HANDSHAKE_TIMEOUT, TLS_HANDSHAKES_MAX};

/// Makes connections of one kind of port safe.
#[derive(Clone)]
pub struct Handshaker {
    port: Arc<TlsPort>,
    pending: Arc<Pending>,
    refusals: Arc<Refusals>,
    runtime: Option<Handle>,
}

/// A connection that is safe.
pub struct Secured<S> {
    /// The bytes inside.
    pub stream: TlsStream<S>,
    /// The other side.
    pub peer: TlsPeer,
}

/// Why there is none.
#[derive(Debug)]
enum Failure {
    /// The other side is refused, or refused this one.
    Refused(String),
    /// It took too long, or had to make room.
    Late,
    /// It went away.
    Gone,
}

impl Handshaker {
    /// Makes connections safe on `runtime`, or where it is called.
    pub(super) fn new(port: Arc<TlsPort>, runtime: Option<Handle>) -> Handshaker {
        Handshaker { port, pending: Arc::default(), refusals: Arc::default(), runtime }
    }

    /// The connection from `remote`, safe; `None` when it came to nothing, which has been said then.
    pub async fn tcp(&self, stream: TcpStream, remote: SocketAddr) -> Option<Secured<TcpStream>> {
        let Some(runtime) = &self.runtime else { return self.tcp_here(stream, remote).await };
        let there = self.clone();
        let stream = stream.into_std().ok()?;
        let task = runtime.spawn(async move {
            let stream = TcpStream::from_std(stream).ok()?;
            there.tcp_here(stream, remote).await
        });
        let mut secured = task.await.ok()??;
        take_over(&mut secured.stream).ok()?;
        Some(secured)
    }

    /// The same for a socket in the file system.
    pub async fn unix(&self, stream: UnixStream) -> Option<Secured<UnixStream>> {
        let done = self.limited(self.secure(stream, None)).await;
        self.conclude(done, None)
    }

    async fn tcp_here(&self, stream: TcpStream, remote: SocketAddr) -> Option<Secured<TcpStream>> {
        let done = self.limited(async {
            let mut first = [0];
            match stream.peek(&mut first).await {
                Ok(1) if first[0] == plain_text::HANDSHAKE => self.secure(stream, Some(remote)).await,
                Ok(1) => {
                    plain_text::refuse(stream, first[0]).await;
                    Err(Failure::Refused("it does not speak TLS".to_owned()))
                }
                _ => Err(Failure::Gone),
            }
        });
        let done = done.await;
        self.conclude(done, Some(remote))
    }

    async fn limited<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut entry = self.pending.enter(TLS_HANDSHAKES_MAX);
        tokio::select! {
            done = timeout(TLS_HANDSHAKE_TIMEOUT, work) => done.unwrap_or(Err(Failure::Late)),
            () = entry.cut_off() => Err(Failure::Late),
        }
    }

    async fn secure<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        remote: Option<SocketAddr>,
    ) -> Result<Secured<S>, Failure> {
        let in_use = self.port.in_use();
        let config: Arc<ServerConfig> = in_use.server.clone().ok_or(Failure::Gone)?;
        let kind = self.port.kind();
        let accepted = TlsAcceptor::from(config).accept(stream).await;
        let stream =
            accepted.map_err(|error| reason(&error, kind).map_or(Failure::Gone, Failure::Refused))?;
        self.check_resumed(&in_use, &stream)?;
        let settings = self.port.settings();
        if !settings.checks_addresses && settings.user_name.is_none() {
            return Ok(Secured { stream, peer: TlsPeer { user: None } });
        }
        let chain = stream.get_ref().1.peer_certificates();
        let name = chain.and_then(|chain| chain.first()).map(|first| Arc::new(CertificateName::of(first)));
        if let (true, Some(name), Some(remote)) = (settings.checks_addresses, &name, remote) {
            address::check(name, remote.ip()).await.map_err(Failure::Refused)?;
        }
        let user = name.as_ref().zip(settings.user_name).and_then(|(name, which)| name.user(which));
        Ok(Secured { stream, peer: TlsPeer { user: user.map(Arc::from) } })
    }

    /// A session that goes on was verified when it began; since then the certificate may have ended.
    fn check_resumed<S>(&self, in_use: &InUse, stream: &TlsStream<S>) -> Result<(), Failure> {
        let connection = stream.get_ref().1;
        let (Some(verifier), Some(HandshakeKind::Resumed)) = (&in_use.incoming, connection.handshake_kind())
        else {
            return Ok(());
        };
        let checked = match connection.peer_certificates() {
            Some([first, rest @ ..]) => verifier.verify_client_cert(first, rest, UnixTime::now()).map(|_| ()),
            _ => Err(rustls::Error::NoCertificatesPresented),
        };
        checked.map_err(|error| Failure::Refused(text(&error, self.port.kind())))
    }

    fn conclude<T>(&self, done: Result<T, Failure>, remote: Option<SocketAddr>) -> Option<T> {
        let status = self.port.status();
        match done {
            Ok(secured) => {
                status.handshake_done();
                return Some(secured);
            }
            Err(Failure::Gone) => {}
            Err(Failure::Late) => {
                status.handshake_late();
                self.refusals.tell(self.port.kind(), remote, "its handshake took too long");
            }
            Err(Failure::Refused(reason)) => {
                status.handshake_refused();
                self.refusals.tell(self.port.kind(), remote, &reason);
            }
        }
        None
    }
}

/// Hands the socket to the runtime that this is called on; it belonged to the one that did the work.
fn take_over(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    let descriptor = stream.get_ref().0.as_fd().try_clone_to_owned()?;
    *stream.get_mut().0 = TcpStream::from_std(descriptor.into())?;
    Ok(())
}
