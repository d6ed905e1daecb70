//! Where a setting was given, so that messages can point at it. Must hold nothing else.

use std::fmt;

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line, or nowhere: then the flag is how to change it.
    Flag(&'static str),
    /// In an environment variable.
    Environment(String),
    /// In the configuration file.
    File {
        /// The file.
        path: String,
        /// The key, with its section in front.
        key: String,
        /// The line, if it could be found.
        line: Option<usize>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(formatter, "--{name}"),
            Origin::Environment(variable) => formatter.write_str(variable),
            Origin::File { path, key, line: Some(line) } => write!(formatter, "{key} ({path}, line {line})"),
            Origin::File { path, key, line: None } => write!(formatter, "{key} ({path})"),
        }
    }
}
