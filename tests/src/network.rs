//! A network between members that can be cut, one way or both: each member is reached through a relay of its own, which
//! learns from `/proc` whose process a connection comes from. What is sent while a way is cut arrives when it is mended,
//! as it would by TCP. Must not look at what it carries.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::ports::{self, PortLease};
use crate::process::POLL_INTERVAL;

/// Bytes that a relay takes from a connection at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// From one member, by its index, to another.
type Way = (usize, usize);

/// The network; without it its members do not reach each other.
#[derive(Debug)]
pub struct Network {
    cuts: watch::Sender<BTreeSet<Way>>,
    /// The process of each member, by index.
    processes: Arc<Mutex<Vec<Option<u32>>>>,
    relays: JoinSet<()>,
}

impl Default for Network {
    fn default() -> Self {
        Self { cuts: watch::Sender::default(), processes: Arc::default(), relays: JoinSet::new() }
    }
}

impl Network {
    /// Relays what comes to the returned port to the member with this index, which listens at `behind`.
    ///
    /// # Panics
    ///
    /// When there is no port left.
    #[must_use]
    pub fn attach(&mut self, index: usize, behind: SocketAddr) -> PortLease {
        let port = ports::lease();
        let listener = std::net::TcpListener::bind(port.address()).expect("nobody else has the port");
        listener.set_nonblocking(true).expect("a socket can wait");
        let listener = TcpListener::from_std(listener).expect("a test runs within a runtime");
        let (cuts, processes) = (self.cuts.subscribe(), Arc::clone(&self.processes));
        self.relays.spawn(async move {
            let mut carried = JoinSet::new();
            loop {
                let Ok((stream, from)) = listener.accept().await else { continue };
                let (cuts, processes) = (cuts.clone(), Arc::clone(&processes));
                carried.spawn(async move {
                    if let Some(origin) = origin(&processes, from).await {
                        carry(stream, behind, (origin, index), cuts).await;
                    }
                });
                while carried.try_join_next().is_some() {}
            }
        });
        port
    }

    /// Says which process the member with this index is from now on. Until then nothing that it sends arrives.
    ///
    /// # Panics
    ///
    /// When a test has panicked in here.
    pub fn runs(&self, index: usize, process: u32) {
        let mut processes = self.processes.lock().expect("nothing panics with the lock");
        if processes.len() <= index {
            processes.resize(index + 1, None);
        }
        processes[index] = Some(process);
    }

    /// Carries nothing from one member to the other until it is mended.
    pub fn cut(&self, from: usize, to: usize) {
        self.cuts.send_modify(|cuts| {
            cuts.insert((from, to));
        });
    }

    /// Carries nothing to nor from a member.
    pub fn isolate(&self, index: usize, members: usize) {
        for other in (0..members).filter(|other| *other != index) {
            self.cut(index, other);
            self.cut(other, index);
        }
    }

    /// Carries everything again.
    pub fn mend(&self) {
        self.cuts.send_modify(BTreeSet::clear);
    }
}

/// The member that a connection comes from, once that is known; none when its other end has been closed meanwhile. Members
/// that get no answer give connections up, and looking for each of them for ever would leave no time for those that last.
async fn origin(processes: &Mutex<Vec<Option<u32>>>, from: SocketAddr) -> Option<usize> {
    loop {
        let known = processes.lock().expect("nothing panics with the lock").clone();
        let socket = socket_of(from)?;
        let owner = known.iter().position(|process| process.is_some_and(|process| owns(process, socket)));
        if owner.is_some() {
            return owner;
        }
        sleep(POLL_INTERVAL).await;
    }
}

/// The system's number of the socket at that end of a connection over IPv4, as long as a process has it.
fn socket_of(end: SocketAddr) -> Option<u64> {
    let SocketAddr::V4(end) = end else { return None };
    // As the kernel prints it: the address in the machine's own order of bytes.
    let wanted = format!("{:08X}:{:04X}", u32::from_ne_bytes(end.ip().octets()), end.port());
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let ends = table.lines().filter(|line| line.split_ascii_whitespace().nth(1) == Some(wanted.as_str()));
    let mut sockets = ends.filter_map(|line| line.split_ascii_whitespace().nth(9)?.parse().ok());
    sockets.find(|socket| *socket != 0)
}

fn owns(process: u32, socket: u64) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    let wanted = format!("socket:[{socket}]");
    files
        .flatten()
        .any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str()))
}

/// Carries a connection until both sides have ended it.
async fn carry(stream: TcpStream, behind: SocketAddr, way: Way, mut cuts: watch::Receiver<BTreeSet<Way>>) {
    let back = (way.1, way.0);
    if !is_open(&mut cuts, way).await {
        return;
    }
    let Ok(other) = TcpStream::connect(behind).await else { return };
    // What is small and urgent must not wait for more.
    let _ = (stream.set_nodelay(true), other.set_nodelay(true));
    let (from, to) = (stream.into_split(), other.into_split());
    let there = pump(from.0, to.1, way, cuts.clone());
    let here = pump(to.0, from.1, back, cuts);
    // When one direction breaks, so does the connection.
    let _ = tokio::try_join!(there, here);
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    way: Way,
    mut cuts: watch::Receiver<BTreeSet<Way>>,
) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut chunk).await?;
        if !is_open(&mut cuts, way).await || read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&chunk[..read]).await?;
    }
}

/// Waits until that way is open; false when there is no network any more.
async fn is_open(cuts: &mut watch::Receiver<BTreeSet<Way>>, way: Way) -> bool {
    cuts.wait_for(|cuts| !cuts.contains(&way)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::server::READY_DEADLINE;

    #[tokio::test]
    async fn nobody_looks_for_a_caller_that_has_gone() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
        let (accepted, from) = server.accept().await.unwrap();
        let processes = Mutex::default();
        let patience = Duration::from_millis(100);
        assert!(timeout(patience, origin(&processes, from)).await.is_err(), "its process may yet be told");
        drop(client);
        drop(accepted);
        assert_eq!(timeout(READY_DEADLINE, origin(&processes, from)).await, Ok(None));
    }

    #[tokio::test]
    async fn what_is_sent_over_a_cut_arrives_when_it_is_mended() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut network = Network::default();
        let port = network.attach(1, server.local_addr().unwrap());
        let mut client = TcpStream::connect(port.address()).await.unwrap();
        client.write_all(b"a").await.unwrap();
        assert!(timeout(Duration::from_millis(50), server.accept()).await.is_err(), "nobody knows who sends");
        network.runs(0, std::process::id());
        let (mut served, _) = server.accept().await.unwrap();
        let mut byte = [0];
        served.read_exact(&mut byte).await.unwrap();
        network.cut(0, 1);
        client.write_all(b"b").await.unwrap();
        assert!(timeout(Duration::from_millis(50), served.read_exact(&mut byte)).await.is_err());
        served.write_all(b"c").await.unwrap();
        client.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, *b"c", "the other way is open");
        network.mend();
        served.read_exact(&mut byte).await.unwrap();
        assert_eq!(byte, *b"b");
        network.isolate(1, 2);
        served.write_all(b"d").await.unwrap();
        assert!(timeout(Duration::from_millis(50), client.read_exact(&mut byte)).await.is_err());
        network.mend();
        client.read_exact(&mut byte).await.unwrap();
        drop(served);
        assert_eq!(client.read(&mut byte).await.unwrap(), 0, "an end is carried, too");
    }
}
