//! Facts about one Rust file, read from its text alone.

/// Whether the file holds nothing but tests, by its place.
#[must_use]
pub fn is_test_source(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// How many lines the header (`//!`) at the top has.
#[must_use]
pub fn header_lines(text: &str) -> usize {
    text.lines().take_while(|line| line.starts_with("//!")).count()
}

/// The number of lines without a module of tests at the end of the file.
#[must_use]
pub fn lines_without_inline_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let inline = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    inline.unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_up_to_the_tests() {
        assert_eq!(lines_without_inline_tests("//! a\nfn a() {}\n#[cfg(test)]\nmod tests {\n}\n"), 2);
        assert_eq!(lines_without_inline_tests("//! a\n#[cfg(test)]\nmod tests;\nfn a() {}\n"), 4);
    }

    #[test]
    fn counts_header_lines_at_the_top_only() {
        assert_eq!(header_lines("//! a\n//! b\n\n//! c\n"), 2);
        assert_eq!(header_lines("\n//! a\n"), 0);
    }
}
