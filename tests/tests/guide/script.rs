//! The form of a script: a step on a line of its own, and below it the lines that it prints, each behind `|`. Must not
//! know what a step does beyond its mark.

use std::fmt::Write;
use std::path::Path;

/// One line that does something.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// `$ command`: runs to its end.
    Run(&'a str),
    /// `& name command`: starts and goes on.
    Start { name: &'a str, command: &'a str },
    /// `~ name count`: until the server has sent that many messages to the command.
    AwaitMessages { name: &'a str, count: usize },
    /// `= name count`: until the command has printed that many more lines.
    AwaitLines { name: &'a str, count: usize },
    /// `< name text`: types a line.
    Type { name: &'a str, text: &'a str },
    /// `. name`: stops the command.
    Stop(&'a str),
}

impl<'a> Step<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (mark, rest) = line.split_once(' ')?;
        let (name, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        let count = || tail.parse().unwrap();
        Some(match mark {
            "$" => Step::Run(rest),
            "&" => Step::Start { name, command: tail },
            "~" => Step::AwaitMessages { name, count: count() },
            "=" => Step::AwaitLines { name, count: count() },
            "<" => Step::Type { name, text: tail },
            "." => Step::Stop(name),
            _ => return None,
        })
    }
}

/// The script with each step's output replaced by what `run` returns for it.
pub fn with_output(script: &str, mut run: impl FnMut(&Step) -> String) -> String {
    let mut result = String::new();
    for line in script.lines() {
        if line.starts_with('|') {
            continue;
        }
        writeln!(result, "{line}").unwrap();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let step = Step::parse(line).unwrap_or_else(|| panic!("no step of a script: {line}"));
        for printed in run(&step).lines() {
            writeln!(result, "{}", format!("| {printed}").trim_end()).unwrap();
        }
    }
    result
}

/// Adds to `text` where `printed` departs from `script`, line by line.
pub fn describe_difference(path: &Path, script: &str, printed: &str, text: &mut String) {
    if script == printed {
        return;
    }
    writeln!(text, "{}:", path.display()).unwrap();
    // Steps stand in both, so that only the outputs between them can differ.
    let mut expected = blocks(script).into_iter();
    for (step, now) in blocks(printed) {
        let (_, before) = expected.next().unwrap_or_default();
        if before != now {
            writeln!(text, "  {step}\n{}{}", prefixed("    - ", &before), prefixed("    + ", &now)).unwrap();
        }
    }
}

fn prefixed(prefix: &str, lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{prefix}{line}\n")).collect()
}

fn blocks(script: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in script.lines() {
        match (line.starts_with('|'), blocks.last_mut()) {
            (true, Some((_, lines))) => lines.push(line),
            _ => blocks.push((line, Vec::new())),
        }
    }
    blocks
}
