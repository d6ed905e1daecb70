//! The command line of the benchmark. Must not look at the machine beyond the environment.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::limits::{LOAD_KEYS, LOAD_ROUNDS_DEFAULT};

/// Measures Holdfast against etcd on this machine, in turn (A, B, A, B), and prints medians and ratios.
#[derive(Debug, Parser)]
#[command(name = "holdfast-bench", version)]
pub struct Options {
    /// Rounds; each runs every row once on etcd and once on Holdfast.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,

    /// Rounds that also load a million keys [default: 3, at most --rounds; 0 leaves the load out].
    #[arg(long)]
    pub load_rounds: Option<u32>,

    /// Keys that the load writes.
    #[arg(long, default_value_t = LOAD_KEYS, value_parser = clap::value_parser!(u64).range(1..))]
    pub load_keys: u64,

    /// Runs only rows whose name contains one of these words, for example `--rows put,1-node`; `load` is the load.
    #[arg(long, value_delimiter = ',')]
    pub rows: Vec<String>,

    /// A tenth of the requests: to see that everything works, not to be quoted.
    #[arg(long)]
    pub quick: bool,

    /// Form of the result on standard output.
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub output: Output,

    /// Also writes the result with every single measurement, as JSON, into this file.
    #[arg(long)]
    pub json: Option<PathBuf>,

    /// What makes the load of the rows.
    #[arg(long, value_enum, default_value_t = GeneratorKind::Etcd)]
    pub generator: GeneratorKind,

    /// The Holdfast binary [default: the release build in the same target folder].
    #[arg(long)]
    pub holdfast: Option<PathBuf>,

    /// Folder with `etcd` and `benchmark` [default: $HOLDFAST_REFERENCE_DIR, else the one that the test set-up makes].
    #[arg(long)]
    pub reference: Option<PathBuf>,

    /// Folder for the data of both servers, on the disk to be measured [default: $TMPDIR, else /tmp].
    #[arg(long)]
    pub data: Option<PathBuf>,

    /// Exits with 1 if a row falls short of its target.
    #[arg(long)]
    pub check: bool,
}

/// Form of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A Markdown table, readable as it is.
    Table,
    /// Every single measurement.
    Json,
}

/// What makes the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GeneratorKind {
    /// etcd's own `benchmark`: the judge.
    Etcd,
    /// Prebuilt frames: a client that leaves the cores to the servers.
    Light,
}

impl Options {
    /// Rounds with a load: none where the filter leaves it out.
    #[must_use]
    pub fn load_rounds(&self) -> u32 {
        if !self.rows.is_empty() && !self.rows.iter().any(|word| "load".contains(word.as_str())) {
            return 0;
        }
        self.load_rounds.unwrap_or(LOAD_ROUNDS_DEFAULT).min(self.rounds)
    }

    /// The Holdfast binary to run.
    #[must_use]
    pub fn holdfast_binary(&self) -> PathBuf {
        self.holdfast.clone().unwrap_or_else(|| {
            // Whatever profile this program has, only the release build of the server is worth measuring.
            let this_program = std::env::current_exe().unwrap_or_default();
            this_program.with_file_name("").join("../release/holdfast")
        })
    }

    /// The folder with etcd and its tool.
    #[must_use]
    pub fn reference_dir(&self) -> PathBuf {
        if let Some(folder) = &self.reference {
            return folder.clone();
        }
        if let Some(folder) = std::env::var_os("HOLDFAST_REFERENCE_DIR") {
            return folder.into();
        }
        let cache = std::env::var_os("HOLDFAST_CACHE_DIR").map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/holdfast"),
            PathBuf::from,
        );
        cache.join("reference/current")
    }
}
