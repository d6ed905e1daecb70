//! What can be wrong with flags, environment and configuration file, each as one line for the person who typed it:
//! what, where, and what to do. Must not hold the checks themselves.

use super::origin::Origin;
use super::validate::{ClusterError, SettingError};
use super::value::ValueError;

/// A command line, environment or file from which no configuration can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A flag that does not exist.
    #[error("unknown flag --{name}{}; run \"{program} --help\" for the list", suggestion("--", *nearest))]
    UnknownFlag {
        /// As typed, without dashes.
        name: String,
        /// The flag that was perhaps meant.
        nearest: Option<&'static str>,
        /// What the program was started as.
        program: &'static str,
    },
    /// Something that does not begin with a dash where a flag was expected.
    #[error("\"{text}\" is not a flag; {remedy}")]
    NotAFlag {
        /// As typed.
        text: String,
        /// What to write instead.
        remedy: String,
    },
    /// Too many dashes, or a name missing after them.
    #[error("\"{text}\" is not written like a flag; write --name=value or --name value")]
    FlagSyntax {
        /// As typed.
        text: String,
    },
    /// The command line ends after a flag that takes a value.
    #[error("--{name} needs a value; write --{name} {placeholder}")]
    ValueMissing {
        /// The flag.
        name: &'static str,
        /// What stands for its value in the help.
        placeholder: String,
    },
    /// An argument that is not UTF-8.
    #[error("argument {text:?} is not valid UTF-8; flags and their values must be")]
    NotUtf8 {
        /// As far as it can be read.
        text: String,
    },
    /// A value of the wrong form.
    #[error("{origin}: {error}")]
    Malformed {
        /// Where it was given.
        origin: Origin,
        /// What is wrong with it.
        error: ValueError,
    },
    /// A setting that changes safety or security and that this version does not have.
    #[error("{origin}: {reason}; remove it")]
    Refused {
        /// Where it was given.
        origin: Origin,
        /// Why it is refused.
        reason: &'static str,
    },
    /// A value that is well-formed and still cannot be.
    #[error("{origin}: {error}")]
    Setting {
        /// Where it was given.
        origin: Origin,
        /// What is wrong with it.
        error: SettingError,
    },
    /// The initial cluster does not fit together.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The configuration file cannot be read.
    #[error("{origin}: cannot read \"{path}\": {reason}")]
    FileUnreadable {
        /// Where the file was named.
        origin: Origin,
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// The configuration file is not YAML, or not a list of keys and values.
    #[error("configuration file \"{path}\": {reason}; expected lines such as \"name: node1\"")]
    FileSyntax {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A key of the configuration file that is no setting.
    #[error("{origin}: unknown key{}; keys are the names of flags without dashes", suggestion("", *nearest))]
    UnknownKey {
        /// Where it stands.
        origin: Origin,
        /// The key that was perhaps meant.
        nearest: Option<&'static str>,
    },
    /// A key of the configuration file whose value is neither a value nor a list of values.
    #[error("{origin}: expected {expected}")]
    FileValue {
        /// Where it stands.
        origin: Origin,
        /// What belongs there.
        expected: &'static str,
    },
    /// `completion` without a shell that is known.
    #[error("completion needs the name of a shell; write \"{program} completion bash\" (or zsh, or fish)")]
    UnknownShell {
        /// What the program was started as.
        program: &'static str,
    },
}

impl ConfigError {
    /// The process's exit code: 2 where Go's flag parser refuses a command line, 1 for everything later, as in etcd.
    pub fn exit_code(&self) -> u8 {
        match self {
            ConfigError::UnknownFlag { .. }
            | ConfigError::FlagSyntax { .. }
            | ConfigError::ValueMissing { .. }
            | ConfigError::NotUtf8 { .. }
            | ConfigError::UnknownShell { .. }
            | ConfigError::Malformed { origin: Origin::Flag(_), .. } => 2,
            _ => 1,
        }
    }
}

fn suggestion(dashes: &str, nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean {dashes}{name}?")).unwrap_or_default()
}
