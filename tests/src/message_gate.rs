//! A TCP relay in front of a server that counts the gRPC messages it sends, so that a test knows when a watch of a
//! client it cannot look into is in place. Must not change a byte.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::process::POLL_INTERVAL;

/// Length of an HTTP/2 frame's header, and the type of the frames that carry messages.
const FRAME_HEADER_BYTES: usize = 9;
const DATA_FRAME: u8 = 0;

/// A relay to one server.
#[derive(Debug)]
pub struct MessageGate {
    address: SocketAddr,
    messages: Arc<AtomicUsize>,
    closed: Arc<AtomicBool>,
}

impl MessageGate {
    /// Relays to `server` from a port of its own.
    ///
    /// # Errors
    ///
    /// When no port can be opened.
    pub fn open(server: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let messages = Arc::new(AtomicUsize::new(0));
        let closed = Arc::new(AtomicBool::new(false));
        let (counter, stop) = (Arc::clone(&messages), Arc::clone(&closed));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) {
                    relay(client, server, &counter);
                }
            }
        });
        Ok(Self { address, messages, closed })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many messages the server has sent.
    #[must_use]
    pub fn messages(&self) -> usize {
        self.messages.load(Ordering::SeqCst)
    }

    /// Waits until the server has sent `count` messages; says whether it did so in time.
    #[must_use]
    pub fn wait(&self, count: usize, deadline: Duration) -> bool {
        let start = Instant::now();
        while self.messages() < count {
            if start.elapsed() >= deadline {
                return false;
            }
            std::thread::sleep(POLL_INTERVAL);
        }
        true
    }
}

impl Drop for MessageGate {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

fn relay(client: TcpStream, server: TcpStream, messages: &Arc<AtomicUsize>) {
    let (Ok(client_again), Ok(server_again)) = (client.try_clone(), server.try_clone()) else { return };
    std::thread::spawn(move || copy(client_again, server_again, |_| {}));
    let messages = Arc::clone(messages);
    let mut frames = Frames::default();
    std::thread::spawn(move || {
        copy(server, client, |bytes| {
            messages.fetch_add(frames.count_messages(bytes), Ordering::SeqCst);
        });
    });
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut after_passing: impl FnMut(&[u8])) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
        after_passing(&buffer[..length]);
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// Follows the frames of one direction of an HTTP/2 connection.
#[derive(Debug, Default)]
struct Frames {
    header: Vec<u8>,
    payload_left: usize,
}

impl Frames {
    fn count_messages(&mut self, mut bytes: &[u8]) -> usize {
        let mut count = 0;
        while !bytes.is_empty() {
            let skipped = self.payload_left.min(bytes.len());
            self.payload_left -= skipped;
            bytes = &bytes[skipped..];
            let taken = (FRAME_HEADER_BYTES - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.header.len() == FRAME_HEADER_BYTES {
                let length = [0, self.header[0], self.header[1], self.header[2]];
                self.payload_left = u32::from_be_bytes(length) as usize;
                count += usize::from(self.header[3] == DATA_FRAME && self.payload_left > 0);
                self.header.clear();
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::Frames;

    #[test]
    fn messages_are_counted_however_the_bytes_are_cut() {
        let settings = [0, 0, 2, 4, 0, 0, 0, 0, 0, 7, 7];
        let data = [0, 0, 3, 0, 0, 0, 0, 0, 1, 1, 2, 3];
        let end = [0, 0, 0, 0, 1, 0, 0, 0, 1];
        let bytes = [settings.as_slice(), &data, &data, &end].concat();
        for size in 1..bytes.len() {
            let mut frames = Frames::default();
            let counted: usize = bytes.chunks(size).map(|chunk| frames.count_messages(chunk)).sum();
            assert_eq!(counted, 2, "cut into pieces of {size}");
        }
    }
}
