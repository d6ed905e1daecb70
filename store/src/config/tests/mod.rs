//! The configuration as a whole: command lines and what becomes of them.

mod configs;
mod errors;
mod files;
mod first_start;
mod tls;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::config::Config;
use super::error::ConfigError;
use super::read::{Disk, Invocation, read_with};

/// A command line with `NAME=value` in front for variables, started under `program`. Folders below `/with-data` have
/// data.
fn read(program: &str, line: &str, file: Option<&str>) -> Result<Invocation, ConfigError> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let first_argument = words.iter().position(|word| !is_assignment(word)).unwrap_or(words.len());
    let arguments = words.split_off(first_argument).into_iter().map(Into::into).collect();
    let environment: BTreeMap<String, String> = words
        .into_iter()
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let read_text = |_: &str| file.map(str::to_owned).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound));
    let holds_member = |path: &Path| path.starts_with("/with-data");
    let disk = Disk { read_text: &read_text, holds_member: &holds_member };
    read_with(program.as_ref(), arguments, &environment, &disk)
}

fn is_assignment(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_uppercase()) && word.contains('=')
}

fn config_of(program: &str, line: &str, file: Option<&str>) -> Config {
    match read(program, line, file) {
        Ok(Invocation::Run(config)) => *config,
        other => panic!("{program} {line}: {other:?}"),
    }
}

fn config(line: &str) -> Config {
    config_of("holdfast", line, None)
}
