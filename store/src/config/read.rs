//! The entry: a command line, an environment and perhaps a file become what is to be done. The file is the only thing
//! that is read.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use holdfast_consensus::handle::holds_member;

use super::arguments::{CommandLine, read_arguments};
use super::completion::completion;
use super::config::Config;
use super::environment::{self, Environment, read_environment};
use super::error::ConfigError;
use super::file::read_file;
use super::flags::{self, Setting};
use super::given::GivenSettings;
use super::help;
use super::origin::Origin;
use super::persona::Persona;
use super::validate::validate;

/// What a command line asks for.
#[derive(Debug)]
pub enum Invocation {
    /// Run a member.
    Run(Box<Config>),
    /// Print this text, which ends its own last line, on standard output and exit with 0.
    Print(String),
}

/// Reads what was asked for. `arguments` come without the program's name, which is `program`.
///
/// # Errors
/// The first thing that is wrong, as a line for a person and an exit code.
pub fn read(
    program: &OsStr,
    arguments: Vec<OsString>,
    environment: BTreeMap<String, String>,
) -> Result<Invocation, ConfigError> {
    let disk = Disk { read_text: &|path| std::fs::read_to_string(path), holds_member: &holds_member };
    read_with(program, arguments, &environment, &disk)
}

/// What is looked up outside of the command line.
pub(super) struct Disk<'a> {
    /// Reads the configuration file.
    pub read_text: &'a dyn Fn(&str) -> io::Result<String>,
    /// Whether a member has run on a data folder before.
    pub holds_member: &'a dyn Fn(&Path) -> bool,
}

/// `read` on another disk.
pub(super) fn read_with(
    program: &OsStr,
    arguments: Vec<OsString>,
    environment: &BTreeMap<String, String>,
    disk: &Disk<'_>,
) -> Result<Invocation, ConfigError> {
    let persona = Persona::of(program);
    if let [command, rest @ ..] = arguments.as_slice()
        && command == "completion"
    {
        let shell = if let [shell] = rest { shell.to_str() } else { None };
        let script = shell.and_then(|shell| completion(persona, shell));
        return script.map(Invocation::Print).ok_or(ConfigError::UnknownShell { program: persona.name() });
    }
    let typed = match read_arguments(persona.name(), arguments)? {
        CommandLine::Help => return Ok(Invocation::Print(help::help(persona))),
        CommandLine::Settings(typed) if typed.is_on(Setting::Version) => {
            return Ok(Invocation::Print(help::version(persona)));
        }
        CommandLine::Settings(typed) => typed,
    };
    let (given, notices) = match file_named(&typed, environment) {
        Some(file) => {
            let text = (disk.read_text)(&file.path).map_err(|error| ConfigError::FileUnreadable {
                origin: file.origin.clone(),
                path: file.path.clone(),
                reason: error.to_string(),
            })?;
            settings_of_file(&file, &text, &typed, environment)?
        }
        None => settings_without_file(typed, environment)?,
    };
    Ok(Invocation::Run(Box::new(validate(&given, persona, notices, disk.holds_member)?)))
}

struct NamedFile {
    path: String,
    origin: Origin,
}

/// The configuration file, by flag or else by variable.
fn file_named(typed: &GivenSettings, environment: &BTreeMap<String, String>) -> Option<NamedFile> {
    let named = |path: String, origin| Some(NamedFile { path, origin }).filter(|file| !file.path.is_empty());
    let from_flag = named(typed.text(Setting::ConfigFile), typed.origin(Setting::ConfigFile));
    from_flag.or_else(|| {
        let (variable, path) = environment::variable_of(environment, flags::of(Setting::ConfigFile))?;
        named(path.to_owned(), Origin::Environment(variable.to_owned()))
    })
}

/// As in etcd, a file replaces flags and environment altogether.
fn settings_of_file(
    file: &NamedFile,
    text: &str,
    typed: &GivenSettings,
    environment: &BTreeMap<String, String>,
) -> Result<(GivenSettings, Vec<String>), ConfigError> {
    let settings = read_file(&file.path, text)?;
    let mut notices = settings.notices;
    let config_file = flags::of(Setting::ConfigFile).name;
    let passed_over = typed
        .iter()
        .filter(|(flag, _)| flag.name != config_file)
        .map(|(_, given)| given.origin.to_string())
        .chain(
            environment::setting_variables(environment)
                .filter(|(flag, _)| flag.name != config_file)
                .map(|(_, variable)| variable.to_owned()),
        )
        .collect::<Vec<_>>()
        .join(", ");
    if !passed_over.is_empty() {
        notices
            .push(format!("the configuration file {} stands alone; no effect have {passed_over}", file.path));
    }
    Ok((settings.given, notices))
}

fn settings_without_file(
    typed: GivenSettings,
    environment: &BTreeMap<String, String>,
) -> Result<(GivenSettings, Vec<String>), ConfigError> {
    let Environment { mut given, notices } = read_environment(environment, &typed)?;
    given.extend(typed);
    Ok((given, notices))
}
