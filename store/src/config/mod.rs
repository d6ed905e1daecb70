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
mod tls;
mod urls;
mod validate;
mod value;

#[cfg(test)]
mod tests;

pub use config::{
    AutoCompaction, Config, FirstStart, Http2Settings, HttpSettings, JoinPlan, ListenAddress, ListenUrl,
    Listeners, LogFormat, LogLevel, LogOutput, LogSettings, ManagedPlan,
};
pub use error::ConfigError;
pub use identity::added_member_id;
pub use origin::Origin;
pub use read::{Invocation, read};
pub use tls::{
    CertificateFiles, CertificateSource, CertificateUser, PortTls, SelfSigned, TlsProtocol, TlsSettings,
};
pub use urls::{Url, UrlError};
pub use validate::{ClusterError, SettingError};
pub use value::ValueError;

/// A start whose configuration file is `text`, for the crate's `fuzzing`.
pub(crate) fn fuzz_file(text: &str, environment: &std::collections::BTreeMap<String, String>) {
    let arguments = vec!["--config-file=c.yaml".into()];
    let read_text = |_: &str| Ok(text.to_owned());
    let disk = read::Disk { read_text: &read_text, holds_member: &|_| false };
    let _ = read::read_with("holdfast".as_ref(), arguments, environment, &disk);
}
