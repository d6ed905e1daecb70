//! Names of files and folders, and what every package and script has.

use holdfast_tidy::Checkout;

use crate::assert_none;

/// Built by a nightly compiler, in a workspace of its own; its macro does what the lints forbid.
const OWN_WORKSPACE: &str = "fuzz/Cargo.toml";

const NAMELESS: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc"];

#[test]
fn nothing_is_called_by_what_it_is_not() {
    let checkout = Checkout::read();
    let mut findings = Vec::new();
    for file in checkout.files() {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            if NAMELESS.contains(&stem) {
                findings.push(format!("{}: `{stem}` names nothing: say what is in it", file.path));
            }
        }
    }
    assert_none(&findings);
}

#[test]
fn every_package_takes_the_workspace_lints() {
    let checkout = Checkout::read();
    let mut findings = Vec::new();
    for file in checkout.with_extension("toml").filter(|file| file.path.ends_with("/Cargo.toml")) {
        if file.path != OWN_WORKSPACE && !file.text.contains("\n[lints]\nworkspace = true\n") {
            findings.push(format!("{}: add `[lints]` with `workspace = true`", file.path));
        }
    }
    assert_none(&findings);
}

#[test]
fn every_script_says_its_role_and_stops_at_errors() {
    let checkout = Checkout::read();
    let mut findings = Vec::new();
    for file in checkout.files().iter().filter(|file| file.text.starts_with("#!/usr/bin/env bash\n")) {
        if !file.text.lines().nth(1).is_some_and(|line| line.starts_with("# ")) {
            findings.push(format!("{}:2: say the script's role", file.path));
        }
        if !file.text.lines().any(|line| line == "set -euo pipefail") {
            findings.push(format!("{}: add `set -euo pipefail`", file.path));
        }
    }
    assert_none(&findings);
}
