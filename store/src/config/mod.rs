//! From what was typed to what is valid: flags, environment and file become one `Config`.

mod config;
mod read;

pub use config::{
    AutoCompaction, Config, HttpSettings, ListenAddress, ListenUrl, Listeners, LogFormat, LogLevel,
    LogOutput, LogSettings,
};
pub use read::{ConfigError, Invocation, read};
