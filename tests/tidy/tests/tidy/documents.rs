//! The documents at the root keep up with the tree: the map of folders, the change log, links and paths.

use holdfast_tidy::{Checkout, TextFile, headings, links, paths_in_code_spans};

use crate::assert_none;

#[test]
fn the_readme_gives_each_top_folder_a_purpose() {
    let checkout = Checkout::read();
    let readme = checkout.text("README.md");
    let mut findings = Vec::new();
    for folder in checkout.top_folders() {
        let row = format!("| [`{folder}/`]({folder}) | ");
        if !readme.lines().any(|line| line.starts_with(&row) && line.len() > row.len() + 10) {
            findings.push(format!("README.md: the map has no row `{row}...`"));
        }
    }
    assert_none(&findings);
}

#[test]
fn the_change_log_says_what_comes_next() {
    let checkout = Checkout::read();
    let text = checkout.text("CHANGELOG.md");
    let (_, after) =
        text.split_once("\n## Unreleased\n").expect("CHANGELOG.md has a section `## Unreleased`");
    let section = after.split("\n## ").next().unwrap_or(after);
    assert!(section.lines().any(|line| line.starts_with("- ")), "CHANGELOG.md: `## Unreleased` has no entry");
}

#[test]
fn links_and_paths_in_documents_lead_somewhere() {
    let checkout = Checkout::read();
    let folders = checkout.top_folders();
    let mut findings = Vec::new();
    for document in checkout.with_extension("md") {
        for link in links(&document.text) {
            if let Some(fault) = fault_of(&checkout, document, &link.target) {
                findings.push(format!("{}:{}: {fault}", document.path, link.line));
            }
        }
        for path in paths_in_code_spans(&document.text, &folders) {
            if !checkout.has(&path.target) {
                findings.push(format!("{}:{}: there is no {}", document.path, path.line, path.target));
            }
        }
    }
    assert_none(&findings);
}

fn fault_of(checkout: &Checkout, document: &TextFile, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = document.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = if path.is_empty() { document.path.clone() } else { resolve(folder, path) };
    if !checkout.has(&path) {
        return Some(format!("the link leads to {path}, which is not there"));
    }
    if anchor.is_empty() || headings(checkout.text(&path)).iter().any(|heading| heading == anchor) {
        return None;
    }
    Some(format!("{path} has no heading #{anchor}"))
}

fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}
