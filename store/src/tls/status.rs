//! What metrics tell of TLS: handshakes, files taken up or refused, ends of certificates. Must hold numbers only.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use super::port::PortKind;

/// No such certificate.
const NONE: i64 = i64::MIN;

/// Numbers of both kinds of ports.
#[derive(Debug, Default)]
pub struct TlsStatus {
    clients: PortStatus,
    peers: PortStatus,
}

impl TlsStatus {
    /// Numbers by the port's name; a port without TLS is left out.
    pub fn ports(&self) -> impl Iterator<Item = (&'static str, &PortStatus)> {
        [PortKind::Clients, PortKind::Peers]
            .map(|kind| (kind.name(), self.of(kind)))
            .into_iter()
            .filter(|(_, status)| status.is_open.load(Ordering::Relaxed))
    }

    /// Numbers of one kind.
    pub(super) fn of(&self, kind: PortKind) -> &PortStatus {
        match kind {
            PortKind::Clients => &self.clients,
            PortKind::Peers => &self.peers,
        }
    }
}

/// Numbers of one kind of port.
#[derive(Debug)]
pub struct PortStatus {
    is_open: AtomicBool,
    taken: AtomicU64,
    refused: AtomicU64,
    is_refused: AtomicBool,
    end_seconds: AtomicI64,
    ca_end_seconds: AtomicI64,
    revoked_next_seconds: AtomicI64,
    handshakes_done: AtomicU64,
    handshakes_refused: AtomicU64,
    handshakes_late: AtomicU64,
}

impl Default for PortStatus {
    fn default() -> PortStatus {
        PortStatus {
            is_open: AtomicBool::new(false),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            is_refused: AtomicBool::new(false),
            end_seconds: AtomicI64::new(NONE),
            ca_end_seconds: AtomicI64::new(NONE),
            revoked_next_seconds: AtomicI64::new(NONE),
            handshakes_done: AtomicU64::new(0),
            handshakes_refused: AtomicU64::new(0),
            handshakes_late: AtomicU64::new(0),
        }
    }
}

impl PortStatus {
    /// Changes of files that were taken up, and that were refused.
    pub fn reloads(&self) -> [(&'static str, u64); 2] {
        [("taken", self.taken.load(Ordering::Relaxed)), ("refused", self.refused.load(Ordering::Relaxed))]
    }

    /// Whether the files on disk cannot be used and older ones are in use.
    pub fn is_refused(&self) -> bool {
        self.is_refused.load(Ordering::Relaxed)
    }

    /// Handshakes by how they ended.
    pub fn handshakes(&self) -> [(&'static str, u64); 3] {
        [
            ("done", self.handshakes_done.load(Ordering::Relaxed)),
            ("refused", self.handshakes_refused.load(Ordering::Relaxed)),
            ("late", self.handshakes_late.load(Ordering::Relaxed)),
        ]
    }

    /// When what is in use ends, in seconds since 1970: this member's certificates, those of the CAs, and the list of
    /// revoked ones.
    pub fn ends(&self) -> impl Iterator<Item = (&'static str, i64)> {
        [
            ("own", self.end_seconds.load(Ordering::Relaxed)),
            ("ca", self.ca_end_seconds.load(Ordering::Relaxed)),
            ("crl", self.revoked_next_seconds.load(Ordering::Relaxed)),
        ]
        .into_iter()
        .filter(|(_, end)| *end != NONE)
    }

    pub(super) fn reload_taken(&self) {
        self.taken.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn reload_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn files_are_refused(&self, is_refused: bool) {
        self.is_refused.store(is_refused, Ordering::Relaxed);
    }

    pub(super) fn certificates(&self, end: Option<i64>, ca_end: Option<i64>, revoked_next: Option<i64>) {
        self.is_open.store(true, Ordering::Relaxed);
        self.end_seconds.store(end.unwrap_or(NONE), Ordering::Relaxed);
        self.ca_end_seconds.store(ca_end.unwrap_or(NONE), Ordering::Relaxed);
        self.revoked_next_seconds.store(revoked_next.unwrap_or(NONE), Ordering::Relaxed);
    }

    pub(super) fn handshake_done(&self) {
        self.handshakes_done.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn handshake_refused(&self) {
        self.handshakes_refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn handshake_late(&self) {
        self.handshakes_late.fetch_add(1, Ordering::Relaxed);
    }
}
