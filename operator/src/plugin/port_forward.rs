//! Serves a cluster on this machine in the clear: each connection goes through the API server to a ready member, which is
//! shown the certificate of a user. Whoever may use this machine may then use the cluster as that user.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person on the command line")]

use std::net::SocketAddr;
use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use tokio::net::TcpListener;

use super::asked::Asked;
use super::error::PluginError;
use super::tunnel::Tunnel;
use crate::trust::names;

/// Serves until it is interrupted.
pub async fn run(asked: &Asked, listen: SocketAddr, user_secret: Option<&str>) -> Result<(), PluginError> {
    let cluster = asked.cluster().await?;
    let secret = user_secret.map_or_else(|| names::application_certificate_secret(&cluster), str::to_owned);
    let tunnel = Tunnel::new(asked, &cluster, &secret).await?;
    let listener =
        TcpListener::bind(listen).await.map_err(PluginError::local(format!("listen on {listen}")))?;
    let address = listener.local_addr().map_err(PluginError::local("read the address"))?;
    // At once, so that whoever reads a line of it and goes away ends nothing.
    println!(
        "{}/{} is served on http://{address}. Try: curl http://{address}/v2/keys\nStop with Ctrl-C.",
        asked.namespace, asked.name
    );
    let shared = Arc::new((asked.clone(), tunnel));
    loop {
        let (mut local, _) = tokio::select! {
            accepted = listener.accept() => accepted.map_err(PluginError::local("accept a connection"))?,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let (asked, tunnel) = &*shared;
            let outcome = async {
                let pod = ready_pod(asked).await?;
                let mut remote = tunnel.connect(asked, &pod).await?;
                // Either side may end it at any time; that is no failure.
                let _ = tokio::io::copy_bidirectional(&mut local, &mut remote).await;
                Ok::<(), PluginError>(())
            };
            if let Err(error) = outcome.await {
                eprintln!("kubectl holdfast: {error}");
            }
        });
    }
}

/// The first pod that is ready.
async fn ready_pod(asked: &Asked) -> Result<String, PluginError> {
    let pods = asked.pods().await?;
    let is_ready = |pod: &&Pod| {
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        conditions.is_some_and(|all| all.iter().any(|one| one.type_ == "Ready" && one.status == "True"))
    };
    pods.iter().find(is_ready).and_then(|pod| pod.metadata.name.clone()).ok_or_else(|| {
        PluginError::NotNow(format!(
            "{} has no pod that is ready; `kubectl holdfast status {}` tells why",
            asked.name, asked.name
        ))
    })
}
