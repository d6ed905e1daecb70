//! Requests from JSON as etcd's gateway takes them: generous in form, strict in meaning. Must not touch the network.

use prost::Message;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::json_error;
use crate::api::error::Status;

/// Reads the first JSON document of `body` and passes over whatever follows it; a body without any means all defaults.
///
/// # Errors
/// `InvalidArgument` with what is wrong and where.
pub(super) fn decode<Q: Message + DeserializeOwned + Default>(body: &[u8]) -> Result<Q, Status> {
    if body.trim_ascii().is_empty() {
        return Ok(Q::default());
    }
    match Q::deserialize(&mut serde_json::Deserializer::from_slice(body)) {
        Ok(request) => Ok(request),
        Err(error) if error.is_data() && !json_error::is_of_duplicate(&error) => {
            decode_loose(body).map_err(|path| json_error::of_value(&error, path.as_deref()))
        }
        Err(error) if error.is_data() => Err(json_error::of_value(&error, None)),
        Err(error) => Err(json_error::of_syntax(&error, body)),
    }
}

/// Reads what is valid protobuf JSON although the derived reader does not take it: `null` for a default, and whole
/// numbers written as floating point, as some clients do with large ones.
///
/// # Errors
/// The field that cannot be read, when it is known, as `name: value`.
fn decode_loose<Q: DeserializeOwned>(body: &[u8]) -> Result<Q, Option<String>> {
    let mut document =
        Value::deserialize(&mut serde_json::Deserializer::from_slice(body)).map_err(|_| None)?;
    settle(&mut document);
    serde_path_to_error::deserialize(&document).map_err(|error| {
        let pointer = json_pointer(error.path());
        let name = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err())?;
        let value = document.pointer(&pointer)?;
        (!name.is_empty()).then(|| format!("{name}: {value}"))
    })
}

fn settle(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(settle);
        }
        Value::Array(items) => items.iter_mut().for_each(settle),
        Value::Number(number) => {
            if let Some(whole) = number.as_f64().and_then(whole_number).filter(|_| number.is_f64()) {
                *value = whole.into();
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// The integer that a floating-point number stands for, if it is one and can be told exactly.
fn whole_number(number: f64) -> Option<i64> {
    const EXACT_MAX: f64 = (1_u64 << 53) as f64;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range")]
    (number.fract() == 0.0 && number.abs() <= EXACT_MAX).then_some(number as i64)
}

fn json_pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    })
}

#[cfg(test)]
mod tests;
