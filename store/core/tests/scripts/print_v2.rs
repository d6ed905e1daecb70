//! Nodes, listings and events of the v2 API as lines of text.

use std::fmt::Write;

use holdfast_core::v2::{V2Event, V2Node, V2Tree};

fn node(node: &V2Node) -> String {
    let mut line = node.path.to_string();
    if node.is_directory {
        line.push_str(" dir");
    }
    if let Some(value) = &node.value {
        write!(line, "={}", String::from_utf8_lossy(value)).unwrap();
    }
    write!(line, " modified {} created {}", node.modified_index, node.created_index).unwrap();
    if let Some(expiration) = node.expiration_unix_nanos {
        write!(line, " ends at {} s", expiration / 1_000_000_000).unwrap();
    }
    line
}

pub fn tree(tree: &V2Tree, text: &mut String) {
    writeln!(text, "{}", node(&tree.node)).unwrap();
    for below in &tree.below {
        writeln!(text, "  {}", node(below)).unwrap();
    }
}

pub fn event(event: &V2Event, text: &mut String) {
    let made = if event.is_creation() { " (made)" } else { "" };
    writeln!(text, "{}{made} {}", event.action.name(), node(&event.node)).unwrap();
    if let Some(prev_node) = &event.prev_node {
        writeln!(text, "  was {}", node(prev_node)).unwrap();
    }
}
