//! The wall around the pure core: what its dependency tree may hold. Clippy's list in `store/core/clippy.toml` keeps
//! clocks, threads and random order out of its code; this keeps them out of its manifest.

use std::collections::BTreeSet;
use std::process::Command;

use holdfast_tidy::Checkout;

use crate::assert_none;

/// Everything that `holdfast-core` may be built from: bytes, its codec's derive, error derive and a hash.
const ALLOWED: &[&str] = &[
    "anyhow",
    "bytes",
    "either",
    "holdfast-core",
    "itertools",
    "proc-macro2",
    "prost",
    "prost-derive",
    "quote",
    "syn",
    "thiserror",
    "thiserror-impl",
    "unicode-ident",
    "xxhash-rust",
];

#[test]
fn the_core_has_no_runtime_beneath_it() {
    let checkout = Checkout::read();
    let arguments =
        "tree --offline --locked --package holdfast-core --edges normal --prefix none --format {p}";
    let tree = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments.split(' '))
        .current_dir(checkout.root())
        .output()
        .expect("cargo runs this test, so it can be run");
    assert!(tree.status.success(), "cargo {arguments}: {}", String::from_utf8_lossy(&tree.stderr));

    let printed = String::from_utf8_lossy(&tree.stdout).into_owned();
    let found: BTreeSet<&str> = printed.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(found.contains("holdfast-core"), "cargo {arguments} printed: {printed}");
    let findings: Vec<String> = found
        .iter()
        .filter(|name| !ALLOWED.contains(name))
        .map(|name| {
            format!(
                "store/core/Cargo.toml: brings in {name}; the core takes no clock, thread, file or randomness"
            )
        })
        .collect();
    assert_none(&findings);
}
