//! Reads one moment of a script: what it begins from, with what it says laid over that. A null takes something away.

use holdfast_plan::{Desired, Memory, Observed};
use serde_json::{Map, Value};

use crate::start::{Start, start};

/// Parts of a document, beside the plan.
const PARTS: [&str; 5] = ["case", "start", "desired", "memory", "observed"];

/// Values in which one form takes the place of another, and does not mix with it.
const FORMS: [&str; 2] = ["process", "bootstrap"];

/// What planning is asked with.
pub fn read(text: &str) -> Result<(Desired, Memory, Observed), String> {
    let yaml: serde_yaml::Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let Value::Object(mut given) = to_json(yaml) else { return Err("no document".to_owned()) };
    if let Some(unknown) = given.keys().find(|key| !PARTS.contains(&key.as_str())) {
        return Err(format!("{unknown:?} is no part of a moment"));
    }
    given.remove("case").filter(Value::is_string).ok_or("say in `case` what it is about")?;
    let begin: Start = serde_json::from_value(given.remove("start").ok_or("`start` is missing")?)
        .map_err(|error| error.to_string())?;
    let mut moment = start(&begin);
    lay_over(&mut moment, Value::Object(given));
    let mut part = |name: &str| moment.get_mut(name).map(Value::take).unwrap_or_default();
    let failed = |error: serde_json::Error| error.to_string();
    Ok((
        serde_json::from_value(part("desired")).map_err(failed)?,
        serde_json::from_value(part("memory")).map_err(failed)?,
        serde_json::from_value(part("observed")).map_err(failed)?,
    ))
}

fn lay_over(below: &mut Value, above: Value) {
    let (Value::Object(below), Value::Object(above)) = (&mut *below, above.clone()) else {
        *below = above;
        return;
    };
    for (key, value) in above {
        if value.is_null() {
            below.remove(&key);
            continue;
        }
        let place = below.entry(key.clone()).or_insert(Value::Object(Map::new()));
        if FORMS.contains(&key.as_str()) && form(place) != form(&value) {
            *place = value;
        } else {
            lay_over(place, value);
        }
    }
}

fn form(value: &Value) -> Option<&String> {
    value.as_object().and_then(|fields| fields.keys().next())
}

/// JSON has only text for keys, and no tags.
fn to_json(yaml: serde_yaml::Value) -> Value {
    match yaml {
        serde_yaml::Value::Mapping(mapping) => {
            let entries = mapping.into_iter().map(|(key, value)| {
                let key = match key {
                    serde_yaml::Value::String(key) => key,
                    other => serde_yaml::to_string(&other).unwrap().trim().to_owned(),
                };
                (key, to_json(value))
            });
            Value::Object(entries.collect())
        }
        serde_yaml::Value::Sequence(values) => Value::Array(values.into_iter().map(to_json).collect()),
        plain => serde_json::to_value(plain).unwrap(),
    }
}
