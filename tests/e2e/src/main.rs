//! Runs scenarios against a real Kubernetes, with the operator installed by Helm, and says which passed. Does not start
//! Kubernetes and does not build images: `tests/e2e/run.sh` does, or whoever sets KUBECONFIG.

#![allow(clippy::print_stdout, reason = "the results are what this program is for")]
#![allow(clippy::print_stderr, reason = "as above")]
#![allow(
    clippy::future_not_send,
    reason = "scenarios run on the main thread; what they start has threads of its own"
)]

mod cluster;
mod environment;
mod failure;
mod limits;
mod oracle;
mod runner;
mod scenario;
mod scenarios;
mod scene;
mod waiting;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::environment::{Chart, Environment, Place};
use crate::failure::Outcome;
use crate::scenario::Scenario;

/// Scenarios of the operator on a real Kubernetes.
#[derive(Parser)]
struct Arguments {
    /// Names of scenarios (all unless named), such as `D3`.
    scenarios: Vec<String>,
    /// Only those that every change is tested with.
    #[arg(long)]
    short: bool,
    /// Print what there is, and run nothing.
    #[arg(long)]
    list: bool,
    /// How many scenarios run at the same time, where they do not disturb each other.
    #[arg(long, default_value_t = 1)]
    parallel: usize,
    /// Leave the namespaces of failed scenarios standing.
    #[arg(long)]
    keep: bool,
    /// How many times as long as on an idle machine things may take until they count as failed.
    #[arg(long, default_value_t = 1, env = "HOLDFAST_E2E_PATIENCE", value_parser = clap::value_parser!(u32).range(1..=20))]
    patience: u32,
    /// Do not install the chart: the operator is there already.
    #[arg(long)]
    installed: bool,
    #[command(flatten)]
    place: Place,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let chosen = match choose(&arguments) {
        Ok(chosen) => chosen,
        Err(unknown) => {
            eprintln!("there is no scenario {unknown}; --list names them all");
            return ExitCode::from(2);
        }
    };
    if arguments.list {
        for scenario in &chosen {
            let set = if scenario.is_short { "short" } else { "" };
            println!("{:<16} {set:<6} {}", scenario.name, scenario.about);
        }
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a process may have threads and an event queue");
    match runtime.block_on(run(arguments, chosen)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("nothing was run: {failure}");
            println!("0 passed, 1 failed");
            ExitCode::FAILURE
        }
    }
}

fn choose(arguments: &Arguments) -> Result<Vec<&'static Scenario>, String> {
    let all = scenarios::all();
    if arguments.scenarios.is_empty() {
        return Ok(all.into_iter().filter(|scenario| scenario.is_short || !arguments.short).collect());
    }
    let names = arguments.scenarios.iter().flat_map(|name| name.split(','));
    names
        .map(|name| {
            let found = all.iter().copied().find(|scenario| scenario.name.eq_ignore_ascii_case(name));
            found.ok_or_else(|| name.to_owned())
        })
        .collect()
}

async fn run(arguments: Arguments, chosen: Vec<&'static Scenario>) -> Outcome<bool> {
    waiting::set_patience(arguments.patience);
    let environment = Arc::new(Environment::connect(arguments.place).await?);
    if !arguments.installed {
        Chart::shared(&environment).install(&[]).await?;
    }
    let runner =
        runner::Runner { environment, keeps_namespaces: arguments.keep, parallel: arguments.parallel };
    Ok(runner.run(chosen).await)
}
