//! Finds the programs that the tests run: the server under test, and the reference servers and tools. Builds nothing
//! and downloads nothing; what is missing is named together with the command that makes it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A program of the reference implementation, built from its Go module by the test set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceTool {
    /// The reference server.
    Etcd,
    /// Its command-line client.
    Etcdctl,
    /// Its offline tool.
    Etcdutl,
    /// Its load generator.
    Benchmark,
    /// The reference server of Debian, which still has the v2 API.
    EtcdV2,
    /// A Python that has the `python-etcd` package and Patroni.
    PythonEtcd,
}

impl ReferenceTool {
    fn file_name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Etcdctl => "etcdctl",
            Self::Etcdutl => "etcdutl",
            Self::Benchmark => "benchmark",
            Self::EtcdV2 => "etcd-v2",
            Self::PythonEtcd => "python/bin/python3",
        }
    }
}

/// Why a program cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// `HOLDFAST_BIN` names something that is not there.
    #[error("HOLDFAST_BIN is {path}, which is not a file; unset it or build there")]
    NamedServerMissing {
        /// What the variable holds.
        path: PathBuf,
    },
    /// The server was not built.
    #[error(
        "no holdfast binary at {}; run `cargo build -p holdfast` first, or set HOLDFAST_BIN",
        shown(searched)
    )]
    ServerMissing {
        /// Where it was looked for.
        searched: Vec<PathBuf>,
    },
    /// The reference tools were not built.
    #[error("{name} is not in {folder}; run `make reference` (needs Go), or set HOLDFAST_REFERENCE_DIR")]
    ReferenceMissing {
        /// The tool's file name.
        name: &'static str,
        /// The folder of reference tools.
        folder: PathBuf,
    },
}

fn shown(paths: &[PathBuf]) -> String {
    let texts: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    texts.join(" or ")
}

/// The server under test: `HOLDFAST_BIN`, else the debug binary of the target directory in use.
///
/// # Errors
///
/// When there is none.
pub fn holdfast() -> Result<PathBuf, BinaryError> {
    if let Some(path) = std::env::var_os("HOLDFAST_BIN") {
        let path = PathBuf::from(path);
        return if path.is_file() { Ok(path) } else { Err(BinaryError::NamedServerMissing { path }) };
    }
    let mut searched = Vec::new();
    if let Some(target) = std::env::var_os("CARGO_TARGET_DIR") {
        searched.push(Path::new(&target).join("debug/holdfast"));
    }
    // A test runs from <target>/<profile>/deps, a library's own test run may sit one folder higher.
    if let Ok(test) = std::env::current_exe() {
        searched.extend(test.ancestors().skip(1).take(2).map(|folder| folder.join("holdfast")));
    }
    match searched.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(BinaryError::ServerMissing { searched }),
    }
}

/// A reference tool: in `HOLDFAST_REFERENCE_DIR`, else in the cache where the test set-up puts it.
///
/// # Errors
///
/// When it is not there.
pub fn reference(tool: ReferenceTool) -> Result<PathBuf, BinaryError> {
    let folder = reference_folder();
    let path = folder.join(tool.file_name());
    if path.is_file() {
        return Ok(path);
    }
    Err(BinaryError::ReferenceMissing { name: tool.file_name(), folder })
}

fn reference_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("HOLDFAST_REFERENCE_DIR") {
        return PathBuf::from(folder);
    }
    let cache = std::env::var_os("HOLDFAST_CACHE_DIR").map_or_else(
        || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cache/holdfast"),
        PathBuf::from,
    );
    cache.join("reference/current")
}

/// Whether a test that needs `tools` can run. Where they are missing the test counts as not run, said loudly; under
/// `CI=true` that is a failure, since a run without its oracle is not complete.
///
/// # Panics
///
/// Under `CI=true`, when a tool is missing.
pub fn have_reference(test: &str, tools: &[ReferenceTool]) -> bool {
    let missing = tools.iter().find_map(|tool| reference(*tool).err());
    can_run(test, missing.map_or(Ok(()), Err))
}

/// The same for a test that needs something else, given what is missing.
///
/// # Panics
///
/// Under `CI=true`, when something is missing.
pub fn can_run<E: std::error::Error>(test: &str, needs: Result<(), E>) -> bool {
    let Err(error) = needs else { return true };
    assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "{test} cannot run: {error}");
    announce_not_run(test, &error);
    false
}

// Standard error, written past the test runner's capture: a test that did not run must be seen when all else passes.
fn announce_not_run(test: &str, error: &dyn std::error::Error) {
    let text = format!("\n*** NOT RUN: {test}: {error}\n\n");
    let written = std::fs::OpenOptions::new()
        .append(true)
        .open("/proc/self/fd/2")
        .and_then(|mut standard_error| standard_error.write_all(text.as_bytes()));
    if written.is_err() {
        let _ = std::io::stderr().write_all(text.as_bytes());
    }
}
