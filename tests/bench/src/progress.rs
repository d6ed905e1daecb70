//! Tells a waiting person what runs and how long it will take: one line that is rewritten on a terminal, else a line for
//! each cluster. Writes to standard error only, so that the result can be piped.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::expected::spoken;

/// The state of the line.
#[derive(Debug)]
pub struct Progress {
    begin: Instant,
    expected_seconds: f64,
    done_seconds: f64,
    terminal: bool,
}

impl Progress {
    /// Starts the clock for a run that should take that long.
    #[must_use]
    pub fn new(expected_seconds: f64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { begin: Instant::now(), expected_seconds, done_seconds: 0.0, terminal }
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        let start = if self.terminal { "\r\x1b[K" } else { "" };
        write_to_stderr(&format!("{start}{text}\n"));
    }

    /// What runs now.
    pub fn step(&self, text: &str) {
        if self.terminal {
            let cut: String = text.chars().take(70).collect();
            write_to_stderr(&format!("\r\x1b[K{cut}  ({} left)", spoken(self.left())));
        }
    }

    /// A part of the run, expected to take that long, is done.
    pub fn done(&mut self, expected_seconds: f64) {
        self.done_seconds += expected_seconds;
    }

    /// The rest, by how the run went so far.
    #[must_use]
    pub fn left(&self) -> Duration {
        let pace = if self.done_seconds > 0.0 {
            self.begin.elapsed().as_secs_f64() / self.done_seconds
        } else {
            1.0
        };
        Duration::from_secs_f64((self.expected_seconds - self.done_seconds).max(0.0) * pace)
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }
}

/// A closed standard error must not end the measurement.
fn write_to_stderr(text: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}
