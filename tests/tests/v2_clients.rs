//! Clients of the v2 API that others wrote, against Holdfast.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::path::Path;
use std::process::Command;

use holdfast_tests::binaries::{ReferenceTool, have_reference, reference};
use holdfast_tests::{Implementation, Server};

#[tokio::test]
async fn python_etcd_finds_what_it_promises() {
    if !have_reference("python_etcd_finds_what_it_promises", &[ReferenceTool::PythonEtcd]) {
        return;
    }
    let server = Server::start(Implementation::Holdfast).await.unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/python_etcd.py");
    let address = server.client_address();
    let run = Command::new(reference(ReferenceTool::PythonEtcd).unwrap())
        .arg(script)
        .args([address.ip().to_string(), address.port().to_string()])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}
