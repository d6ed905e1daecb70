//! One spelling for each JSON value, its hash, and whether a live object still has all that was applied. Reads nothing.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use serde_json::Value;

/// First 16 hexadecimal digits of the SHA-256 of the value, its keys in order.
#[must_use]
pub fn hash(value: &Value) -> String {
    let text = text(value);
    digest(&SHA256, text.as_bytes()).as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value without spaces, its keys in order whatever map type the JSON library was built with.
fn text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let ordered: BTreeMap<&String, String> =
                fields.iter().map(|(name, value)| (name, text(value))).collect();
            let parts: Vec<String> = ordered
                .iter()
                .map(|(name, value)| format!("{}:{value}", Value::String((*name).clone())))
                .collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

/// Whether `live` has everything that `wanted` has. What the API server or others added does not count. Quantities that
/// are spelled otherwise make it false, which costs one apply that changes nothing.
#[must_use]
pub fn holds(live: &Value, wanted: &Value) -> bool {
    match (live, wanted) {
        (Value::Object(live), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| live.get(name).is_some_and(|found| holds(found, value)))
        }
        (Value::Array(live), Value::Array(wanted)) => {
            live.len() == wanted.len() && live.iter().zip(wanted).all(|(live, wanted)| holds(live, wanted))
        }
        (live, wanted) => live == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hash_depends_on_content_and_not_on_order() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"c":[1,2],"d":null}}"#).unwrap();
        let same: Value = serde_json::from_str(r#"{"b":{"d":null,"c":[1,2]},"a":1}"#).unwrap();
        let other = json!({"a":1,"b":{"c":[2,1],"d":null}});
        assert_eq!(hash(&one), hash(&same));
        assert_ne!(hash(&one), hash(&other));
        assert_eq!(hash(&one).len(), 16);
    }

    #[test]
    fn additions_are_let_be_and_changes_are_seen() {
        let wanted = json!({"spec": {"ports": [{"port": 1}], "type": "ClusterIP"}});
        let live = json!({"spec": {"ports": [{"port": 1, "protocol": "TCP"}], "type": "ClusterIP", "x": 1}, "status": {}});
        assert!(holds(&live, &wanted));
        assert!(!holds(&json!({"spec": {"ports": [], "type": "ClusterIP"}}), &wanted));
        assert!(!holds(&json!({"spec": {"ports": [{"port": 2}], "type": "ClusterIP"}}), &wanted));
    }
}
