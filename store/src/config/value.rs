//! The forms that a flag's value can have, and the values themselves. Pure.

use super::duration::{DurationError, parse_duration_nanoseconds};
use super::number::{NumberError, parse_bool, parse_count, parse_integer};
use super::urls::{Url, UrlError};

/// The form of a flag's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A file or folder.
    Path,
    /// Texts separated by commas.
    List,
    /// URLs separated by commas.
    Urls,
    /// Yes or no; no value means yes.
    Bool,
    /// A whole number from 0 on.
    Count,
    /// The same in 32 bits.
    Count32,
    /// A whole number of either sign.
    Integer,
    /// A duration in Go's form.
    Duration,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or nothing.
    OptionalChoice(&'static [&'static str]),
    /// `Gate=true,Gate=false` with etcd's feature gates.
    Gates,
    /// Anything at all, nothing included.
    Anything,
}

/// A value of one of these forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Urls(Vec<Url>),
    Bool(bool),
    Count(u64),
    Integer(i64),
    /// In nanoseconds.
    Duration(i64),
}

/// A text that does not have the form that its flag wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Neither yes nor no.
    #[error("\"{text}\" is neither true nor false")]
    Bool {
        /// The text.
        text: String,
    },
    /// No number.
    #[error("\"{text}\" is not a whole number; write digits only, such as 1000")]
    Number {
        /// The text.
        text: String,
    },
    /// A number beyond what fits.
    #[error("\"{text}\" is out of range; write a number from {smallest} to {largest}")]
    NumberRange {
        /// The text.
        text: String,
        /// The smallest number.
        smallest: i64,
        /// The largest number.
        largest: u64,
    },
    /// None of the words.
    #[error("\"{text}\" is not possible; write {}", alternatives(words))]
    Choice {
        /// The text.
        text: String,
        /// The words.
        words: &'static [&'static str],
    },
    /// A feature gate that etcd does not have.
    #[error(
        "\"{text}\" is not a feature gate of etcd 3.7; write Gate=true or Gate=false with one of its gates"
    )]
    Gate {
        /// The text.
        text: String,
    },
    /// No duration.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// No URL.
    #[error(transparent)]
    Url(#[from] UrlError),
}

/// etcd's feature gates and whether they are on by default.
const GATES: &[(&str, bool)] = &[
    ("AllAlpha", false),
    ("AllBeta", false),
    ("CompactHashCheck", false),
    ("FastLeaseKeepAlive", true),
    ("InitialCorruptCheck", false),
    ("LeaseCheckpoint", false),
    ("LeaseCheckpointPersist", false),
    ("PriorityRequest", false),
    ("SetMemberLocalAddr", false),
    ("StopGRPCServiceOnDefrag", false),
    ("TxnModeWriteWithSharedBuffer", true),
];

impl Kind {
    /// Whether the flag may stand alone, and never takes the next argument for its value.
    pub fn is_switch(self) -> bool {
        matches!(self, Kind::Bool | Kind::Anything)
    }

    /// Whether there is a value that means the same as leaving the flag out.
    pub fn has_default(self) -> bool {
        self != Kind::Anything
    }

    /// What stands for the value in the help.
    pub fn placeholder(self) -> String {
        match self {
            Kind::Text | Kind::Anything => "TEXT".to_owned(),
            Kind::Path => "PATH".to_owned(),
            Kind::List => "LIST".to_owned(),
            Kind::Urls => "URLS".to_owned(),
            Kind::Bool => "true|false".to_owned(),
            Kind::Count | Kind::Count32 | Kind::Integer => "NUMBER".to_owned(),
            Kind::Duration => "TIME".to_owned(),
            Kind::Gates => "GATES".to_owned(),
            // More words than fit into a column of the help.
            Kind::Choice(words) | Kind::OptionalChoice(words) if words.len() > 3 => "WORD".to_owned(),
            Kind::Choice(words) | Kind::OptionalChoice(words) => words.join("|"),
        }
    }

    /// Reads a value of this form.
    ///
    /// # Errors
    /// When `text` does not have this form.
    pub fn parse(self, text: &str) -> Result<Value, ValueError> {
        let owned = || text.to_owned();
        Ok(match self {
            Kind::Text | Kind::Path | Kind::Anything => Value::Text(owned()),
            Kind::List => Value::List(split_list(text)),
            Kind::Urls => Value::Urls(Url::parse_list(text)?),
            Kind::Bool => Value::Bool(parse_bool(text).ok_or_else(|| ValueError::Bool { text: owned() })?),
            Kind::Count => Value::Count(count(text, u64::MAX)?),
            Kind::Count32 => Value::Count(count(text, u64::from(u32::MAX))?),
            Kind::Integer => {
                let range = (i64::MIN, i64::MAX.unsigned_abs());
                Value::Integer(parse_integer(text).map_err(|error| number_error(text, error, range))?)
            }
            Kind::Duration => Value::Duration(parse_duration_nanoseconds(text)?),
            Kind::OptionalChoice(_) if text.is_empty() => Value::Text(String::new()),
            Kind::Choice(words) | Kind::OptionalChoice(words) => {
                if !words.contains(&text) {
                    return Err(ValueError::Choice { text: owned(), words });
                }
                Value::Text(owned())
            }
            Kind::Gates => Value::List(changed_gates(text)?),
        })
    }
}

/// The gates that `text` sets to something else than their default, in order.
fn changed_gates(text: &str) -> Result<Vec<String>, ValueError> {
    let mut changed = Vec::new();
    for entry in split_list(text) {
        let bad = || ValueError::Gate { text: entry.clone() };
        let (name, value) = entry.split_once('=').ok_or_else(bad)?;
        let value = parse_bool(value.trim()).ok_or_else(bad)?;
        let (_, default) = GATES.iter().find(|(gate, _)| *gate == name.trim()).ok_or_else(bad)?;
        if value != *default {
            changed.push(entry);
        }
    }
    Ok(changed)
}

fn split_list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

fn count(text: &str, largest: u64) -> Result<u64, ValueError> {
    let range = (0, largest);
    // A negative number is a number; saying that it is none would be no help.
    if text.starts_with('-') && parse_integer(text).is_ok() {
        return Err(number_error(text, NumberError::OutOfRange, range));
    }
    let number = parse_count(text).map_err(|error| number_error(text, error, range))?;
    if number > largest {
        return Err(number_error(text, NumberError::OutOfRange, range));
    }
    Ok(number)
}

fn number_error(text: &str, error: NumberError, (smallest, largest): (i64, u64)) -> ValueError {
    match error {
        NumberError::Malformed => ValueError::Number { text: text.to_owned() },
        NumberError::OutOfRange => ValueError::NumberRange { text: text.to_owned(), smallest, largest },
    }
}

fn alternatives(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [word] => (*word).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Value};

    #[test]
    fn reads_each_form() {
        let words = Kind::Choice(&["new", "existing"]);
        for (kind, text, value) in [
            (Kind::Text, " a,b ", Value::Text(" a,b ".to_owned())),
            (Kind::List, "a, b,,", Value::List(vec!["a".to_owned(), "b".to_owned()])),
            (Kind::Bool, "T", Value::Bool(true)),
            (Kind::Count, "0x10", Value::Count(16)),
            (Kind::Integer, "-1", Value::Integer(-1)),
            (Kind::Duration, "10m", Value::Duration(600_000_000_000)),
            (words, "new", Value::Text("new".to_owned())),
            (Kind::Gates, "FastLeaseKeepAlive=true", Value::List(Vec::new())),
            (Kind::Gates, "PriorityRequest=true", Value::List(vec!["PriorityRequest=true".to_owned()])),
        ] {
            assert_eq!(kind.parse(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn says_what_is_possible() {
        for (kind, text, message) in [
            (Kind::Bool, "yes", "\"yes\" is neither true nor false"),
            (Kind::Count, "8GB", "\"8GB\" is not a whole number; write digits only, such as 1000"),
            (Kind::Count, "-1", "\"-1\" is out of range; write a number from 0 to 18446744073709551615"),
            (
                Kind::Count32,
                "4294967296",
                "\"4294967296\" is out of range; write a number from 0 to 4294967295",
            ),
            (Kind::Choice(&["a", "b", "c"]), "d", "\"d\" is not possible; write a, b or c"),
            (
                Kind::Gates,
                "Warp=true",
                "\"Warp=true\" is not a feature gate of etcd 3.7; write Gate=true or Gate=false with one of its gates",
            ),
        ] {
            assert_eq!(kind.parse(text).unwrap_err().to_string(), message);
        }
    }
}
