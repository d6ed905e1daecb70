//! The Kubernetes that scenarios run on, and the commands that reach it: one for the whole run. Does not know clusters
//! of Holdfast.

mod chart;
mod evidence;
mod nodes;
mod process;

use std::path::PathBuf;

use kube::Client;

use crate::failure::{Failure, Outcome};
use crate::limits;

pub use chart::{Chart, OPERATOR_NAMESPACE, RELEASE};
pub use evidence::keep_evidence;
pub use nodes::{Nodes, empty_folder, spoil_files};
pub use process::run;

/// What the runner was told about the place that it runs in.
#[derive(Clone, Debug, clap::Args)]
pub struct Place {
    /// kubectl.
    #[arg(long, env = "KUBECTL", default_value = "kubectl")]
    pub kubectl: PathBuf,
    /// helm.
    #[arg(long, env = "HELM", default_value = "helm")]
    pub helm: PathBuf,
    /// The checkout, where charts/ and samples are.
    #[arg(long, default_value = ".")]
    pub checkout: PathBuf,
    /// node.sh of tests/kubernetes; scenarios that do something to a node are left out without it.
    #[arg(long, env = "HOLDFAST_E2E_NODES")]
    pub node_script: Option<PathBuf>,
    /// Image of the operator, without the tag.
    #[arg(long, default_value = "ghcr.io/holdfast-dev/holdfast-operator")]
    pub operator_image: String,
    /// Tag of the operator's image.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    pub operator_tag: String,
    /// Image of the server, without the tag.
    #[arg(long, default_value = "ghcr.io/holdfast-dev/holdfast")]
    pub server_image: String,
    /// Version of the server that clusters begin with; also its image's tag.
    #[arg(long, default_value = env!("CARGO_PKG_VERSION"))]
    pub server_version: String,
    /// A version to upgrade to, whose image is loaded as well.
    #[arg(long, env = "HOLDFAST_E2E_NEXT_VERSION")]
    pub next_version: Option<String>,
    /// Archives of all images, which a node that begins anew gets loaded.
    #[arg(long, env = "HOLDFAST_E2E_ARCHIVES", value_delimiter = ',')]
    pub archives: Vec<PathBuf>,
    /// The operator's image has failpoints.
    #[arg(long, env = "HOLDFAST_E2E_FAILPOINTS")]
    pub failpoints: bool,
    /// Where the objects, events and logs of failed scenarios go.
    #[arg(long, default_value = "target/e2e-evidence")]
    pub evidence: PathBuf,
    /// The program `kubectl-holdfast`, under that name.
    #[arg(long)]
    pub plugin: Option<PathBuf>,
    /// Members are reached through the API server's port-forward, not by the pods' own addresses.
    #[arg(long, env = "HOLDFAST_E2E_FORWARD")]
    pub forward: bool,
}

/// A Kubernetes, and how to reach it.
pub struct Environment {
    /// Its API.
    pub client: Client,
    /// What the runner was told.
    pub place: Place,
    /// What can be done to nodes, if anything.
    pub nodes: Option<Nodes>,
}

impl Environment {
    /// Connects, by `KUBECONFIG` as every client does.
    ///
    /// # Errors
    /// When there is no configuration or nobody answers.
    pub async fn connect(place: Place) -> Outcome<Self> {
        let client = Client::try_default().await.map_err(|error| {
            Failure::unmet(format!("there is no Kubernetes to be reached, set KUBECONFIG: {error}"))
        })?;
        client.apiserver_version().await?;
        let nodes = place.node_script.clone().map(Nodes::new);
        Ok(Self { client, place, nodes })
    }

    /// Runs kubectl as a person would.
    ///
    /// # Errors
    /// When it fails.
    pub async fn kubectl(&self, arguments: &[&str]) -> Outcome<String> {
        run(&self.place.kubectl, arguments, None, limits::COMMAND).await
    }

    /// `kubectl apply -f -` and its like.
    ///
    /// # Errors
    /// When it fails.
    pub async fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> Outcome<String> {
        run(&self.place.kubectl, arguments, Some(input), limits::COMMAND).await
    }

    /// Runs helm as a person would.
    ///
    /// # Errors
    /// When it fails.
    pub async fn helm(&self, arguments: &[&str]) -> Outcome<String> {
        run(&self.place.helm, arguments, None, limits::HELM).await
    }

    /// What can be done to nodes.
    ///
    /// # Errors
    /// [`Failure::NotHere`] on a Kubernetes that is not ours.
    pub fn nodes(&self) -> Outcome<&Nodes> {
        self.nodes.as_ref().ok_or_else(|| {
            Failure::NotHere(
                "this needs the nodes of tests/kubernetes: their disks, processes and power".to_owned(),
            )
        })
    }

    /// Does nothing on an operator with failpoints.
    ///
    /// # Errors
    /// [`Failure::NotHere`] on one without.
    pub fn demand_failpoints(&self) -> Outcome {
        if self.place.failpoints {
            return Ok(());
        }
        Err(Failure::NotHere(
            "this needs an operator that was built with the feature `failpoints`".to_owned(),
        ))
    }
}

/// Loads all images into a node that began anew.
///
/// # Errors
/// When one cannot be loaded.
pub async fn load_images(environment: &Environment, node: &str) -> Outcome {
    let nodes = environment.nodes()?;
    for archive in &environment.place.archives {
        nodes.does("load", node, &[&archive.display().to_string()]).await?;
    }
    Ok(())
}
