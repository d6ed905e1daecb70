//! The tests that the `etcd-client` crate ships for its KV, txn, watch and lease calls, run against Holdfast. Their
//! sources are taken from the registry's copy of the crate, changed in nothing but the endpoint, and never kept here.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdfast_tests::{Implementation, Server};

/// The endpoint that the crate's tests are written for.
const ENDPOINT: &str = "\"localhost:2379\"";

/// The tests that are run, by the name that the crate gives them.
const TESTS: [&str; 14] = [
    "test_put",
    "test_get",
    "test_get_stream",
    "test_get_stream_chunked",
    "test_delete",
    "test_compact",
    "test_txn",
    "test_watch",
    "test_grant_revoke",
    "test_keep_alive",
    "test_time_to_live",
    "test_leases",
    "test_status",
    "test_remove_and_add_endpoint",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tests_of_the_rust_client_pass() {
    let server = Server::start(Implementation::Holdfast).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_package(folder.path(), server.client_address());
    let output = cargo()
        .args(["test", "--offline", "--test", "client", "--manifest-path"])
        .arg(folder.path().join("Cargo.toml"))
        // Those for etcd 3.7 are marked as ignored.
        .args(["--", "--exact", "--include-ignored"])
        .args(TESTS)
        .env("CARGO_TARGET_DIR", target_folder())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains(&format!("{} passed; 0 failed; 0 ignored", TESTS.len())), "{text}");
}

/// A package that has the crate's tests as its own, with the versions and settings of this workspace.
fn write_package(folder: &Path, server: SocketAddr) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let manifest = std::fs::read_to_string(workspace.join("Cargo.toml")).unwrap();
    let profiles = &manifest[manifest.find("# One optimisation level").unwrap()..];
    let package = "[package]\nname = \"etcd-client-suite\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
        [dependencies]\netcd-client = \"*\"\n\n[dev-dependencies]\nserial_test = \"*\"\n\
        tokio = { version = \"*\", features = [\"full\"] }\n\n";
    std::fs::write(folder.join("Cargo.toml"), format!("{package}{profiles}")).unwrap();
    std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/lib.rs"), "").unwrap();

    let tests = folder.join("tests");
    std::fs::create_dir_all(&tests).unwrap();
    let sources = crate_folder(workspace).join("tests");
    std::fs::copy(sources.join("client.rs"), tests.join("client.rs")).unwrap();
    let shared = std::fs::read_to_string(sources.join("testing.rs")).unwrap();
    assert_eq!(
        shared.matches(ENDPOINT).count(),
        1,
        "the crate's tests name their endpoint in another way now"
    );
    std::fs::write(tests.join("testing.rs"), shared.replace(ENDPOINT, &format!("\"{server}\""))).unwrap();
}

/// Where the registry keeps the crate's sources.
fn crate_folder(workspace: &Path) -> PathBuf {
    let output = cargo()
        .args(["metadata", "--format-version=1", "--offline", "--manifest-path"])
        .arg(workspace.join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|package| package["name"] == "etcd-client").unwrap();
    Path::new(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}

/// The target folder that this test was built into, so that what both need is compiled once.
fn target_folder() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
