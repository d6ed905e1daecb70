//! How logs are written. Pure: files are opened elsewhere.

use std::path::PathBuf;

use crate::config::config::{LogFormat, LogLevel, LogOutput, LogSettings};
use crate::config::flags::Setting;
use crate::config::given::GivenSettings;
use crate::config::persona::Persona;

/// Level, form and places.
pub fn logs(given: &GivenSettings, persona: Persona, notices: &mut Vec<String>) -> LogSettings {
    let level = match given.text(Setting::LogLevel).as_str() {
        "debug" => LogLevel::Debug,
        "warn" => LogLevel::Warn,
        // Nothing is logged as panic or fatal; whoever asks for these wants errors at most.
        "error" | "panic" | "fatal" => LogLevel::Error,
        _ => LogLevel::Info,
    };
    let format = match (given.text(Setting::LogFormat).as_str(), persona) {
        ("json", _) | ("", Persona::Etcd) => LogFormat::Json,
        _ => LogFormat::Console,
    };
    LogSettings { level, format, outputs: outputs(given, notices) }
}

fn outputs(given: &GivenSettings, notices: &mut Vec<String>) -> Vec<LogOutput> {
    let mut outputs = Vec::new();
    for place in given.list(Setting::LogOutputs) {
        let output = match place.as_str() {
            "default" | "stderr" | "/dev/stderr" => LogOutput::Stderr,
            "stdout" | "/dev/stdout" => LogOutput::Stdout,
            "systemd/journal" => {
                let origin = given.origin(Setting::LogOutputs);
                notices
                    .push(format!("{origin}: systemd/journal means stderr, which a unit's journal takes up"));
                LogOutput::Stderr
            }
            path => LogOutput::File(PathBuf::from(path)),
        };
        if !outputs.contains(&output) {
            outputs.push(output);
        }
    }
    if outputs.is_empty() {
        outputs.push(LogOutput::Stderr);
    }
    outputs
}
