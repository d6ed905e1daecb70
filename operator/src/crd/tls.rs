//! How connections are made safe: by default with certificates that the operator makes and renews. Shapes and defaults
//! only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::lists;

/// How connections are made safe.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Tls {
    /// Connections of clients.
    pub client: EndpointTls,
    /// Connections among members.
    pub peer: EndpointTls,
    /// The operator's own certificate authority, where the mode is Managed.
    pub authority: AuthorityTls,
    /// Change this text to have the managed authorities and all certificates replaced, without an interruption.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub rotate: Option<String>,
}

/// One of the two kinds of connection.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EndpointTls {
    /// Where the certificates come from.
    pub mode: TlsMode,
    /// The cert-manager issuer that signs. Needed, and only allowed, with mode CertManager.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_ref: Option<IssuerReference>,
    /// Name of a Secret with `tls.crt`, `tls.key` and `ca.crt`. Needed, and only allowed, with mode Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub secret_name: Option<String>,
    /// How long a certificate is good for.
    #[schemars(schema_with = "lists::duration")]
    pub duration: String,
    /// How long before its end it is renewed.
    #[schemars(schema_with = "lists::duration")]
    pub renew_before: String,
    /// Further host names and addresses that clients may use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64), inner(length(max = 253)))]
    pub additional_names: Vec<String>,
}

impl Default for EndpointTls {
    fn default() -> Self {
        Self {
            mode: TlsMode::Managed,
            issuer_ref: None,
            secret_name: None,
            duration: "90d".to_owned(),
            renew_before: "30d".to_owned(),
            additional_names: Vec::new(),
        }
    }
}

/// Where certificates come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum TlsMode {
    /// The operator has an authority of its own for this cluster.
    #[default]
    Managed,
    /// cert-manager signs them.
    CertManager,
    /// A Secret that somebody else keeps.
    Secret,
    /// Connections are not encrypted and nobody is asked who they are.
    Disabled,
}

/// An issuer of cert-manager.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct IssuerReference {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// `Issuer` or `ClusterIssuer`.
    #[serde(default = "issuer_kind")]
    #[schemars(length(max = 63))]
    pub kind: String,
}

fn issuer_kind() -> String {
    "Issuer".to_owned()
}

/// The operator's own certificate authority for a cluster.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AuthorityTls {
    /// How long it is good for.
    #[schemars(schema_with = "lists::duration")]
    pub duration: String,
    /// How long before its end its successor takes over.
    #[schemars(schema_with = "lists::duration")]
    pub renew_before: String,
    /// How long clients have, in a rotation, to take up new authorities, and then new certificates, from their Secrets.
    /// Kubernetes alone may take two minutes to bring a changed Secret into a pod.
    #[schemars(schema_with = "lists::duration")]
    pub overlap: String,
    /// Kind of all keys.
    pub key_algorithm: KeyAlgorithm,
}

impl Default for AuthorityTls {
    fn default() -> Self {
        Self {
            duration: "3650d".to_owned(),
            renew_before: "365d".to_owned(),
            overlap: "10m".to_owned(),
            key_algorithm: KeyAlgorithm::EcdsaP256,
        }
    }
}

/// Kind of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum KeyAlgorithm {
    /// ECDSA on the curve P-256: known to every client.
    #[default]
    EcdsaP256,
    /// ECDSA on the curve P-384.
    EcdsaP384,
    /// Ed25519: not known to some older clients.
    Ed25519,
}
