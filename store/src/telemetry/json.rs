//! A log line with etcd's field names: `level`, `ts`, `caller`, `msg`, and the fields beside them. Must not write it
//! anywhere.

use std::fmt::Write as _;

use tracing::Level;

use super::record::{Record, Value};

/// The line, with its end.
pub(super) fn line(record: &Record, time: &str) -> String {
    let mut line = String::with_capacity(192);
    line.push_str("{\"level\":\"");
    line.push_str(level(record.level));
    line.push('"');
    member(&mut line, "ts", &Value::Text(time.to_owned()));
    member(&mut line, "caller", &Value::Text(record.caller.clone()));
    member(&mut line, "msg", &Value::Text(record.message.clone()));
    for (name, value) in &record.fields {
        member(&mut line, name, value);
    }
    line.push_str("}\n");
    line
}

fn level(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    }
}

fn member(line: &mut String, name: &str, value: &Value) {
    // Names come from the code and need no escapes.
    write!(line, ",\"{name}\":{}", json(value)).expect("a String takes everything");
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Signed(number) => (*number).into(),
        Value::Unsigned(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Bool(is_true) => (*is_true).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_etcd_and_the_line_is_json() {
        let record = Record {
            level: Level::INFO,
            caller: "server/mod.rs:7".to_owned(),
            message: "say \"hi\"".to_owned(),
            fields: vec![
                ("took", Value::Float(0.5)),
                ("count", Value::Signed(-1)),
                ("done", Value::Bool(true)),
            ],
        };
        assert_eq!(
            line(&record, "2026-11-25T08:35:11.123456Z"),
            "{\"level\":\"info\",\"ts\":\"2026-11-25T08:35:11.123456Z\",\"caller\":\"server/mod.rs:7\",\
             \"msg\":\"say \\\"hi\\\"\",\"took\":0.5,\"count\":-1,\"done\":true}\n"
        );
    }
}
