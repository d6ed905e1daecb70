//! The command line: flags, each also an environment variable, into plain values. Starts nothing.

use std::net::SocketAddr;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Runs Holdfast clusters on Kubernetes from custom resources.
#[derive(Clone, Debug, Parser)]
#[command(name = "holdfast-operator", version, propagate_version = true)]
pub struct Arguments {
    /// What to do; `run` if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `run`, which may stand without it.
    #[command(flatten)]
    pub run: Run,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run the operator (the default)
    Run(Run),
    /// Do what `kubectl holdfast` does; the program behaves so, too, when it is called kubectl-holdfast
    #[command(disable_help_flag = true)]
    Plugin {
        /// What to do; --help for a list
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<std::ffi::OsString>,
    },
    /// Print the custom resource definitions
    Crd,
    /// Print a completion script
    Completion {
        /// The shell
        shell: Shell,
    },
}

/// How the operator runs.
#[derive(Clone, Debug, clap::Args)]
pub struct Run {
    /// Namespaces to look after, with commas; all if none is named
    #[arg(long, env = "HOLDFAST_OPERATOR_WATCH_NAMESPACES", value_delimiter = ',')]
    pub watch_namespaces: Vec<String>,
    /// Repository of the server's image, for clusters that name none
    #[arg(long, env = "HOLDFAST_OPERATOR_SERVER_IMAGE", default_value = "ghcr.io/holdfast-dev/holdfast")]
    pub server_image: String,
    /// Act only while holding the Lease `holdfast-operator`, so that one operator acts at a time
    #[arg(
        long,
        env = "HOLDFAST_OPERATOR_LEADER_ELECTION",
        default_value_t = true,
        num_args = 0..=1,
        default_missing_value = "true",
        action = clap::ArgAction::Set
    )]
    pub leader_election: bool,
    /// Namespace of the operator, where its Lease is; by default that of its pod
    #[arg(long, env = "HOLDFAST_OPERATOR_NAMESPACE")]
    pub namespace: Option<String>,
    /// How many clusters are looked at at the same time
    #[arg(long, env = "HOLDFAST_OPERATOR_CONCURRENCY", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// Address of /metrics, /livez and /readyz
    #[arg(long, env = "HOLDFAST_OPERATOR_METRICS_ADDRESS", default_value = "0.0.0.0:8080")]
    pub metrics_address: SocketAddr,
    /// Form of the log
    #[arg(long, env = "HOLDFAST_OPERATOR_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// What is logged: a level, or filters such as `info,kube=debug`
    #[arg(long, env = "HOLDFAST_OPERATOR_LOG_LEVEL", default_value = "info")]
    pub log_level: String,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// A line of JSON for each record
    Json,
    /// For people
    Text,
}

impl Arguments {
    /// Prints a completion script.
    pub fn print_completion(shell: Shell) {
        clap_complete::generate(shell, &mut Self::command(), "holdfast-operator", &mut std::io::stdout());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn flags_may_stand_with_and_without_run() {
        for line in [
            &["holdfast-operator", "--watch-namespaces=a,b", "--leader-election=false"][..],
            &["holdfast-operator", "run", "--watch-namespaces=a,b", "--leader-election=false"][..],
        ] {
            let arguments = Arguments::parse_from(line);
            let run = match arguments.command {
                Some(Command::Run(run)) => run,
                _ => arguments.run,
            };
            assert_eq!(run.watch_namespaces, ["a", "b"]);
            assert!(!run.leader_election);
        }
    }
}
