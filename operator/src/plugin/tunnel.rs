//! A way to a member through the API server's port-forward, with the TLS that the cluster wants inside of it. Carries
//! bytes; knows nothing of requests.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;

use super::asked::Asked;
use super::error::PluginError;
use crate::crd::{HoldfastCluster, TlsMode};
use crate::resources::names::{CLIENT_PORT, Names};
use crate::trust::{ShownPair, client_config};

/// Both directions of a connection.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<Kind: AsyncRead + AsyncWrite + Unpin + Send> Stream for Kind {}

/// How to connect to members of one cluster.
pub struct Tunnel {
    names: Names,
    tls: Option<TlsConnector>,
}

impl Tunnel {
    /// Reads what is needed for it: the certificate in `secret` where the cluster is encrypted.
    ///
    /// # Errors
    /// When the Secret is missing or holds something else.
    pub async fn new(asked: &Asked, cluster: &HoldfastCluster, secret: &str) -> Result<Self, PluginError> {
        let names = Names::of(cluster);
        if cluster.spec.tls.client.mode == TlsMode::Disabled {
            return Ok(Self { names, tls: None });
        }
        let trusted = asked.secret_text(secret, "ca.crt").await?;
        let certificate = asked.secret_text(secret, "tls.crt").await?;
        let key = asked.secret_text(secret, "tls.key").await?;
        let shown = ShownPair { certificate: &certificate, key: &key };
        let mut config = client_config(&trusted, Some(shown), b"")
            .map_err(|cause| PluginError::NotNow(format!("the Secret {secret} cannot be used: {cause}")))?;
        // Which protocol is spoken, the member tells from the first bytes: whoever uses the tunnel decides.
        config.alpn_protocols.clear();
        Ok(Self { names, tls: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// Connects to the client port of a pod.
    ///
    /// # Errors
    /// When the API server or the member refuses.
    pub async fn connect(&self, asked: &Asked, pod: &str) -> Result<Box<dyn Stream>, PluginError> {
        let what = || format!("forward a port to the pod {pod}");
        let mut forwarder = asked
            .api::<Pod>()
            .portforward(pod, &[CLIENT_PORT])
            .await
            .map_err(PluginError::kubernetes(what()))?;
        let stream = forwarder
            .take_stream(CLIENT_PORT)
            .ok_or_else(|| PluginError::Local { what: what(), cause: "there is no stream".to_owned() })?;
        // It carries the stream until either side ends it.
        tokio::spawn(forwarder.join());
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let host = self
            .names
            .ordinal_of_pod(pod)
            .map_or_else(|| self.names.client_host(), |ordinal| self.names.member_host(ordinal));
        let name = ServerName::try_from(host).map_err(|error| PluginError::NotNow(error.to_string()))?;
        let stream = tls
            .connect(name, stream)
            .await
            .map_err(PluginError::local(format!("speak TLS with the pod {pod}")))?;
        Ok(Box::new(stream))
    }
}
