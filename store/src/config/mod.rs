//! From what was typed to what is valid: flags, environment and file become one `Config`.

mod arguments;
mod completion;
#[expect(clippy::module_inception, reason = "the file is called after its type, as every other")]
mod config;
mod duration;
mod environment;
mod error;
mod file;
mod flags;
mod given;
mod help;
mod identity;
mod number;
mod origin;
mod persona;
mod read;
mod urls;
mod validate;
mod value;

#[cfg(test)]
mod tests;

pub use config::{
    AutoCompaction, Config, FirstStart, HttpSettings, JoinPlan, ListenAddress, ListenUrl, Listeners,
    LogFormat, LogLevel, LogOutput, LogSettings, ManagedPlan,
};
pub use error::ConfigError;
pub use identity::added_member_id;
pub use origin::Origin;
pub use read::{Invocation, read};
pub use urls::{Url, UrlError};
pub use validate::{ClusterError, SettingError};
pub use value::ValueError;
