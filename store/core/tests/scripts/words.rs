//! A script line as words: positions first, then options as `name` or `name=value`. Every word must be used.

use bytes::Bytes;
use holdfast_core::key_range::KeyRange;

pub struct Words<'l> {
    line: &'l str,
    words: Vec<&'l str>,
}

impl<'l> Words<'l> {
    pub fn new(line: &'l str) -> Words<'l> {
        Words { line, words: line.split_whitespace().collect() }
    }

    /// The next word that is no option.
    pub fn next(&mut self) -> &'l str {
        assert!(!self.words.is_empty(), "a word is missing in: {}", self.line);
        self.words.remove(0)
    }

    pub fn number<N: std::str::FromStr>(&mut self) -> N {
        self.parse(self.words.first().copied().unwrap_or_default(), true)
    }

    /// All words that are left.
    pub fn rest(&mut self) -> Vec<&'l str> {
        std::mem::take(&mut self.words)
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| *word != name);
        self.words.len() < before
    }

    /// The value of `name=value`.
    pub fn option(&mut self, name: &str) -> Option<&'l str> {
        let at = self
            .words
            .iter()
            .position(|word| word.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))?;
        Some(&self.words.remove(at)[name.len() + 1..])
    }

    pub fn number_option<N: std::str::FromStr + Default>(&mut self, name: &str) -> N {
        self.option(name).map_or_else(N::default, |value| self.parse(value, false))
    }

    fn parse<N: std::str::FromStr>(&mut self, word: &str, take: bool) -> N {
        if take {
            self.next();
        }
        word.parse().unwrap_or_else(|_| panic!("{word:?} is no number in: {}", self.line))
    }

    /// A range: `a` one key, `a..c` up to, without, `c`, `a..` without end, `a*` a prefix.
    pub fn range(&mut self) -> KeyRange {
        let word = self.next();
        match (word.split_once(".."), word.strip_suffix('*')) {
            (Some((start, "")), _) => KeyRange::From(bytes(start)),
            (Some((start, end)), _) => KeyRange::Bounded { start: bytes(start), end: bytes(end) },
            (_, Some(prefix)) => KeyRange::prefix(prefix.as_bytes()),
            _ => KeyRange::Single(bytes(word)),
        }
    }

    pub fn end(self) {
        assert!(self.words.is_empty(), "too many words in: {}", self.line);
    }
}

pub fn bytes(word: &str) -> Bytes {
    Bytes::copy_from_slice(word.as_bytes())
}
