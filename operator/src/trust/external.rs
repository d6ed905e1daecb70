//! Certificates that somebody else makes: cert-manager, which is asked for them by `Certificate` resources, or whoever
//! keeps the Secret that the resource names. They are checked, never written.

use std::collections::BTreeSet;

use holdfast_plan::trust::Leaf;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::{Resource as _, ResourceExt as _};
use rustls::ClientConfig;
use serde_json::{Value, json};

use super::TrustError;
use super::client_config::{ShownPair, client_config};
use super::endpoint::Endpoint;
use super::names;
use super::reading;
use super::secrets::{Secrets, text};
use super::settings::Life;
use super::time::UnixSeconds;
use crate::crd::{CertificateStatus, HoldfastCluster, IssuerReference, KeyAlgorithm, TlsMode};
use crate::resources::labels;

/// What looking works with.
pub(super) struct External<'a> {
    pub(super) client: &'a kube::Client,
    pub(super) secrets: &'a Secrets,
    pub(super) cluster: &'a HoldfastCluster,
    pub(super) endpoint: Endpoint,
    /// Nothing is written.
    pub(super) is_frozen: bool,
}

/// What was found.
pub(super) struct Found {
    pub(super) endpoint: Endpoint,
    /// The Secret to mount.
    pub(super) secret: String,
    /// The Secret for applications, if one is made.
    pub(super) client_secret: Option<String>,
    pub(super) not_ready: Vec<String>,
    pub(super) certificates: Vec<CertificateStatus>,
    /// How the operator connects; only for connections of clients.
    pub(super) config: Option<ClientConfig>,
}

/// A certificate that cert-manager is asked for.
struct Request {
    secret: String,
    common_name: &'static str,
    names: BTreeSet<String>,
    usages: &'static [&'static str],
}

/// The texts of a Secret that was found good.
struct Good {
    certificate: String,
    key: String,
    trusted: String,
}

impl External<'_> {
    pub(super) async fn run(&self) -> Result<Found, TrustError> {
        let settings = self.endpoint.settings(self.cluster);
        if let (TlsMode::Secret, Some(secret)) = (settings.mode, &settings.secret_name) {
            return self.look(vec![secret.clone()], secret, None).await;
        }
        let requests = self.requests();
        if let (Some(issuer), false) = (&settings.issuer_ref, self.is_frozen) {
            for request in &requests {
                self.ask(request, issuer).await?;
            }
        }
        let secrets: Vec<String> = requests.into_iter().map(|request| request.secret).collect();
        let is_shown_by_operator = self.endpoint == Endpoint::Client;
        let shown = secrets.get(usize::from(is_shown_by_operator)).cloned().unwrap_or_default();
        let application = secrets.get(2).cloned();
        self.look(secrets, &shown, application).await
    }

    /// What cert-manager is to make; the one that members show is the first, the operator's the second.
    fn requests(&self) -> Vec<Request> {
        const MEMBER: &[&str] = &["digital signature", "server auth", "client auth"];
        const CLIENT: &[&str] = &["digital signature", "client auth"];
        let cluster = self.cluster;
        let client = |secret: String, common_name: &'static str| Request {
            secret,
            common_name,
            names: BTreeSet::new(),
            usages: CLIENT,
        };
        match self.endpoint {
            Endpoint::Peer => vec![Request {
                secret: names::peer_secret(cluster),
                common_name: "holdfast-peer",
                names: names::peer_names(cluster),
                usages: MEMBER,
            }],
            Endpoint::Client => {
                let mut requests = vec![
                    Request {
                        secret: names::server_secret(cluster),
                        common_name: "holdfast-server",
                        names: names::server_names(cluster),
                        usages: MEMBER,
                    },
                    client(names::operator_certificate_secret(cluster), names::OPERATOR_USER),
                ];
                if cluster.spec.auth.application_user {
                    let secret = names::application_certificate_secret(cluster);
                    requests.push(client(secret, names::APPLICATION_USER));
                }
                requests
            }
        }
    }

    async fn ask(&self, request: &Request, issuer: &IssuerReference) -> Result<(), TrustError> {
        let kind = GroupVersionKind::gvk("cert-manager.io", "v1", "Certificate");
        let namespace = names::namespace(self.cluster);
        let api: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &namespace, &ApiResource::from_gvk(&kind));
        let life = Life::of_endpoint(self.endpoint.settings(self.cluster))?;
        let algorithm = self.cluster.spec.tls.authority.key_algorithm;
        let object = certificate(self.cluster, request, issuer, life, algorithm);
        let parameters = PatchParams::apply(labels::MANAGER).force();
        api.patch(&request.secret, &parameters, &Patch::Apply(object)).await.map(drop).map_err(|source| {
            TrustError::Kubernetes {
                doing: "ask cert-manager for",
                object: format!("Certificate {namespace}/{}", request.secret),
                source: Box::new(source),
            }
        })
    }

    async fn look(
        &self,
        secrets: Vec<String>,
        shown: &str,
        client_secret: Option<String>,
    ) -> Result<Found, TrustError> {
        let mut found = Found {
            endpoint: self.endpoint,
            secret: secrets.first().cloned().unwrap_or_default(),
            client_secret,
            not_ready: Vec::new(),
            certificates: Vec::new(),
            config: None,
        };
        for name in &secrets {
            let good = match self.read(name, &mut found.certificates).await? {
                Ok(good) => good,
                Err(cause) => {
                    found.not_ready.push(format!("Secret {name}: {cause}"));
                    continue;
                }
            };
            if name == shown && self.endpoint == Endpoint::Client {
                let pair = ShownPair { certificate: &good.certificate, key: &good.key };
                match client_config(&good.trusted, Some(pair), b"http/1.1") {
                    Ok(config) => found.config = Some(config),
                    Err(cause) => found.not_ready.push(format!("Secret {name}: {cause}")),
                }
            }
        }
        Ok(found)
    }

    async fn read(
        &self,
        name: &str,
        certificates: &mut Vec<CertificateStatus>,
    ) -> Result<Result<Good, String>, TrustError> {
        let Some(secret) = self.secrets.get(name).await? else {
            return Ok(Err("it is not there yet".to_owned()));
        };
        let needed = |key: &str| {
            text(&secret, key)
                .ok_or_else(|| format!("it has no {key}, and tls.crt, tls.key and ca.crt are needed"))
        };
        let good = || {
            let good =
                Good { certificate: needed("tls.crt")?, key: needed("tls.key")?, trusted: needed("ca.crt")? };
            let leaf = reading::leaf(&good.certificate, &good.key, &good.trusted, &[], UnixSeconds::now())?;
            if leaf.seconds_left == 0 {
                return Err("its certificate has ended".to_owned());
            }
            Ok((good, leaf))
        };
        Ok(good().map(|(good, leaf)| {
            certificates.push(self.status(name, &good, &leaf));
            good
        }))
    }

    /// Who renews it does so by rules of its own: what is shown is when it was asked to, or the end.
    fn status(&self, name: &str, good: &Good, leaf: &Leaf) -> CertificateStatus {
        let ends = reading::first_end(&good.certificate).unwrap_or(UnixSeconds(0));
        let settings = self.endpoint.settings(self.cluster);
        let before = match (settings.mode, Life::of_endpoint(settings)) {
            (TlsMode::CertManager, Ok(life)) => life.renew_before.as_secs(),
            _ => 0,
        };
        CertificateStatus {
            secret_name: name.to_owned(),
            expires_at: ends.rfc3339(),
            renew_at: UnixSeconds(ends.0.saturating_sub(before)).rfc3339(),
            fingerprint: leaf.fingerprint.to_string(),
        }
    }
}

/// The resource that asks for a certificate.
fn certificate(
    cluster: &HoldfastCluster,
    request: &Request,
    issuer: &IssuerReference,
    life: Life,
    algorithm: KeyAlgorithm,
) -> Value {
    let (hosts, addresses): (Vec<&String>, Vec<&String>) =
        request.names.iter().partition(|name| name.parse::<std::net::IpAddr>().is_err());
    let private_key = match algorithm {
        KeyAlgorithm::EcdsaP256 => json!({ "algorithm": "ECDSA", "size": 256, "encoding": "PKCS8" }),
        KeyAlgorithm::EcdsaP384 => json!({ "algorithm": "ECDSA", "size": 384, "encoding": "PKCS8" }),
        KeyAlgorithm::Ed25519 => json!({ "algorithm": "Ed25519", "encoding": "PKCS8" }),
    };
    json!({
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {
            "name": request.secret,
            "namespace": cluster.namespace(),
            "labels": { labels::CLUSTER: cluster.name_any() },
            "ownerReferences": cluster.controller_owner_ref(&()).into_iter().collect::<Vec<_>>(),
        },
        "spec": {
            "secretName": request.secret,
            "commonName": request.common_name,
            "dnsNames": hosts,
            "ipAddresses": addresses,
            "usages": request.usages,
            "duration": format!("{}s", life.duration.as_secs()),
            "renewBefore": format!("{}s", life.renew_before.as_secs()),
            "privateKey": private_key,
            "issuerRef": { "group": "cert-manager.io", "kind": issuer.kind, "name": issuer.name },
        },
    })
}
