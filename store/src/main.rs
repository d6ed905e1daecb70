//! The binary: reads what was typed, sets up the process, runs one member until it is told to stop or cannot go on.
//! Must not hold anything that a test could want.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread::available_parallelism;

use holdfast::config::{self, Config, Invocation};
use holdfast::limits::RUNTIME_STOP_TIMEOUT;
use holdfast::server::{self, Server, StartupError};
use holdfast::telemetry;
use holdfast_consensus::handle::MemberEnd;
use tokio::signal::unix::{Signal, SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SUCCESS: u8 = 0;
/// A member that failed, and one that could not start.
const FAILURE: u8 = 1;
/// A member that was removed from its cluster: starting it again is of no use.
const REMOVED: u8 = 3;

fn main() -> ExitCode {
    // The allocator asks for huge pages, and the first byte of each is charged as all of it: at rest that is half of the
    // memory. A kernel without them has nothing to turn off.
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_else(|| "holdfast".into());
    // Names and values that are no text concern somebody else.
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match config::read(&program, arguments.collect(), environment) {
        Ok(Invocation::Run(config)) => run(*config),
        Ok(Invocation::Print(text)) => print(&text),
        Err(error) => refuse(&error, error.exit_code()),
    }
}

fn print(text: &str) -> ExitCode {
    // `holdfast --help | head -1` closes the pipe early.
    let _ = io::stdout().lock().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Tells a person why nothing runs.
fn refuse(error: &dyn Display, code: u8) -> ExitCode {
    ExitCode::from(tell(error, code))
}

fn tell(error: &dyn Display, code: u8) -> u8 {
    // Without standard error the exit code still tells.
    let _ = writeln!(io::stderr().lock(), "holdfast: {error}");
    code
}

fn run(config: Config) -> ExitCode {
    if let Err(error) = telemetry::install(&config.logs) {
        return refuse(&error, FAILURE);
    }
    telemetry::log_panics();
    server::raise_limit();
    // Raft, its log and apply have threads of their own. More than half of the processors for requests costs a lone
    // client a fifth of its rate, in workers that wake each other, and gains nothing under load (decision 0005).
    let threads = available_parallelism().map_or(1, usize::from).div_ceil(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&format_args!("cannot start threads: {error}"), FAILURE),
    };
    let code = runtime.block_on(serve(config));
    // Whatever still runs works on nothing that anybody waits for.
    runtime.shutdown_timeout(RUNTIME_STOP_TIMEOUT);
    leave(code)
}

/// Ends the process without the clean-up of C++ libraries: it would take RocksDB's locks away from a flush that is still
/// under way, which ends in an abort instead of this code.
fn leave(code: u8) -> ! {
    let _ = io::stdout().lock().flush();
    signal_hook::low_level::exit(code.into())
}

async fn serve(config: Config) -> u8 {
    let mut signals = match Signals::new() {
        Ok(signals) => signals,
        Err(error) => return tell(&format_args!("cannot handle signals: {error}"), FAILURE),
    };
    for notice in &config.notices {
        tracing::warn!("{notice}");
    }
    let greeting = telemetry::greet(&config);
    let started = tokio::select! {
        started = Server::start(config) => started,
        _ = signals.next() => return SUCCESS,
    };
    let server = match started {
        Ok(server) => server,
        Err(error @ StartupError::Removed { .. }) => return tell(&error, REMOVED),
        Err(error) => return tell(&error, FAILURE),
    };
    if let Some(greet) = greeting {
        greet();
    }
    tokio::select! {
        end = server.ended() => match end {
            MemberEnd::Failed(reason) => {
                tracing::error!(reason, "this member cannot go on and ends; what was acknowledged is in its log");
                FAILURE
            }
            MemberEnd::Removed => {
                tracing::error!(
                    "this member was removed from the cluster and ends; add it as a new one, with an empty folder, to \
                     have it back"
                );
                server.stop().await;
                REMOVED
            }
        },
        signal = signals.next() => {
            tracing::info!(signal, "stopping");
            tokio::select! {
                () = server.stop() => tracing::info!("stopped"),
                signal = signals.next() => tracing::warn!(signal, "stopping at once; the next start replays the log"),
            }
            SUCCESS
        }
    }
}

/// The signals that end a member.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The name of the next one.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
