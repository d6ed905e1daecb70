//! The plugin's command line. Starts nothing.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Looks at and changes Holdfast clusters.
#[derive(Clone, Debug, Parser)]
#[command(name = "kubectl holdfast", version, propagate_version = true)]
pub struct Plugin {
    /// Where to look.
    #[command(flatten)]
    pub location: Location,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Where to look; the same words as kubectl's.
#[derive(Clone, Debug, Default, Args)]
pub struct Location {
    /// Namespace of the cluster; by default that of the context
    #[arg(short, long, global = true)]
    pub namespace: Option<String>,
    /// Context of the kubeconfig
    #[arg(long, global = true)]
    pub context: Option<String>,
    /// The kubeconfig; by default $KUBECONFIG, then ~/.kube/config
    #[arg(long, global = true)]
    pub kubeconfig: Option<PathBuf>,
}

/// Form of what is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// JSON
    Json,
    /// YAML
    Yaml,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Show how a cluster is: conditions, members, what comes next
    Status {
        /// Name of the HoldfastCluster
        cluster: String,
        /// Form of the output
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Show what the operator does next, and what it waits for
    Plan {
        /// Name of the HoldfastCluster
        cluster: String,
    },
    /// List the members
    Members {
        /// Name of the HoldfastCluster
        cluster: String,
        /// Form of the output
        #[arg(short, long, value_enum, default_value_t)]
        output: Output,
    },
    /// Hand leadership to another member
    MoveLeader {
        /// Name of the HoldfastCluster
        cluster: String,
        /// The member (0 for the pod NAME-0); by default any other voter that is ready
        #[arg(long)]
        to: Option<u32>,
    },
    /// Restart all members, one at a time, the leader last
    Restart {
        /// Name of the HoldfastCluster
        cluster: String,
    },
    /// Keep the operator from changing anything of the cluster
    Pause {
        /// Name of the HoldfastCluster
        cluster: String,
    },
    /// Let the operator go on
    Resume {
        /// Name of the HoldfastCluster
        cluster: String,
    },
    /// Stop all members, keeping their volumes
    Hibernate {
        /// Name of the HoldfastCluster
        cluster: String,
    },
    /// Start the members again
    Wake {
        /// Name of the HoldfastCluster
        cluster: String,
    },
    /// Give members up and take new ones in for them, with empty volumes
    Replace {
        /// Name of the HoldfastCluster
        cluster: String,
        /// The members (2 for the pod NAME-2)
        #[arg(required = true)]
        members: Vec<u32>,
    },
    /// Show the certificates, or have all of them replaced
    Certs {
        /// Name of the HoldfastCluster
        cluster: String,
        /// Replace the authorities and all certificates, without an interruption
        #[arg(long)]
        rotate: bool,
    },
    /// Print a password
    Password {
        /// Name of the HoldfastCluster
        cluster: String,
        /// Name of a HoldfastUser; by default the user root
        #[arg(long)]
        user: Option<String>,
    },
    /// Serve the cluster on this machine, in the clear, so that plain curl reaches it
    PortForward {
        /// Name of the HoldfastCluster
        cluster: String,
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:2379")]
        listen: SocketAddr,
        /// Secret with the certificate to show, `NAME-tls` of a HoldfastUser say; by default the application's
        #[arg(long)]
        user_secret: Option<String>,
    },
    /// Write all that helps to find a fault into a folder: resources, events, logs; never secrets
    MustGather {
        /// Name of the HoldfastCluster
        cluster: String,
        /// The folder, which is made; by default holdfast-NAMESPACE-NAME
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Print a completion script
    Completion {
        /// The shell
        shell: Shell,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        Plugin::command().debug_assert();
    }

    #[test]
    fn the_namespace_may_stand_behind_the_verb() {
        let plugin = Plugin::parse_from(["kubectl holdfast", "replace", "kv", "1", "2", "-n", "shop"]);
        assert_eq!(plugin.location.namespace.as_deref(), Some("shop"));
        assert!(matches!(plugin.verb, Verb::Replace { members, .. } if members == [1, 2]));
    }
}
