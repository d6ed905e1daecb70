//! Colours on terminals, and columns. Pure but for asking whether somebody watches.

use std::io::IsTerminal;

/// Whether to use colours: on a terminal, unless `NO_COLOR` is set (no-color.org).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    is_colourful: bool,
}

impl Paint {
    /// For standard output.
    pub fn for_output() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { is_colourful: std::io::stdout().is_terminal() && !is_unwanted }
    }

    /// Never with colours.
    #[cfg(test)]
    pub fn plain() -> Self {
        Self { is_colourful: false }
    }

    /// Something good.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Something to look at.
    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.with("1", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.is_colourful { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Rows in columns that are as wide as they must be, two blanks between them.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
