//! File sizes, as a ratchet: what is over the limit today stands in `large_files.txt` with its size, and a size there
//! may only go down.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use holdfast_tidy::{Checkout, header_lines, is_test_source, lines_without_inline_tests};

use crate::assert_none;

const LINES_MAX: usize = 400;
const TEST_LINES_MAX: usize = 800;
const HEADER_LINES_MAX: usize = 5;
const LARGE_FILES: &str = "tests/tidy/large_files.txt";
const REWRITE_VARIABLE: &str = "HOLDFAST_REWRITE_TIDY";

fn over_the_limit(checkout: &Checkout) -> BTreeMap<String, usize> {
    let mut over = BTreeMap::new();
    for file in checkout.with_extension("rs") {
        let (lines, limit) = if is_test_source(&file.path) {
            (file.text.lines().count(), TEST_LINES_MAX)
        } else {
            (lines_without_inline_tests(&file.text), LINES_MAX)
        };
        if lines > limit {
            over.insert(file.path.clone(), lines);
        }
    }
    over
}

fn listed(text: &str) -> BTreeMap<String, usize> {
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (lines, path) = line.split_once(' ').unwrap_or_else(|| panic!("{LARGE_FILES}: {line}"));
            (path.to_owned(), lines.parse().unwrap_or_else(|error| panic!("{LARGE_FILES}: {line}: {error}")))
        })
        .collect()
}

#[test]
fn large_files_only_shrink() {
    let checkout = Checkout::read();
    let over = over_the_limit(&checkout);
    let list = checkout.text(LARGE_FILES);
    let listed = listed(list);
    if std::env::var_os(REWRITE_VARIABLE).is_some() {
        return write_lower(&checkout, list, &listed, &over);
    }
    let mut findings = Vec::new();
    for (path, lines) in &over {
        match listed.get(path) {
            None => findings.push(format!(
                "{path}: {lines} lines; the limit is {LINES_MAX}, {TEST_LINES_MAX} for tests: split it by what it does"
            )),
            Some(before) if lines > before => {
                findings.push(format!("{path}: grew from {before} to {lines} lines; it may only shrink"));
            }
            Some(_) => {}
        }
    }
    for (path, before) in &listed {
        let now = over.get(path).copied().unwrap_or_default();
        if now < *before {
            findings.push(format!("{path}: shrank; `make fix` lowers its line in {LARGE_FILES}"));
        }
    }
    assert_none(&findings);
}

fn write_lower(
    checkout: &Checkout,
    list: &str,
    listed: &BTreeMap<String, usize>,
    over: &BTreeMap<String, usize>,
) {
    let mut text = String::new();
    for comment in list.lines().take_while(|line| line.starts_with('#')) {
        writeln!(text, "{comment}").expect("a string takes every write");
    }
    for (path, before) in listed {
        if let Some(now) = over.get(path) {
            writeln!(text, "{} {path}", now.min(before)).expect("a string takes every write");
        }
    }
    std::fs::write(checkout.root().join(LARGE_FILES), text).expect("the checkout can be written");
}

#[test]
fn every_source_opens_with_its_role() {
    let checkout = Checkout::read();
    let mut findings = Vec::new();
    for file in checkout.with_extension("rs") {
        match header_lines(&file.text) {
            0 => findings
                .push(format!("{}: starts without `//!`: say its role and what it must not do", file.path)),
            lines if lines > HEADER_LINES_MAX => {
                let excess = format!("{lines} lines of header, the limit is {HEADER_LINES_MAX}");
                findings.push(format!("{}: {excess}: move the rest to the item it is about", file.path));
            }
            _ => {}
        }
    }
    assert_none(&findings);
}
