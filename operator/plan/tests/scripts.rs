//! Golden scripts: each document of `scripts/*.yaml` is a moment of a cluster's life above `plan:` and the plan below.
//! `HOLDFAST_REWRITE_SCRIPTS=1 cargo test -p holdfast-plan --test scripts` writes the plans that there are now.
//! What a document does not say is as in a healthy cluster (`start`, see scripts/start.rs).

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

#[path = "scripts/moment.rs"]
mod moment;
#[path = "scripts/print.rs"]
mod print;
#[path = "scripts/start.rs"]
mod start;

const REWRITE_VARIABLE: &str = "HOLDFAST_REWRITE_SCRIPTS";
const DOCUMENT_MARK: &str = "\n---\n";
const PLAN_MARK: &str = "\nplan:";

#[test]
fn scripts_give_the_plans_that_stand_in_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    scripts.sort();
    let rewrite = std::env::var_os(REWRITE_VARIABLE).is_some();
    let mut different = String::new();
    let mut moments = 0;
    for path in scripts {
        let script = std::fs::read_to_string(&path).unwrap();
        let (now, count) = run(&script, &path);
        moments += count;
        if now == script {
            continue;
        }
        if rewrite {
            std::fs::write(&path, now).unwrap();
        } else {
            describe(&path, &script, &now, &mut different);
        }
    }
    assert!(moments >= 40, "only {moments} moments were found");
    assert!(different.is_empty(), "{different}\nset {REWRITE_VARIABLE}=1 to take these over");
}

/// The script with the plans that there are now, and how many those are.
fn run(script: &str, path: &Path) -> (String, usize) {
    let documents: Vec<String> = script
        .trim_end()
        .split(DOCUMENT_MARK)
        .map(|document| {
            let given = document.split(PLAN_MARK).next().unwrap().trim_end();
            let (desired, memory, observed) =
                moment::read(given).unwrap_or_else(|error| panic!("{}: {error} in\n{given}", path.display()));
            let plan = holdfast_plan::plan(&desired, &memory, &observed);
            format!("{given}{PLAN_MARK}\n{}", print::plan(&plan).trim_end())
        })
        .collect();
    (documents.join(DOCUMENT_MARK) + "\n", documents.len())
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
