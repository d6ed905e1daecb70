//! The cluster that a person means: which API server, which namespace, which name. Reads only.

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::arguments::Location;
use super::error::PluginError;
use crate::crd::HoldfastCluster;
use crate::resources::labels;

/// A cluster that was asked for.
#[derive(Clone)]
pub struct Asked {
    /// The API server, as the person who asks.
    pub client: Client,
    /// The namespace.
    pub namespace: String,
    /// The resource's name.
    pub name: String,
}

impl Asked {
    /// Finds the API server and the namespace.
    ///
    /// # Errors
    /// When there is no usable kubeconfig.
    pub async fn new(location: Location, name: String) -> Result<Self, PluginError> {
        // One provider for all of the process; it is only missing on the first call.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unusable =
            |cause: String| PluginError::Kubernetes { what: "read the kubeconfig".to_owned(), cause };
        let options = KubeConfigOptions { context: location.context, ..KubeConfigOptions::default() };
        let config = match location.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| unusable(error.to_string()))?;
                Config::from_custom_kubeconfig(file, &options).await
            }
            None => Config::from_kubeconfig(&options).await,
        }
        .map_err(|error| unusable(error.to_string()))?;
        let namespace = location.namespace.unwrap_or_else(|| config.default_namespace.clone());
        let client = Client::try_from(config).map_err(PluginError::kubernetes("reach the API server"))?;
        Ok(Self { client, namespace, name })
    }

    /// Resources of the kind in the cluster's namespace.
    pub fn api<Kind>(&self) -> Api<Kind>
    where
        Kind: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        Kind::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The resource.
    ///
    /// # Errors
    /// [`PluginError::NoCluster`], and when the API server says no.
    pub async fn cluster(&self) -> Result<HoldfastCluster, PluginError> {
        self.api::<HoldfastCluster>()
            .get_opt(&self.name)
            .await
            .map_err(PluginError::kubernetes(format!("read the HoldfastCluster {}", self.name)))?
            .ok_or_else(|| PluginError::NoCluster {
                name: self.name.clone(),
                namespace: self.namespace.clone(),
            })
    }

    /// The cluster's pods, by name.
    ///
    /// # Errors
    /// When the API server says no.
    pub async fn pods(&self) -> Result<Vec<Pod>, PluginError> {
        let mut pods = self
            .api::<Pod>()
            .list(&ListParams::default().labels(&labels::query(&self.name)))
            .await
            .map_err(PluginError::kubernetes("list the pods"))?
            .items;
        pods.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
        Ok(pods)
    }

    /// A text in a Secret.
    ///
    /// # Errors
    /// When the Secret or the key in it is not there, or may not be read.
    pub async fn secret_text(&self, secret: &str, key: &str) -> Result<String, PluginError> {
        let found = self
            .api::<Secret>()
            .get(secret)
            .await
            .map_err(PluginError::kubernetes(format!("read the Secret {secret}")))?;
        let bytes = found.data.unwrap_or_default().remove(key).map(|bytes| bytes.0);
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
            PluginError::NotNow(format!("the Secret {secret} has no text under the key {key} (yet)"))
        })
    }
}
