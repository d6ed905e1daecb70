//! Answers of the v2 API in the very bytes that Go's encoder gives: order of the fields, empty ones left out, escapes.
//! Trees are written piece by piece and without recursion: how large and how deep they are is up to clients.

use std::fmt::Write;

use holdfast_core::v2::{V2Event, V2Node};

use super::time;

/// The answer to a read, written node by node.
#[derive(Debug)]
pub(super) struct TreeWriter {
    /// Directories that are open, with whether anything in them was written.
    open: Vec<(V2Node, bool)>,
    now_unix_nanos: i64,
}

impl TreeWriter {
    /// Begins an answer with the node that was asked for.
    pub fn begin(json: &mut String, node: V2Node, now_unix_nanos: i64) -> TreeWriter {
        json.push_str("{\"action\":\"get\",\"node\":");
        let mut writer = TreeWriter { open: Vec::new(), now_unix_nanos };
        writer.open(json, node);
        writer
    }

    /// Writes the next node: each directory comes before what is in it.
    pub fn add(&mut self, json: &mut String, node: V2Node) {
        while let Some((directory, has_nodes)) = self.open.last_mut() {
            if node.path.is_below(&directory.path) {
                json.push_str(if *has_nodes { "," } else { ",\"nodes\":[" });
                *has_nodes = true;
                break;
            }
            self.close(json);
        }
        self.open(json, node);
    }

    /// Ends the answer.
    pub fn end(mut self, json: &mut String) {
        while !self.open.is_empty() {
            self.close(json);
        }
        json.push_str("}\n");
    }

    fn open(&mut self, json: &mut String, node: V2Node) {
        begin_node(json, &node, self.now_unix_nanos);
        if node.is_directory {
            self.open.push((node, false));
        } else {
            end_node(json, &node);
        }
    }

    fn close(&mut self, json: &mut String) {
        if let Some((directory, has_nodes)) = self.open.pop() {
            if has_nodes {
                json.push(']');
            }
            end_node(json, &directory);
        }
    }
}

/// An event, as an answer to a change or a line of a wait.
pub(super) fn event(event: &V2Event, has_nodes: bool, now_unix_nanos: i64) -> String {
    let mut json = format!("{{\"action\":\"{}\"", event.action.name());
    if has_nodes {
        json.push_str(",\"node\":");
        write_node(&mut json, &event.node, now_unix_nanos);
        if let Some(prev_node) = &event.prev_node {
            json.push_str(",\"prevNode\":");
            write_node(&mut json, prev_node, now_unix_nanos);
        }
    }
    json.push_str("}\n");
    json
}

/// A refusal.
pub(super) fn error(code: u16, message: &str, cause: &str, index: i64) -> String {
    let mut json = format!("{{\"errorCode\":{code},\"message\":");
    write_string(&mut json, message.as_bytes());
    if !cause.is_empty() {
        json.push_str(",\"cause\":");
        write_string(&mut json, cause.as_bytes());
    }
    let _ = write!(json, ",\"index\":{index}}}");
    json.push('\n');
    json
}

fn write_node(json: &mut String, node: &V2Node, now_unix_nanos: i64) {
    begin_node(json, node, now_unix_nanos);
    end_node(json, node);
}

/// Everything before the nodes in a node.
fn begin_node(json: &mut String, node: &V2Node, now_unix_nanos: i64) {
    let mut separator = '{';
    let mut name = |json: &mut String, name: &str| {
        let _ = write!(json, "{separator}\"{name}\":");
        separator = ',';
    };
    if !node.path.is_root() {
        name(json, "key");
        write_string(json, node.path.as_bytes());
    }
    if let Some(value) = &node.value {
        name(json, "value");
        write_string(json, value);
    }
    if node.is_directory {
        name(json, "dir");
        json.push_str("true");
    }
    if let Some(expiration) = node.expiration_unix_nanos {
        name(json, "expiration");
        let _ = write!(json, "\"{}\"", time::rfc3339(expiration));
        let ttl = time::seconds_left(expiration, now_unix_nanos);
        if ttl != 0 {
            name(json, "ttl");
            let _ = write!(json, "{ttl}");
        }
    }
}

/// Everything behind the nodes in a node.
fn end_node(json: &mut String, node: &V2Node) {
    for (name, index) in [("modifiedIndex", node.modified_index), ("createdIndex", node.created_index)] {
        if index.0 != 0 {
            let _ = write!(json, ",\"{name}\":{index}");
        }
    }
    json.push('}');
}

/// A string with Go's escapes, which keep HTML and JavaScript apart from JSON. Bytes that are no UTF-8 become U+FFFD,
/// each by itself.
pub(super) fn write_string(json: &mut String, bytes: &[u8]) {
    json.push('"');
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => json.push_str("\\\""),
                '\\' => json.push_str("\\\\"),
                '\n' => json.push_str("\\n"),
                '\r' => json.push_str("\\r"),
                '\t' => json.push_str("\\t"),
                '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    let _ = write!(json, "\\u{:04x}", u32::from(character));
                }
                other => json.push(other),
            }
        }
        for _ in chunk.invalid() {
            json.push_str("\\ufffd");
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use holdfast_core::ids::Revision;
    use holdfast_core::v2::{V2Action, V2Path};

    use super::*;

    fn node(path: &str, value: Option<&str>) -> V2Node {
        V2Node {
            path: V2Path::clean(path.as_bytes()).unwrap(),
            value: value.map(|value| value.to_owned().into()),
            is_directory: value.is_none(),
            expiration_unix_nanos: None,
            modified_index: Revision(3),
            created_index: Revision(2),
        }
    }

    fn tree(node: &V2Node, below: &[V2Node]) -> String {
        let mut json = String::new();
        let mut writer = TreeWriter::begin(&mut json, node.clone(), 0);
        below.iter().for_each(|node| writer.add(&mut json, node.clone()));
        writer.end(&mut json);
        json
    }

    #[test]
    fn trees_nest_and_empty_fields_are_left_out() {
        let root = V2Node { modified_index: Revision(0), created_index: Revision(0), ..node("/", None) };
        assert_eq!(tree(&root, &[]), "{\"action\":\"get\",\"node\":{\"dir\":true}}\n");
        let below = vec![node("/a", None), node("/a/b", None), node("/a/c", Some("")), node("/d", Some("1"))];
        let expected = concat!(
            r#"{"action":"get","node":{"dir":true,"nodes":["#,
            r#"{"key":"/a","dir":true,"nodes":["#,
            r#"{"key":"/a/b","dir":true,"modifiedIndex":3,"createdIndex":2},"#,
            r#"{"key":"/a/c","value":"","modifiedIndex":3,"createdIndex":2}"#,
            r#"],"modifiedIndex":3,"createdIndex":2},"#,
            r#"{"key":"/d","value":"1","modifiedIndex":3,"createdIndex":2}]}}"#,
            "\n",
        );
        assert_eq!(tree(&root, &below), expected);
    }

    #[test]
    fn events_tell_the_node_before_and_the_time_left() {
        let ends = V2Node { expiration_unix_nanos: Some(1_500_000_000), ..node("/a", Some("1")) };
        let set = V2Event { action: V2Action::Set, node: ends, prev_node: Some(node("/a", Some("0"))) };
        let expected = concat!(
            r#"{"action":"set","node":{"key":"/a","value":"1","expiration":"1970-01-01T00:00:01.5Z","ttl":2,"#,
            r#""modifiedIndex":3,"createdIndex":2},"#,
            r#""prevNode":{"key":"/a","value":"0","modifiedIndex":3,"createdIndex":2}}"#,
            "\n",
        );
        assert_eq!(event(&set, true, 1), expected);
        assert_eq!(event(&set, false, 1), "{\"action\":\"set\"}\n");
    }

    #[test]
    fn strings_are_escaped_as_by_go() {
        let mut json = String::new();
        write_string(&mut json, "a\"\\\n\r\t\u{1}\u{8}<>&\u{2028}\u{e9}".as_bytes());
        write_string(&mut json, b"\xff\xc3(\xe2\x82");
        let expected = "\"a\\\"\\\\\\n\\r\\t\\u0001\\u0008\\u003c\\u003e\\u0026\\u2028\u{e9}\"\"\\ufffd\\ufffd(\\ufffd\\ufffd\"";
        assert_eq!(json, expected);
    }
}
