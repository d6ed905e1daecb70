//! Every put, get, del, txn, watch, lease and compaction command of etcd's own guide, with etcdctl and with curl, on the
//! reference server and on Holdfast: both must print what stands in `scripts/guide/*.txt`.
//! `HOLDFAST_REWRITE_SCRIPTS=1 cargo test -p holdfast-tests --test guide` writes what the reference server prints.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::path::{Path, PathBuf};

use holdfast_tests::binaries::{ReferenceTool, have_reference};
use holdfast_tests::{Implementation, Server};

#[path = "guide/script.rs"]
mod script;
#[path = "guide/session.rs"]
mod session;

const REWRITE_VARIABLE: &str = "HOLDFAST_REWRITE_SCRIPTS";

#[tokio::test]
async fn the_reference_server_prints_what_stands_in_the_scripts() {
    let tools = [ReferenceTool::Etcd, ReferenceTool::Etcdctl];
    if !have_reference("the_reference_server_prints_what_stands_in_the_scripts", &tools) {
        return;
    }
    let rewrite = std::env::var_os(REWRITE_VARIABLE).is_some();
    let mut different = String::new();
    for path in scripts() {
        let script = std::fs::read_to_string(&path).unwrap();
        let printed = play(&script, Implementation::Etcd).await;
        if rewrite {
            std::fs::write(&path, printed).unwrap();
        } else {
            script::describe_difference(&path, &script, &printed, &mut different);
        }
    }
    assert!(different.is_empty(), "{different}\nset {REWRITE_VARIABLE}=1 to take these over");
}

#[tokio::test]
async fn holdfast_prints_what_stands_in_the_scripts() {
    if !have_reference("holdfast_prints_what_stands_in_the_scripts", &[ReferenceTool::Etcdctl]) {
        return;
    }
    let mut different = String::new();
    for path in scripts() {
        let script = std::fs::read_to_string(&path).unwrap();
        let printed = play(&script, Implementation::Holdfast).await;
        script::describe_difference(&path, &script, &printed, &mut different);
    }
    assert!(different.is_empty(), "{different}");
}

fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/guide");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect();
    scripts.sort();
    assert!(!scripts.is_empty());
    scripts
}

/// The script with what its commands print on a fresh server of `implementation`.
async fn play(script: &str, implementation: Implementation) -> String {
    let server = Server::start(implementation).await.unwrap();
    let mut session = session::Session::new(&server);
    script::with_output(script, |step| session.run(step))
}
