//! From what was typed to what is valid: flags, environment and file become one `Config`.

mod config;

pub use config::{
    AutoCompaction, Config, HttpSettings, ListenAddress, ListenUrl, Listeners, LogFormat, LogLevel, LogOutput, LogSettings,
};
