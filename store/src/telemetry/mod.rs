//! Logs: what code says through `tracing`, written as lines for people or as etcd's JSON. Must not decide what is said.

mod console;
mod greeting;
mod json;
mod layer;
mod output;
mod panics;
mod record;
mod repeated;

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::config::{LogLevel, LogSettings};
use layer::LogLayer;

pub use greeting::greet;
pub use panics::log_panics;
pub(crate) use repeated::Repeated;

/// Why logs cannot be written as asked for.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The file cannot be opened.
    #[error("cannot write logs to {path}: {source}. Choose another file with --log-outputs")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// Logs were set up before.
    #[error("logs are already set up in this process")]
    Twice,
}

/// Writes logs from now on, for the whole process.
pub fn install(settings: &LogSettings) -> Result<(), TelemetryError> {
    let layer = LogLayer::open(settings)?;
    let subscriber = Registry::default().with(layer.with_filter(targets(settings.level)));
    tracing::subscriber::set_global_default(subscriber).map_err(|_| TelemetryError::Twice)
}

/// Our own code at the level asked for. Libraries only when something is wrong: what they tell otherwise is about their
/// insides.
fn targets(level: LogLevel) -> Targets {
    let own = match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Error => LevelFilter::ERROR,
    };
    // What matters of Raft is said by our own code; it calls every call after its end an error.
    let raft = if level == LogLevel::Debug { LevelFilter::WARN } else { LevelFilter::OFF };
    // The names of all our crates begin alike.
    Targets::new().with_default(LevelFilter::ERROR).with_target("openraft", raft).with_target("holdfast", own)
}
