//! Replaces in a text what may differ between two runs of a server: ids by their order of appearance, ports, terms,
//! remaining times. Must not touch anything else, since texts are compared byte for byte afterwards.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Ids are numbers or hexadecimal words at least this long; no key, value or revision of a test is.
const ID_DECIMAL_DIGITS: usize = 15;
const ID_HEXADECIMAL_DIGITS: usize = 13;

/// The longest ttl that counts as just granted: what remains of it depends on the machine's speed.
const REMAINING_SECONDS: std::ops::RangeInclusive<u64> = 490..=500;

/// What one run has shown so far.
#[derive(Debug, Default)]
pub struct Normaliser {
    texts: Vec<(String, String)>,
    ids: BTreeMap<u64, usize>,
    ignored: Vec<String>,
}

impl Normaliser {
    /// Knows no id and no address.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows `address` as `<name>`.
    pub fn add_address(&mut self, address: SocketAddr, name: &str) {
        self.add_text(&address.to_string(), name);
    }

    /// Shows `text` as `<name>`.
    pub fn add_text(&mut self, text: &str, name: &str) {
        self.texts.push((text.to_owned(), format!("<{name}>")));
    }

    /// Shows the number that follows `name` as `<name>`.
    pub fn ignore_number(&mut self, name: &str) {
        self.ignored.push(name.to_owned());
    }

    /// The text with all that may differ replaced.
    pub fn normalise(&mut self, text: &str) -> String {
        let text = self.texts.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let mut result = String::with_capacity(text.len());
        let mut word_start = None;
        for (position, character) in text.char_indices().chain([(text.len(), '\n')]) {
            let in_word = character.is_ascii_alphanumeric() && position < text.len();
            match (word_start, in_word) {
                (None, true) => word_start = Some(position),
                (Some(start), false) => {
                    let replaced = self.replace_word(&result, &text[start..position]);
                    result.push_str(&replaced);
                    word_start = None;
                }
                _ => {}
            }
            if !in_word && position < text.len() {
                result.push(character);
            }
        }
        result
    }

    fn replace_word(&mut self, before: &str, word: &str) -> String {
        if let Some(id) = id_in(word) {
            let next = self.ids.len() + 1;
            let number = *self.ids.entry(id).or_insert(next);
            return format!("<id {number}>");
        }
        let before = before.trim_end_matches(['"', ' ', ':', '(']);
        if word.parse::<u64>().is_ok() {
            let name = before
                .rsplit(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
                .next();
            if let Some(name) = self.ignored.iter().find(|ignored| Some(ignored.as_str()) == name) {
                return format!("<{name}>");
            }
        }
        let after_any = |names: &[&str]| names.iter().any(|name| before.ends_with(name));
        if after_any(&["raft_term", "RaftTerm"]) && word.parse::<u64>().is_ok() {
            return "<term>".to_owned();
        }
        let seconds = word.strip_suffix('s').unwrap_or(word).parse::<u64>();
        if after_any(&["remaining", "\"ttl", "\"TTL"])
            && seconds.is_ok_and(|value| REMAINING_SECONDS.contains(&value))
        {
            return "<remaining>".to_owned();
        }
        word.to_owned()
    }
}

/// JSON without the white space between its parts.
#[must_use]
pub fn without_json_spaces(json: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    json.chars()
        .filter(|&character| {
            let keep = in_string || !character.is_ascii_whitespace();
            if character == '"' && !escaped {
                in_string = !in_string;
            }
            escaped = in_string && character == '\\' && !escaped;
            keep
        })
        .collect()
}

fn id_in(word: &str) -> Option<u64> {
    if word.len() >= ID_DECIMAL_DIGITS && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().ok();
    }
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    if word.len() >= ID_HEXADECIMAL_DIGITS && hexadecimal { u64::from_str_radix(word, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{Normaliser, without_json_spaces};

    #[test]
    fn only_spaces_between_parts_go() {
        let json = "{ \"a b\": \"c \\\" d\", \"e\" : [1, 2] }\n";
        assert_eq!(without_json_spaces(json), r#"{"a b":"c \" d","e":[1,2]}"#);
    }

    #[test]
    fn ids_are_numbered_in_either_form() {
        let mut normaliser = Normaliser::new();
        let text =
            normaliser.normalise(r#"{"cluster_id":"14841639068965178418","member_id":10276657743932975437}"#);
        assert_eq!(text, r#"{"cluster_id":"<id 1>","member_id":<id 2>}"#);
        assert_eq!(normaliser.normalise("8e9e05c52164694d, cdf818194e3a8c32"), "<id 2>, <id 1>");
    }

    #[test]
    fn revisions_keys_and_values_stay() {
        let text =
            r#"{"revision":"12","key":"Zm9vMQ==","version":500,"x":"deadbeef"} granted with TTL(500s)"#;
        assert_eq!(Normaliser::new().normalise(text), text);
    }

    #[test]
    fn terms_addresses_and_remaining_times_are_replaced() {
        let mut normaliser = Normaliser::new();
        normaliser.add_address("127.0.0.1:2379".parse().unwrap(), "client");
        let text = r#"http://127.0.0.1:2379 "raft_term":"7" remaining(499s) "TTL" : 498 "raft_term":3"#;
        let expected = r#"http://<client> "raft_term":"<term>" remaining(<remaining>) "TTL" : <remaining> "raft_term":<term>"#;
        assert_eq!(normaliser.normalise(text), expected);
    }
}
