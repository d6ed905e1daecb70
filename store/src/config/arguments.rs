//! The command line in the form of Go's flag package: `--flag value`, `-flag=value`, the last one wins, and the first
//! word that is no flag ends it. Pure.

use std::ffi::OsString;

use super::error::ConfigError;
use super::flags::{self, Effect, Flag, Setting};
use super::given::GivenSettings;
use super::origin::Origin;

/// What a command line says.
#[derive(Debug)]
pub enum CommandLine {
    /// Print the help. As in Go, whatever follows is not looked at.
    Help,
    /// Run, or whatever these settings ask for.
    Settings(GivenSettings),
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// When they do not name flags and values of the right form.
pub fn read_arguments(program: &'static str, arguments: Vec<OsString>) -> Result<CommandLine, ConfigError> {
    let mut given = GivenSettings::default();
    let mut rest = arguments.into_iter().map(into_text);
    let mut previous: Option<&'static Flag> = None;
    while let Some(argument) = rest.next() {
        let argument = argument?;
        if argument == "--" {
            return rest
                .next()
                .transpose()?
                .map_or(Ok(CommandLine::Settings(given)), |text| Err(not_a_flag(program, text, None)));
        }
        let Some((name, value)) = split_flag(&argument)? else {
            return Err(not_a_flag(program, argument, previous));
        };
        let Some(flag) = find(name) else {
            return Err(ConfigError::UnknownFlag {
                name: name.to_owned(),
                nearest: flags::nearest(name),
                program,
            });
        };
        let text = match value {
            Some(value) => value.to_owned(),
            None if flag.kind.is_switch() => "true".to_owned(),
            None => rest.next().transpose()?.ok_or_else(|| ConfigError::ValueMissing {
                name: flag.name,
                placeholder: flag.kind.placeholder(),
            })?,
        };
        if is(flag, Setting::Help) {
            return Ok(CommandLine::Help);
        }
        given.give(flag, &text, Origin::Flag(flag.name))?;
        previous = Some(flag).filter(|flag| flag.kind.is_switch() && value.is_none());
    }
    Ok(CommandLine::Settings(given))
}

fn into_text(argument: OsString) -> Result<String, ConfigError> {
    argument
        .into_string()
        .map_err(|argument| ConfigError::NotUtf8 { text: argument.to_string_lossy().into_owned() })
}

/// The name and the value behind `=`; `None` when `argument` is no flag.
fn split_flag(argument: &str) -> Result<Option<(&str, Option<&str>)>, ConfigError> {
    let Some(name) = argument.strip_prefix("--").or_else(|| argument.strip_prefix('-')) else {
        return Ok(None);
    };
    // A dash alone is a word.
    if argument == "-" {
        return Ok(None);
    }
    if name.is_empty() || name.starts_with(['-', '=']) {
        return Err(ConfigError::FlagSyntax { text: argument.to_owned() });
    }
    Ok(Some(name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)))))
}

fn find(name: &str) -> Option<&'static Flag> {
    if name == "h" { Some(flags::of(Setting::Help)) } else { flags::find(name) }
}

fn is(flag: &Flag, wanted: Setting) -> bool {
    matches!(flag.effect, Effect::Sets { setting, .. } if setting == wanted)
}

fn not_a_flag(program: &'static str, text: String, previous: Option<&'static Flag>) -> ConfigError {
    let remedy = match previous {
        Some(flag) => format!("to give --{name} a value write --{name}={text}", name = flag.name),
        None if flags::find(&text).is_some() => format!("write --{text}"),
        None => format!("flags begin with --, see \"{program} --help\""),
    };
    ConfigError::NotAFlag { text, remedy }
}

#[cfg(test)]
mod tests {
    use super::{CommandLine, read_arguments};
    use crate::config::flags::Setting;
    use crate::config::given::GivenSettings;

    fn read(line: &str) -> GivenSettings {
        match read_arguments("holdfast", line.split_whitespace().map(Into::into).collect()) {
            Ok(CommandLine::Settings(given)) => given,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn takes_gos_forms() {
        for line in ["--name a", "-name a", "--name=a", "-name=a", "--name b --name=a", "--name=a --"] {
            assert_eq!(read(line).text(Setting::Name), "a", "{line}");
        }
        assert_eq!(read("--name=a=b").text(Setting::Name), "a=b");
        assert_eq!(read("--name -x").text(Setting::Name), "-x");
        assert_eq!(read("--name=").text(Setting::Name), "");
        assert_eq!(read("").text(Setting::Name), "default");
    }

    #[test]
    fn switches_stand_alone() {
        assert!(read("--enable-grpc-gateway").is_on(Setting::HasGateway));
        assert!(!read("--enable-grpc-gateway=false --name a").is_on(Setting::HasGateway));
        assert_eq!(read("--enable-grpc-gateway --name a").text(Setting::Name), "a");
    }

    #[test]
    fn help_wins_over_what_follows() {
        for line in ["-h", "--help", "-help", "--name a -h --nonsense"] {
            let arguments = line.split_whitespace().map(Into::into).collect();
            assert!(matches!(read_arguments("holdfast", arguments), Ok(CommandLine::Help)), "{line}");
        }
    }
}
