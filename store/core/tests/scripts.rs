//! Golden scripts: each block of `scripts/*.txt` has commands above a line of dashes and the whole output below.
//! `HOLDFAST_REWRITE_SCRIPTS=1 cargo test -p holdfast-core --test scripts` writes the output that there is now.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

#[path = "scripts/command.rs"]
mod command;
#[path = "scripts/command_v2.rs"]
mod command_v2;
#[path = "scripts/print.rs"]
mod print;
#[path = "scripts/print_v2.rs"]
mod print_v2;
#[path = "scripts/session.rs"]
mod session;
#[path = "store/mod.rs"]
mod store;
#[path = "scripts/words.rs"]
mod words;

use session::Session;

const REWRITE_VARIABLE: &str = "HOLDFAST_REWRITE_SCRIPTS";
const OUTPUT_MARK: &str = "----";

#[test]
fn scripts_give_the_output_that_stands_in_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    let rewrite = std::env::var_os(REWRITE_VARIABLE).is_some();
    let mut different = String::new();
    for path in scripts {
        let script = std::fs::read_to_string(&path).unwrap();
        let now = run(&script);
        if now == script {
            continue;
        }
        if rewrite {
            std::fs::write(&path, now).unwrap();
        } else {
            describe(&path, &script, &now, &mut different);
        }
    }
    assert!(different.is_empty(), "{different}\nset {REWRITE_VARIABLE}=1 to take these over");
}

/// The script with the output that its commands give now.
fn run(script: &str) -> String {
    let mut session = Session::new();
    let mut written = Vec::new();
    for block in script.trim_end().split("\n\n") {
        let commands = block.split(&format!("{OUTPUT_MARK}\n")).next().unwrap_or_default();
        let commands = commands.trim_end_matches(OUTPUT_MARK).trim_end();
        if commands.lines().all(|line| line.starts_with('#')) {
            written.push(commands.to_owned());
            continue;
        }
        let output = session.run(commands);
        written.push(format!("{commands}\n{OUTPUT_MARK}\n{output}").trim_end().to_owned());
    }
    written.join("\n\n") + "\n"
}

fn describe(path: &Path, script: &str, now: &str, text: &mut String) {
    let is_not_in = |lines: &str, line: &str| !lines.lines().any(|other| other == line);
    writeln!(text, "{}:", path.display()).unwrap();
    for line in script.lines().filter(|line| is_not_in(now, line)) {
        writeln!(text, "- {line}").unwrap();
    }
    for line in now.lines().filter(|line| is_not_in(script, line)) {
        writeln!(text, "+ {line}").unwrap();
    }
    if script.len() == now.len() {
        writeln!(text, "  (lines changed places)").unwrap();
    }
}
