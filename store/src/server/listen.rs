//! Turns addresses into bound sockets. Must not accept anything: a server binds all that it needs before it touches its
//! data, so that a port in use changes nothing.

use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::error::{ListenProblem, Role, StartupError};
use crate::auth::Peer;
use crate::config::{ListenAddress, ListenUrl};
use crate::limits::{LISTEN_BACKLOG, TCP_KEEPALIVE_IDLE, TCP_KEEPALIVE_INTERVAL};

/// A bound socket.
pub(super) struct Listener {
    socket: Bound,
    is_encrypted: bool,
}

enum Bound {
    /// On a port.
    Tcp(TcpListener),
    /// On a path; removed when the listener goes.
    Unix(UnixListener, #[expect(dead_code, reason = "held to be dropped")] SocketFile),
}

/// An accepted connection.
pub(super) enum Stream {
    /// From a port, and from where.
    Tcp(TcpStream, SocketAddr),
    /// From a path.
    Unix(UnixStream),
}

impl Stream {
    /// Who is at the other end, as far as the socket tells.
    pub(super) fn peer(&self) -> Peer {
        let address = match self {
            Stream::Tcp(_, remote) => Some(remote.ip().to_canonical()),
            Stream::Unix(_) => None,
        };
        Peer { address, certificate: None }
    }
}

/// Removes the file of a socket when dropped.
pub(super) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Somebody may have removed it before.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Listener {
    /// Binds every address of a role.
    pub(super) async fn bind_all(urls: &[ListenUrl], role: Role) -> Result<Vec<Listener>, StartupError> {
        let mut listeners = Vec::with_capacity(urls.len());
        for url in urls {
            let bound = match &url.address {
                ListenAddress::Tcp { host, port } => bind_tcp(host, *port).await,
                ListenAddress::Unix(path) => bind_unix(path),
            };
            let socket =
                bound.map_err(|problem| StartupError::Listen { url: url.text.clone(), role, problem })?;
            listeners.push(Listener { socket, is_encrypted: url.is_encrypted });
        }
        Ok(listeners)
    }

    /// Whether TLS is spoken there.
    pub(super) fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// Where it listens; with the port that the system chose when 0 was asked for.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Bound::Tcp(listener) => listener.local_addr().ok(),
            Bound::Unix(..) => None,
        }
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Bound::Tcp(listener) => {
                let (stream, remote) = listener.accept().await?;
                set_up(&stream);
                Ok(Stream::Tcp(stream, remote))
            }
            Bound::Unix(listener, _) => Ok(Stream::Unix(listener.accept().await?.0)),
        }
    }
}

/// A connection that is gone already refuses these; the first read tells.
fn set_up(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(TCP_KEEPALIVE_IDLE).with_interval(TCP_KEEPALIVE_INTERVAL);
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_keepalive(&keepalive);
}

async fn bind_tcp(host: &str, port: u16) -> Result<Bound, ListenProblem> {
    let resolved = tokio::net::lookup_host((host, port)).await;
    let addresses: Vec<SocketAddr> =
        resolved.map_err(|error| ListenProblem::UnknownHost(error.to_string()))?.collect();
    // A name with addresses of both kinds means the IPv4 one, as it does for etcd.
    let address = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    let address = *address.ok_or_else(|| ListenProblem::UnknownHost("it has no address".to_owned()))?;
    if address.ip().is_unspecified() {
        // All addresses means those of both kinds, as it does for etcd; machines without IPv6 exist.
        let both = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
        match bind_address(both) {
            Err(error) if is_unavailable(&error) => {}
            bound => return bound.map(Bound::Tcp).map_err(ListenProblem::from),
        }
    }
    bind_address(address).map(Bound::Tcp).map_err(ListenProblem::from)
}

fn bind_address(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // Connections of a predecessor that was killed must not keep the port.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(LISTEN_BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

fn is_unavailable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

fn bind_unix(path: &Path) -> Result<Bound, ListenProblem> {
    remove_abandoned(path)?;
    let listener = UnixListener::bind(path).map_err(ListenProblem::from)?;
    Ok(Bound::Unix(listener, SocketFile(path.to_path_buf())))
}

/// A socket that nobody listens on stays behind when its process is killed. Anything else at its path is left alone.
fn remove_abandoned(path: &Path) -> Result<(), ListenProblem> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return Err(ListenProblem::NotASocket);
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Err(ListenProblem::InUse),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(ListenProblem::from)
        }
        // Binding will tell what is wrong.
        Err(_) => Ok(()),
    }
}
