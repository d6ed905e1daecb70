//! The frame around an attack: a member, a well-behaved client beside it, and what must hold afterwards.

use std::time::{Duration, Instant};

use holdfast_tests::Server;
use tokio::time::sleep;

use crate::pulse::Pulse;
use crate::subject;

/// What the member may have grown by after an attack that leaves nothing behind.
const GROWTH_BYTES_MAX: u64 = 192 << 20;

/// Files that may stay open longer than before: the engines open and close some of their own.
const FILES_MORE_MAX: usize = 24;

/// How long the member may take to let go of connections.
const CLOSE_DEADLINE: Duration = Duration::from_secs(20);

/// A member under attack.
pub struct Attack {
    /// The member.
    pub server: Server,
    pulse: Pulse,
    resident_before: u64,
    files_before: usize,
}

fn open_files(server: &mut Server) -> usize {
    let folder = format!("/proc/{}/fd", server.process().id());
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

impl Attack {
    /// Starts a member and its well-behaved client.
    pub async fn begin() -> Attack {
        let mut server = Server::start(subject::implementation()).await.unwrap();
        let pulse = Pulse::start(server.client_address());
        // Let it take what it takes when it serves at all.
        sleep(Duration::from_millis(500)).await;
        let resident_before = server.process().resident_bytes();
        let files_before = open_files(&mut server);
        Attack { server, pulse, resident_before, files_before }
    }

    /// Waits until the member has let go of connections that are gone.
    pub async fn await_closed(&mut self) {
        let begun = Instant::now();
        while open_files(&mut self.server) > self.files_before + FILES_MORE_MAX {
            let open = open_files(&mut self.server);
            assert!(begun.elapsed() < CLOSE_DEADLINE, "{open} files open, {} before", self.files_before);
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Demands that the member runs on, served its client all the time, and has let go of everything.
    pub async fn end(mut self) {
        self.await_closed().await;
        self.pulse.demand_undisturbed().await;
        let status = self.server.process().status().unwrap();
        assert_eq!(status, None, "the member ended; its output: {}", self.server.process().output_tail());
        let resident = self.server.process().resident_bytes();
        println!("resident: {} KiB before, {} KiB after", self.resident_before >> 10, resident >> 10);
        assert!(
            resident < self.resident_before + GROWTH_BYTES_MAX,
            "{resident} bytes resident, {} before",
            self.resident_before
        );
        assert!(!self.server.output().contains("panicked"), "{}", self.server.output());
    }
}
