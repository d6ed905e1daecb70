//! Hands out loopback ports that no other test, in this process or another, is given as long as the lease is held.
//! Must not use the kernel's ephemeral range: a connection going out could take a port while its server restarts.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The ports handed out: below the ephemeral range of Linux, above the well-known ones.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// A port of this test alone until it is dropped.
#[derive(Debug)]
pub struct PortLease {
    port: u16,
    // Locked, and unlocked by the kernel when the process ends, however it ends.
    _lock: File,
}

impl PortLease {
    /// The port's number.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port on the loopback interface.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }
}

/// Leases a port on which nothing listens.
///
/// # Panics
///
/// When every port of the range is taken, or the folder of lock files cannot be written.
#[must_use]
pub fn lease() -> PortLease {
    let count = PORTS.end - PORTS.start;
    // Processes start at different places so that they seldom meet; the lock decides where they do.
    let first = u16::try_from(std::process::id() * 97 % u32::from(count)).unwrap_or(0);
    (0..count)
        .find_map(|step| lease_exactly(PORTS.start + (first + step) % count))
        .expect("a machine does not run as many servers as there are ports in the range")
}

/// Leases one given port, if no other test holds it and nothing listens there.
///
/// # Panics
///
/// When the folder of lock files cannot be written.
#[must_use]
pub fn lease_exactly(port: u16) -> Option<PortLease> {
    let folder = std::env::temp_dir().join("holdfast-test-ports");
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let lock = File::create(folder.join(port.to_string())).expect("the temporary folder is writable");
    lock.try_lock().ok()?;
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    Some(PortLease { port, _lock: lock })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{lease, lease_exactly};

    #[test]
    fn a_leased_port_is_not_given_twice() {
        let first = lease();
        let second = lease();
        assert_ne!(first.port(), second.port());
        assert!(lease_exactly(first.port()).is_none());
        let port = first.port();
        drop(first);
        // A test beside this one may have been quicker; it gives the port back in turn.
        let patience = Instant::now() + Duration::from_secs(30);
        while lease_exactly(port).is_none() {
            assert!(Instant::now() < patience, "port {port} did not come back");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_port_in_use_is_not_leased() {
        let lease = lease();
        let port = lease.port();
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        drop(lease);
        assert!(lease_exactly(port).is_none());
        drop(listener);
    }
}
