//! Reads Markdown as far as the checks need: headings, links, and paths between backticks.

/// A link of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Line, from 1.
    pub line: usize,
    /// What stands between the parentheses.
    pub target: String,
}

/// Every link `[text](target)` outside of code blocks and code spans.
#[must_use]
pub fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        let outside_spans: String = content
            .split('`')
            .enumerate()
            .filter(|(index, _)| index % 2 == 0)
            .map(|(_, part)| part)
            .collect();
        for part in outside_spans.split("](").skip(1) {
            if let Some((target, _)) = part.split_once(')') {
                found.push(Link { line, target: target.to_owned() });
            }
        }
    }
    found
}

/// The anchors that the headings of a document give, as GitHub writes them.
#[must_use]
pub fn headings(text: &str) -> Vec<String> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
                .map(|letter| if letter == ' ' { '-' } else { letter })
                .collect()
        })
        .collect()
}

/// Every code span, outside of code blocks, that starts with one of `folders` and a slash: a path of the repository.
#[must_use]
pub fn paths_in_code_spans(text: &str, folders: &[String]) -> Vec<Link> {
    let mut found = Vec::new();
    for (line, content) in prose(text) {
        for (index, part) in content.split('`').enumerate() {
            let is_path =
                part.split_once('/').is_some_and(|(first, _)| folders.iter().any(|name| name == first));
            if index % 2 == 1 && is_path && !part.contains(char::is_whitespace) && !part.contains('*') {
                found.push(Link { line, target: part.to_owned() });
            }
        }
    }
    found
}

fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_block = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        if fence {
            in_block = !in_block;
        }
        (!fence && !in_block).then_some((index + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_outside_of_code() {
        let text = "[a](b.md) and `[c](d.md)`\n```\n[e](f.md)\n```\n[g](#h)\n";
        let targets: Vec<_> = links(text).into_iter().map(|link| (link.line, link.target)).collect();
        assert_eq!(targets, [(1, "b.md".to_owned()), (5, "#h".to_owned())]);
    }

    #[test]
    fn writes_anchors_as_a_browser_asks_for_them() {
        assert_eq!(headings("# A put, and a read\n## `kill -9`\n"), ["a-put-and-a-read", "kill--9"]);
    }

    #[test]
    fn finds_paths_of_the_repository_only() {
        let folders = ["store".to_owned()];
        let found =
            paths_in_code_spans("`store/a.rs`, `a/store/b.rs`, `store`, store/c.rs, `store/*`", &folders);
        assert_eq!(found, [Link { line: 1, target: "store/a.rs".to_owned() }]);
    }
}
