//! Reads and writes Secrets. Must not know what is in them.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Resource as _, ResourceExt as _};

use super::TrustError;
use super::names::namespace;
use crate::crd::HoldfastCluster;
use crate::resources::labels;

/// The Secrets of one cluster.
pub(crate) struct Secrets {
    api: Api<Secret>,
    namespace: String,
    labels: BTreeMap<String, String>,
    owner: OwnerReference,
}

/// The texts in a Secret. Bytes that are no text count as not there: nothing that is looked for is anything else.
pub(crate) fn text(secret: &Secret, key: &str) -> Option<String> {
    let ByteString(bytes) = secret.data.as_ref()?.get(key)?;
    String::from_utf8(bytes.clone()).ok()
}

impl Secrets {
    pub(crate) fn new(client: &kube::Client, cluster: &HoldfastCluster) -> Self {
        let namespace = namespace(cluster);
        Self {
            api: Api::namespaced(client.clone(), &namespace),
            namespace,
            labels: labels::all(&cluster.name_any()),
            owner: owner(cluster),
        }
    }

    /// Reads one, from the API server itself: what is decided on it must not be old.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Secret>, TrustError> {
        self.api.get_opt(name).await.map_err(|error| self.failure("read", name, error))
    }

    /// Applies one that the operator alone writes. `owner` in place of the cluster where it belongs to something else.
    pub(crate) async fn apply(
        &self,
        name: &str,
        kind: &str,
        data: BTreeMap<String, String>,
        owner: Option<OwnerReference>,
    ) -> Result<Secret, TrustError> {
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(self.namespace.clone()),
                labels: Some(self.labels.clone()),
                owner_references: Some(vec![owner.unwrap_or_else(|| self.owner.clone())]),
                ..ObjectMeta::default()
            },
            type_: Some(kind.to_owned()),
            data: Some(bytes(data)),
            ..Secret::default()
        };
        let applied =
            self.api.patch(name, &PatchParams::apply(labels::MANAGER).force(), &Patch::Apply(&secret)).await;
        applied.map_err(|error| self.failure("write", name, error))
    }

    /// Applies one with a user's name and password.
    pub(crate) async fn apply_password(
        &self,
        name: &str,
        username: &str,
        password: &str,
        owner: Option<OwnerReference>,
    ) -> Result<Secret, TrustError> {
        let data = [("username", username), ("password", password)];
        let data = data.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        self.apply(name, "kubernetes.io/basic-auth", data, owner).await
    }

    /// Writes one whose contents cannot be made again: only if it is still as it was read (`None`: not there). Not by
    /// apply, which would put a new authority over one that somebody has just put back.
    pub(crate) async fn replace(
        &self,
        name: &str,
        read: Option<Secret>,
        data: BTreeMap<String, String>,
        annotations: &[(&str, Option<String>)],
    ) -> Result<(), TrustError> {
        let is_new = read.is_none();
        let mut secret = read.unwrap_or_else(|| Secret {
            metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
            type_: Some("Opaque".to_owned()),
            ..Secret::default()
        });
        secret.labels_mut().extend(self.labels.clone());
        secret.metadata.owner_references = Some(vec![self.owner.clone()]);
        secret.data = Some(bytes(data));
        for (key, value) in annotations {
            match value {
                Some(value) => secret.annotations_mut().insert((*key).to_owned(), value.clone()),
                None => secret.annotations_mut().remove(*key),
            };
        }
        let parameters =
            PostParams { field_manager: Some(labels::MANAGER.to_owned()), ..PostParams::default() };
        let written = if is_new {
            self.api.create(&parameters, &secret).await
        } else {
            self.api.replace(name, &parameters, &secret).await
        };
        written.map(drop).map_err(|error| self.failure("write", name, error))
    }

    fn failure(&self, doing: &'static str, name: &str, source: kube::Error) -> TrustError {
        let object = format!("Secret {}/{name}", self.namespace);
        match &source {
            kube::Error::Api(status) if status.code == 409 => TrustError::Conflict { object },
            _ => TrustError::Kubernetes { doing, object, source: Box::new(source) },
        }
    }
}

fn bytes(data: BTreeMap<String, String>) -> BTreeMap<String, ByteString> {
    data.into_iter().map(|(key, text)| (key, ByteString(text.into_bytes()))).collect()
}

fn owner(cluster: &HoldfastCluster) -> OwnerReference {
    cluster.controller_owner_ref(&()).expect("a HoldfastCluster that came from the API server has a UID")
}
