//! What stops a benchmark: each says what is wrong, where, and what to do.

use std::path::PathBuf;

use thiserror::Error;

/// Why the benchmark stopped.
#[derive(Debug, Error)]
pub enum BenchError {
    /// A binary is missing.
    #[error("{path} is missing: {remedy}")]
    Missing {
        /// The binary.
        path: PathBuf,
        /// What makes it.
        remedy: &'static str,
    },
    /// No row is left to run.
    #[error(
        "no row contains any of the words of --rows; run with --rows put, range, load, 1-node or 3-nodes"
    )]
    NoRows,
    /// A folder or file cannot be made.
    #[error("cannot create {path}: choose another folder with --data")]
    Create {
        /// What was to be made.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A file of /proc looks unlike expected.
    #[error("{path} has an unknown form")]
    Proc {
        /// The file.
        path: String,
    },
    /// A program does not start.
    #[error("cannot start {program}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A server ended or never answered.
    #[error("{server} {what}; the end of its log:\n{log_tail}")]
    Server {
        /// Which server.
        server: String,
        /// What it did.
        what: String,
        /// The last lines that it wrote.
        log_tail: String,
    },
    /// The load generator failed, or some of its requests did.
    #[error("etcd's benchmark against {server} ({row}): {what}")]
    Generator {
        /// Which server.
        server: &'static str,
        /// The row under way.
        row: String,
        /// What went wrong.
        what: String,
    },
    /// A request of our own failed.
    #[error("{what} at {server} failed")]
    Request {
        /// Which server.
        server: &'static str,
        /// What was asked.
        what: &'static str,
        /// The answer.
        source: Box<etcd_client::Error>,
    },
    /// The result cannot be written.
    #[error("cannot write the result to {path}")]
    Write {
        /// The file.
        path: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// The error with its causes, on one line each.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str("\n  because ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
