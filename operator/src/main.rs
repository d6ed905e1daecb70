//! The operator's binary: the command line in front, everything else in the library.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person on the command line")]

use std::process::ExitCode;

use clap::Parser;
use holdfast_operator::cli::{Arguments, Command, LogFormat, Run};
use holdfast_operator::{crd, plugin, run};
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default();
    if plugin::is_meant(&program.to_string_lossy()) {
        return plugin::run(words);
    }
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Crd) => {
            for definition in crd::definitions() {
                let text =
                    serde_yaml::to_string(&definition).expect("a definition made of plain values is YAML");
                println!("---\n{text}");
            }
            ExitCode::SUCCESS
        }
        Some(Command::Completion { shell }) => {
            Arguments::print_completion(shell);
            ExitCode::SUCCESS
        }
        Some(Command::Plugin { words }) => plugin::run(words),
        Some(Command::Run(run)) => start(run),
        None => start(arguments.run),
    }
}

fn start(settings: Run) -> ExitCode {
    let filter = match EnvFilter::try_new(&settings.log_level) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("holdfast-operator: --log-level={}: {error}", settings.log_level);
            return ExitCode::from(2);
        }
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.log_format {
        LogFormat::Json => log.json().flatten_event(true).init(),
        LogFormat::Text => log.init(),
    }
    // One provider for all of the process, before anything speaks TLS.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider was installed before");
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(error = %error, "the runtime cannot be started");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run::run(settings));
    // What a lost Lease interrupts is not waited for.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(error = %error, cause, "the operator ends");
            ExitCode::FAILURE
        }
    }
}
