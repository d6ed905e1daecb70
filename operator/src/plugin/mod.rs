//! `kubectl holdfast`: what a person asks of and does to a cluster. It reads and changes resources as that person, with
//! that person's rights; the operator does the work. Must not decide what the operator decides.

mod arguments;
mod asked;
mod certificates;
mod change;
mod error;
mod gather;
mod leader;
mod overview;
mod paint;
mod password;
mod port_forward;
mod tunnel;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use arguments::{Plugin, Verb};
use asked::Asked;
use error::PluginError;

/// Whether the program was started as the plugin: kubectl looks for `kubectl-holdfast` on the path.
#[must_use]
pub fn is_meant(program: &str) -> bool {
    std::path::Path::new(program)
        .file_stem()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with("kubectl-holdfast"))
}

/// Runs the plugin with the words behind its name; prints to standard output, and complaints to standard error. Exit code
/// 1: it could not be done; 2: it was not understood.
#[must_use]
#[allow(clippy::print_stderr, reason = "it talks to a person on the command line")]
pub fn run(words: impl IntoIterator<Item = std::ffi::OsString>) -> ExitCode {
    let words = std::iter::once(std::ffi::OsString::from("kubectl holdfast")).chain(words);
    let plugin = match Plugin::try_parse_from(words) {
        Ok(plugin) => plugin,
        Err(error) => error.exit(),
    };
    let outcome = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(carry_out(plugin)),
        Err(error) => {
            Err(PluginError::Local { what: "start the runtime".to_owned(), cause: error.to_string() })
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kubectl holdfast: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn carry_out(plugin: Plugin) -> Result<(), PluginError> {
    let where_to_look = plugin.location;
    match plugin.verb {
        Verb::Completion { shell } => {
            clap_complete::generate(
                shell,
                &mut Plugin::command(),
                "kubectl-holdfast",
                &mut std::io::stdout(),
            );
            Ok(())
        }
        Verb::Status { cluster, output } => {
            overview::status(&Asked::new(where_to_look, cluster).await?, output).await
        }
        Verb::Plan { cluster } => overview::plan(&Asked::new(where_to_look, cluster).await?).await,
        Verb::Members { cluster, output } => {
            overview::members(&Asked::new(where_to_look, cluster).await?, output).await
        }
        Verb::MoveLeader { cluster, to } => {
            leader::move_to(&Asked::new(where_to_look, cluster).await?, to).await
        }
        Verb::Restart { cluster } => change::restart(&Asked::new(where_to_look, cluster).await?).await,
        Verb::Pause { cluster } => change::pause(&Asked::new(where_to_look, cluster).await?, true).await,
        Verb::Resume { cluster } => change::pause(&Asked::new(where_to_look, cluster).await?, false).await,
        Verb::Hibernate { cluster } => {
            change::hibernate(&Asked::new(where_to_look, cluster).await?, true).await
        }
        Verb::Wake { cluster } => change::hibernate(&Asked::new(where_to_look, cluster).await?, false).await,
        Verb::Replace { cluster, members } => {
            change::replace(&Asked::new(where_to_look, cluster).await?, &members).await
        }
        Verb::Certs { cluster, rotate } => {
            let asked = Asked::new(where_to_look, cluster).await?;
            if rotate { change::rotate(&asked).await } else { certificates::show(&asked).await }
        }
        Verb::Password { cluster, user } => {
            password::show(&Asked::new(where_to_look, cluster).await?, user.as_deref()).await
        }
        Verb::PortForward { cluster, listen, user_secret } => {
            port_forward::run(&Asked::new(where_to_look, cluster).await?, listen, user_secret.as_deref())
                .await
        }
        Verb::MustGather { cluster, folder } => {
            gather::run(&Asked::new(where_to_look, cluster).await?, folder).await
        }
    }
}
