//! The texts that the program prints instead of running: help and version. Pure.

use std::fmt::Write;

use super::flags::{self, Effect, Flag, Group};
use super::persona::Persona;
use crate::version::{ETCD_VERSION, HOLDFAST_VERSION};

/// Columns that a line of the help may have.
const COLUMNS: usize = 100;

/// Where the explanation of a flag begins.
const EXPLANATION_COLUMN: usize = 42;

/// What `--version` prints. Tools read the first line of etcd's.
pub fn version(persona: Persona) -> String {
    match persona {
        Persona::Etcd => format!("etcd Version: {ETCD_VERSION}\nHoldfast Version: {HOLDFAST_VERSION}\n"),
        Persona::Holdfast => format!("holdfast {HOLDFAST_VERSION} (speaks etcd {ETCD_VERSION})\n"),
    }
}

/// What `--help` prints.
pub fn help(persona: Persona) -> String {
    let program = persona.name();
    let mut text = format!(
        "A store of keys and values that speaks etcd's API.\n\n\
         Usage:\n  \
         {program} [flags]                      run a member; without flags a store on localhost:2379\n  \
         {program} completion bash|zsh|fish     print a completion script\n\n\
         Every flag can be set by a variable, HOLDFAST_DATA_DIR or ETCD_DATA_DIR for --data-dir.\n"
    );
    if persona == Persona::Etcd {
        text.push_str("Started as etcd: data in NAME.etcd, logs in JSON, and etcd's rules for what must be advertised.\n");
    }
    for group in Group::ALL {
        let _ = writeln!(text, "\n{}:", group.title());
        for flag in flags::all() {
            if let Effect::Sets { group: found, help, .. } = flag.effect
                && found == group
            {
                text.push_str(&line(flag, help));
            }
        }
    }
    push_names(&mut text, "Taken from etcd's command lines, without effect:", |flag| {
        matches!(flag.effect, Effect::Ignored(_)) && flag.kind.has_default()
    });
    push_names(&mut text, "Refused, because this version cannot do what they ask for:", |flag| {
        matches!(flag.effect, Effect::Refused(_))
    });
    text
}

fn line(flag: &Flag, help: &str) -> String {
    let name = if flag.kind.is_switch() && flag.default == "false" {
        format!("  --{}", flag.name)
    } else {
        format!("  --{} {}", flag.name, flag.kind.placeholder())
    };
    let default = match flag.default {
        "" | "false" => String::new(),
        default => format!(" (default: {default})"),
    };
    format!("{name:EXPLANATION_COLUMN$} {help}{default}\n")
}

fn push_names(text: &mut String, title: &str, is_wanted: impl Fn(&Flag) -> bool) {
    let _ = writeln!(text, "\n{title}");
    let mut line = String::from(" ");
    for flag in flags::all().filter(|flag| is_wanted(flag)) {
        if line.len() + flag.name.len() + 1 > COLUMNS {
            text.push_str(&line);
            text.push('\n');
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(flag.name);
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, EXPLANATION_COLUMN, help, version};
    use crate::config::flags;
    use crate::config::persona::Persona;

    #[test]
    fn fits_and_lists_every_flag() {
        let text = help(Persona::Holdfast);
        for line in help(Persona::Etcd).lines().chain(text.lines()) {
            assert!(line.len() <= COLUMNS, "{} columns: {line}", line.len());
            if line.starts_with("  --") {
                assert_eq!(&line[EXPLANATION_COLUMN..=EXPLANATION_COLUMN], " ", "{line}");
            }
        }
        for flag in flags::all().filter(|flag| flag.kind.has_default()) {
            assert!(text.contains(flag.name), "--{}", flag.name);
        }
        assert!(text.contains("\n  --heartbeat-interval NUMBER "), "{text}");
        assert!(text.contains(" Milliseconds between heartbeats (default: 100)\n"), "{text}");
    }

    #[test]
    fn names_itself() {
        assert_eq!(version(Persona::Holdfast), "holdfast 0.1.0 (speaks etcd 3.7.3)\n");
        assert_eq!(version(Persona::Etcd).lines().next(), Some("etcd Version: 3.7.3"));
    }
}
