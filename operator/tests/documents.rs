//! The troubleshooting page explains every reason that a condition can have, and no other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use holdfast_plan::Reason;

/// Sources whose words between quotes are reasons, where they are not in the list of `holdfast-plan`, and words there
/// that are none.
const SOURCES: &[(&str, &[&str])] = &[
    ("operator/src/trust/report.rs", &[]),
    ("operator/src/access/cluster.rs", &["Done"]),
    ("operator/src/status/mod.rs", &[]),
];
/// Said where no other condition is.
const ELSEWHERE: &[&str] = &["NotAsked"];
/// The part of the page that is not about reasons.
const OTHER: &str = "\n## Other things\n";

fn read(path: &str) -> String {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    let root: PathBuf = Path::new(&package).parent().expect("it stands one folder below the root").into();
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Words such as `"AuthorityLost"` in code.
fn quoted_words(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').filter(|part| {
        part.len() > 2
            && part.starts_with(|first: char| first.is_ascii_uppercase())
            && part.bytes().all(|letter| letter.is_ascii_alphabetic())
            && part.bytes().any(|letter| letter.is_ascii_lowercase())
    })
}

#[test]
fn the_troubleshooting_page_has_each_reason_and_no_other() {
    let mut reasons: BTreeSet<String> = Reason::ALL.iter().map(ToString::to_string).collect();
    reasons.extend(ELSEWHERE.iter().map(|&reason| reason.to_owned()));
    for (path, not_reasons) in SOURCES {
        let text = read(path);
        reasons.extend(quoted_words(&text).filter(|word| !not_reasons.contains(word)).map(str::to_owned));
    }
    let page = read("docs/troubleshooting.md");
    let (about_reasons, _) = page.split_once(OTHER).expect("the page ends with other things");
    let headings: BTreeSet<String> =
        about_reasons.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    let missing: Vec<_> = reasons.difference(&headings).collect();
    let unknown: Vec<_> = headings.difference(&reasons).collect();
    assert!(missing.is_empty(), "docs/troubleshooting.md has no heading for {missing:?}");
    assert!(unknown.is_empty(), "docs/troubleshooting.md explains what is never reported: {unknown:?}");
}
