//! What is generated from the types of the resources is, in the checkout, what these types give today. Writes nothing
//! into the checkout; `make generate` does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders that hold nothing but generated files.
const WHOLLY_GENERATED: &[&str] = &["crds", "charts/holdfast/files/crds"];

fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package).parent().expect("the package stands one folder below the root").to_path_buf()
}

fn texts_below(folder: &Path) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("a folder can be listed to its end").path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies below").display().to_string();
                texts.insert(name, std::fs::read_to_string(&path).expect("generated files are text"));
            }
        }
    }
    texts
}

#[test]
fn generated_files_are_those_of_the_checkout() {
    let folder = tempfile::tempdir().expect("a folder for what is generated");
    let status =
        Command::new(env!("CARGO_BIN_EXE_crdgen")).arg(folder.path()).status().expect("it was built");
    assert!(status.success(), "crdgen: {status}");

    let wanted = texts_below(folder.path());
    assert!(wanted.contains_key("crds/holdfastclusters.yaml"), "{:?}", wanted.keys());
    let mut findings = Vec::new();
    for (path, text) in &wanted {
        match std::fs::read_to_string(root().join(path)) {
            Ok(found) if found == *text => {}
            Ok(_) => findings.push(format!("{path}: differs from what operator/src/crd gives")),
            Err(error) => findings.push(format!("{path}: {error}")),
        }
    }
    for folder in WHOLLY_GENERATED {
        for name in texts_below(&root().join(folder)).into_keys() {
            let path = format!("{folder}/{name}");
            if !wanted.contains_key(&path) {
                findings.push(format!("{path}: nothing gives it any more"));
            }
        }
    }
    assert!(
        findings.is_empty(),
        "\n\n{}\n\nRun `make generate` and look at the difference.\n",
        findings.join("\n")
    );
}
