//! Completion scripts for shells, made from the table of flags. Pure.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Shell, generate};

use super::flags::{self, Effect, Flag};
use super::persona::Persona;
use super::value::Kind;

/// The shells there is a script for.
const SHELLS: [(&str, Shell); 3] = [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];

/// The script for a shell; `None` for a shell that is not known.
pub fn completion(persona: Persona, shell: &str) -> Option<String> {
    let (_, shell) = SHELLS.iter().find(|(name, _)| *name == shell)?;
    let names = SHELLS.map(|(name, _)| name);
    let shells = Arg::new("shell").required(true).value_parser(PossibleValuesParser::new(names));
    let mut command = Command::new(persona.name())
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .subcommand(
            Command::new("completion").about("Print a completion script").disable_help_flag(true).arg(shells),
        )
        .args(flags::all().filter_map(argument));
    let mut script = Vec::new();
    generate(*shell, &mut command, persona.name(), &mut script);
    Some(String::from_utf8_lossy(&script).into_owned())
}

/// Flags without effect are not worth completing.
fn argument(flag: &Flag) -> Option<Arg> {
    let Effect::Sets { help, .. } = flag.effect else { return None };
    let argument = Arg::new(flag.name).long(flag.name).help(help);
    Some(match flag.kind {
        Kind::Bool => argument.action(ArgAction::SetTrue),
        Kind::Choice(words) | Kind::OptionalChoice(words) => {
            argument.value_parser(PossibleValuesParser::new(words))
        }
        Kind::Path => argument.value_hint(ValueHint::AnyPath),
        _ => argument.value_hint(ValueHint::Other),
    })
}

#[cfg(test)]
mod tests {
    use super::completion;
    use crate::config::persona::Persona;

    #[test]
    fn knows_flags_and_words() {
        for shell in ["bash", "zsh", "fish"] {
            let script = completion(Persona::Holdfast, shell).unwrap();
            for word in ["listen-client-urls", "existing", "completion", "holdfast"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
            assert!(!script.contains("max-snapshots"), "{shell}");
        }
        assert_eq!(completion(Persona::Holdfast, "tcsh"), None);
    }
}
