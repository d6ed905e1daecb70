//! A log line for people: time, level, message, fields. Must not write it anywhere.

use std::fmt::Write as _;

use tracing::Level;

use super::record::{Record, Value};

const RESET: &str = "\x1b[0m";
const DIM: &str = "\x1b[2m";

/// The line, with its end. A terminal gets colours and the time of day; a file gets neither colours nor a doubt about the
/// date.
pub(super) fn line(record: &Record, time: &str, is_terminal: bool) -> String {
    let mut line = String::with_capacity(128);
    let (word, colour) = level(record.level);
    let mut write = || {
        if is_terminal {
            write!(line, "{DIM}{}{RESET} {colour}{word}{RESET} {}", time_of_day(time), record.message)?;
        } else {
            write!(line, "{time} {word} {}", record.message)?;
        }
        for (index, (name, value)) in record.fields.iter().enumerate() {
            let gap = if index == 0 { "  " } else { " " };
            if is_terminal {
                write!(line, "{gap}{DIM}{name}={RESET}")?;
            } else {
                write!(line, "{gap}{name}=")?;
            }
            write_value(&mut line, value)?;
        }
        line.write_char('\n')
    };
    let written: std::fmt::Result = write();
    written.expect("a String takes everything");
    line
}

fn level(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => ("ERROR", "\x1b[31m"),
        Level::WARN => (" WARN", "\x1b[33m"),
        Level::INFO => (" INFO", "\x1b[32m"),
        Level::DEBUG | Level::TRACE => ("DEBUG", "\x1b[34m"),
    }
}

/// `08:35:11.123` of `2026-11-25T08:35:11.123456Z`.
fn time_of_day(time: &str) -> &str {
    time.get(11..23).unwrap_or(time)
}

fn write_value(line: &mut String, value: &Value) -> std::fmt::Result {
    match value {
        Value::Text(text) if needs_quotes(text) => write!(line, "{text:?}"),
        Value::Text(text) => line.write_str(text),
        Value::Signed(number) => write!(line, "{number}"),
        Value::Unsigned(number) => write!(line, "{number}"),
        Value::Float(number) => write!(line, "{number}"),
        Value::Bool(is_true) => write!(line, "{is_true}"),
    }
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.contains(|character: char| {
            character.is_whitespace() || character.is_control() || character == '"'
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            level: Level::WARN,
            caller: "server/mod.rs:1".to_owned(),
            message: "disk almost full".to_owned(),
            fields: vec![
                ("path", Value::Text("/a b".to_owned())),
                ("free", Value::Unsigned(3)),
                ("id", Value::Text("8e9e".to_owned())),
            ],
        }
    }

    const TIME: &str = "2026-11-25T08:35:11.123456Z";

    #[test]
    fn a_file_gets_plain_text() {
        let expected = "2026-11-25T08:35:11.123456Z  WARN disk almost full  path=\"/a b\" free=3 id=8e9e\n";
        assert_eq!(line(&record(), TIME, false), expected);
    }

    #[test]
    fn a_terminal_gets_colours_and_the_time_of_day() {
        let line = line(&record(), TIME, true);
        assert!(
            line.starts_with("\x1b[2m08:35:11.123\x1b[0m \x1b[33m WARN\x1b[0m disk almost full  "),
            "{line:?}"
        );
    }

    #[test]
    fn a_value_cannot_pretend_to_be_another_line() {
        let mut record = record();
        record.fields = vec![("key", Value::Text("a\nb\x1b[31m".to_owned()))];
        assert!(line(&record, TIME, false).ends_with("key=\"a\\nb\\u{1b}[31m\"\n"));
    }
}
