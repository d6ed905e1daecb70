//! `make bench`: runs etcd and Holdfast in turn on this machine under the same load and prints medians and ratios.
//! Knows both servers only by their flags, their gRPC API and /proc; `README.md` beside it says what each row means.

mod access;
mod asking;
mod client_view;
mod cluster;
mod error;
mod expected;
mod generator;
mod http1;
mod light;
mod limits;
mod measure;
mod measurement;
mod member;
mod options;
mod probe;
mod product;
mod progress;
mod row;
mod supply;
mod table;
mod target;
mod usage;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use crate::error::BenchError;
use crate::expected::{CLUSTER_SECONDS, FILL_SECONDS, load_seconds, row_seconds, spoken};
use crate::generator::Generator;
use crate::limits::QUICK_DIVISOR;
use crate::measure::Measurer;
use crate::measurement::Measurements;
use crate::options::{Options, Output};
use crate::product::{Product, Side};
use crate::progress::Progress;
use crate::row::{ClusterKind, Interface, Protection, Row};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let finished = tokio::select! {
        finished = run(&options) => finished,
        // Dropping what runs kills the servers and removes their data.
        _ = tokio::signal::ctrl_c() => return ExitCode::from(130),
    };
    match finished {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(u8::from(options.check)),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "\nholdfast-bench: {}", error::chain(&error));
            ExitCode::from(1)
        }
    }
}

/// Runs everything and prints it; true if every target is reached.
async fn run(options: &Options) -> Result<bool, BenchError> {
    let rows = row::rows(&options.rows, options.quick);
    if rows.is_empty() && options.load_rounds() == 0 {
        return Err(BenchError::NoRows);
    }
    let reference = options.reference_dir();
    let remedy = "`make bench` builds it, or name its folder with --reference";
    let reference_program = |name, extra_flags| -> Result<Product, BenchError> {
        Ok(Product { side: Side::Etcd, program: present(reference.join(name), remedy)?, extra_flags })
    };
    let etcd = reference_program("etcd", &[])?;
    let has_v2 = rows.iter().any(|row| row.operation.interface() == Interface::V2);
    let etcd_v2 = if has_v2 { Some(reference_program("etcd-v2", &["--enable-v2"])?) } else { None };
    let program = present(reference.join("benchmark"), remedy)?;
    let generator = Generator::new(program, options.generator);
    let remedy = "build it with `cargo build --release -p holdfast`, or name it with --holdfast";
    let holdfast = Product {
        side: Side::Holdfast,
        program: present(options.holdfast_binary(), remedy)?,
        extra_flags: &[],
    };
    let data = options.data.clone().unwrap_or_else(std::env::temp_dir);
    let load_keys = if options.quick { options.load_keys / QUICK_DIVISOR } else { options.load_keys };
    let progress = Progress::new(expected_seconds(options, &rows, load_keys));
    progress.say(&format!(
        "{} rounds of {} rows on etcd and Holdfast in turn, {} with a load of {load_keys} keys: about {}.\n\
         etcd {}\nHoldfast {}\ndata in {}",
        options.rounds,
        rows.len(),
        options.load_rounds(),
        spoken(progress.left()),
        etcd.program.display(),
        holdfast.program.display(),
        data.display(),
    ));
    let mut measurer = Measurer { generator, data, progress };
    let products = Products { etcd: &etcd, etcd_v2: etcd_v2.as_ref(), holdfast: &holdfast };
    let measurements = rounds(options, &rows, load_keys, &products, &mut measurer).await?;
    report(options, &rows, &measurements, &measurer.progress)
}

/// What is compared.
struct Products<'a> {
    etcd: &'a Product,
    /// The last etcd with the v2 API, where a row needs it.
    etcd_v2: Option<&'a Product>,
    holdfast: &'a Product,
}

impl<'a> Products<'a> {
    fn speaking(&self, interface: Interface) -> [&'a Product; 2] {
        let etcd = match interface {
            Interface::V3 => self.etcd,
            Interface::V2 => self.etcd_v2.expect("it was found, since a row needs it"),
        };
        [etcd, self.holdfast]
    }
}

async fn rounds(
    options: &Options,
    rows: &[Row],
    load_keys: u64,
    products: &Products<'_>,
    measurer: &mut Measurer,
) -> Result<Measurements, BenchError> {
    let mut measurements = Measurements::default();
    for round in 1..=options.rounds {
        for kind in CLUSTERS {
            let rows = rows_on(rows, kind);
            if rows.is_empty() {
                continue;
            }
            for product in products.speaking(kind.interface) {
                measurements.rows.extend(measurer.rows(product, &rows, round).await?);
            }
        }
        for product in products.speaking(Interface::V3) {
            if round <= options.load_rounds() {
                measurements.loads.push(measurer.load(product, load_keys, round).await?);
            }
        }
        let left = spoken(measurer.progress.left());
        measurer.progress.say(&format!("round {round} of {} done, about {left} left", options.rounds));
    }
    Ok(measurements)
}

/// The clusters that rows run on, a fresh one for each in every round.
const CLUSTERS: [ClusterKind; 5] = [
    ClusterKind { members: 1, interface: Interface::V3, protection: Protection::None },
    ClusterKind { members: 1, interface: Interface::V3, protection: Protection::Full },
    ClusterKind { members: 3, interface: Interface::V3, protection: Protection::None },
    ClusterKind { members: 3, interface: Interface::V3, protection: Protection::Full },
    ClusterKind { members: 1, interface: Interface::V2, protection: Protection::None },
];

fn rows_on(rows: &[Row], kind: ClusterKind) -> Vec<&Row> {
    rows.iter().filter(|row| row.cluster_kind() == kind).collect()
}

fn report(
    options: &Options,
    rows: &[Row],
    measurements: &Measurements,
    progress: &Progress,
) -> Result<bool, BenchError> {
    let json = serde_json::to_string_pretty(measurements).expect("measurements are plain data") + "\n";
    let shortfalls = target::shortfalls(measurements, rows);
    if let Some(path) = &options.json {
        let failed = |source| BenchError::Write { path: path.display().to_string(), source };
        std::fs::write(path, &json).map_err(failed)?;
    }
    let text = match options.output {
        Output::Json => json,
        Output::Table => {
            let targets = if shortfalls.is_empty() {
                "every row reaches its target".to_owned()
            } else {
                format!("short of the target:\n- {}", shortfalls.join("\n- "))
            };
            format!("\n{}\n{targets}\n", table::markdown(measurements, rows))
        }
    };
    let failed = |source| BenchError::Write { path: "standard output".to_owned(), source };
    std::io::stdout().write_all(text.as_bytes()).map_err(failed)?;
    progress.say(&format!("took {}", spoken(progress.elapsed())));
    Ok(shortfalls.is_empty())
}

fn expected_seconds(options: &Options, rows: &[Row], load_keys: u64) -> f64 {
    let used = CLUSTERS.iter().filter(|kind| !rows_on(rows, **kind).is_empty());
    let seconds = used.map(|kind| match kind.interface {
        Interface::V3 => CLUSTER_SECONDS,
        Interface::V2 => CLUSTER_SECONDS + FILL_SECONDS,
    });
    let clusters: f64 = seconds.sum();
    let round = clusters + rows.iter().map(row_seconds).sum::<f64>();
    2.0 * (f64::from(options.rounds) * round + f64::from(options.load_rounds()) * load_seconds(load_keys))
}

fn present(path: PathBuf, remedy: &'static str) -> Result<PathBuf, BenchError> {
    if Path::new(&path).is_file() { Ok(path) } else { Err(BenchError::Missing { path, remedy }) }
}
