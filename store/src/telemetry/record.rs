//! One thing that was said, taken apart: message, fields, where and how severe. Must not know how it is written.

use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata};

/// The value of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// Text, and whatever has no form of its own.
    Text(String),
    /// A number below zero.
    Signed(i64),
    /// Any other whole number.
    Unsigned(u64),
    /// A fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
}

/// One event.
pub(super) struct Record {
    /// How severe.
    pub level: Level,
    /// File and line, the file with its folder only.
    pub caller: String,
    /// The message.
    pub message: String,
    /// Everything else, in the order in which it was given.
    pub fields: Vec<(&'static str, Value)>,
}

impl Record {
    /// Takes an event apart.
    pub(super) fn of(event: &Event<'_>) -> Record {
        let metadata = event.metadata();
        let mut record = Record {
            level: *metadata.level(),
            caller: caller(metadata),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut record);
        record
    }

    fn push(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(message)) => self.message = message,
            (name, value) => self.fields.push((name, value)),
        }
    }
}

impl Visit for Record {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, Value::Float(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, Value::Signed(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, Value::Unsigned(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, Value::Text(value.to_owned()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            let reason = error.to_string();
            // Many errors repeat their source in their own text.
            if !text.contains(&reason) {
                text.push_str(": ");
                text.push_str(&reason);
            }
            source = error.source();
        }
        self.push(field, Value::Text(text));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, Value::Text(format!("{value:?}")));
    }
}

fn caller(metadata: &Metadata<'_>) -> String {
    let (Some(file), Some(line)) = (metadata.file(), metadata.line()) else {
        return metadata.target().to_owned();
    };
    let mut parts = file.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(name), Some(folder)) => format!("{folder}/{name}:{line}"),
        _ => format!("{file}:{line}"),
    }
}
