//! Where log lines go. Must not fail a request because a line cannot be written.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};

use parking_lot::Mutex;

use super::TelemetryError;
use crate::config::LogOutput;

/// One place that lines go to.
pub(super) enum Output {
    /// Standard error.
    Stderr,
    /// Standard output.
    Stdout,
    /// The end of a file.
    File(Mutex<File>),
}

impl Output {
    /// Opens what needs to be opened.
    pub(super) fn open(output: &LogOutput) -> Result<Output, TelemetryError> {
        let path = match output {
            LogOutput::Stderr => return Ok(Output::Stderr),
            LogOutput::Stdout => return Ok(Output::Stdout),
            LogOutput::File(path) => path,
        };
        let failed = |source| TelemetryError::File { path: path.display().to_string(), source };
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        Ok(Output::File(Mutex::new(file)))
    }

    /// Whether colours belong there.
    pub(super) fn is_coloured(&self) -> bool {
        let is_terminal = match self {
            Output::Stderr => io::stderr().is_terminal(),
            Output::Stdout => io::stdout().is_terminal(),
            Output::File(_) => false,
        };
        is_terminal && has_colours()
    }

    /// Writes a whole line. A reader that has gone away is no reason to stop.
    pub(super) fn write(&self, line: &str) {
        let _ = match self {
            Output::Stderr => io::stderr().lock().write_all(line.as_bytes()),
            Output::Stdout => io::stdout().lock().write_all(line.as_bytes()),
            Output::File(file) => file.lock().write_all(line.as_bytes()),
        };
    }
}

/// Whether the person wants colours on terminals.
pub(super) fn has_colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|value| value != "dumb")
}
