//! Starts the parts of the operator in order, and ends the process when one of them ends that must not.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use kube::runtime::events::{Recorder, Reporter};
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tower::util::MapRequestLayer;

use crate::access;
use crate::cli::Run;
use crate::context::{Context, Settings};
use crate::controller;
use crate::health::{self, Health, Served};
use crate::lease::{Election, LeaseLost};
use crate::limits::STOP_TIME_MAX;
use crate::metrics::Metrics;
use crate::resources::labels::MANAGER;
use crate::rest::Resting;

/// Why the operator ends that was not told to.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no API server to talk to.
    #[error("the API server cannot be reached; outside of a pod, a kubeconfig is needed (KUBECONFIG)")]
    NoApiServer(#[source] kube::Error),
    /// The configuration of the client cannot be found out.
    #[error("neither a pod's service account nor a kubeconfig was found")]
    NoConfiguration(#[from] kube::config::InferConfigError),
    /// The address for metrics cannot be had.
    #[error("cannot serve /metrics on {address}")]
    Metrics {
        /// The address.
        address: std::net::SocketAddr,
        /// Why not.
        #[source]
        cause: std::io::Error,
    },
    /// The signals of the process cannot be listened to.
    #[error("cannot wait for signals")]
    Signals(#[source] std::io::Error),
    /// Another process may act by now.
    #[error("this process may not act any more")]
    LeaseLost(#[from] LeaseLost),
    /// The controllers ended by themselves.
    #[error("the watches on the custom resources have ended")]
    ControllersEnded,
}

/// Runs until a signal comes or something goes wrong that only a new start can mend.
///
/// # Errors
/// See [`RunError`].
pub async fn run(mut run: Run) -> Result<ExitCode, RunError> {
    // An environment variable that is empty names no namespace.
    run.watch_namespaces.retain(|name| !name.is_empty());
    let (stopping, stopped) = watch::channel(false);
    let signals = signals()?;
    let config = kube::Config::infer().await?;
    let namespace = run.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let mut registry = Registry::default();
    let metrics = Metrics::new(&mut registry);
    let client = client(config, &metrics).map_err(RunError::NoApiServer)?;
    let health = Arc::new(Health::default());
    let served = Served { health: Arc::clone(&health), registry: Arc::new(registry) };
    let serving = health::serve(run.metrics_address, served);
    let context = Arc::new(Context {
        recorder: Recorder::new(client.clone(), Reporter { controller: MANAGER.to_owned(), instance: None }),
        client: client.clone(),
        metrics: metrics.clone(),
        settings: Settings { server_image: run.server_image.clone(), namespace: namespace.clone() },
        failures: Mutex::new(BTreeMap::new()),
        statuses: Mutex::default(),
        resting: Resting::default(),
    });
    let version = client.apiserver_version().await.map_err(RunError::NoApiServer)?;
    tracing::info!(kubernetes = version.git_version, namespace, "the operator has started");
    health.set_ready();
    let election = run.leader_election.then(|| Election::new(client, &namespace, MANAGER, identity()));
    let acting = act(&run, context, election.as_ref(), &metrics, stopped);
    tokio::pin!(acting);
    let outcome = tokio::select! {
        outcome = &mut acting => outcome,
        cause = serving => {
            let cause = cause.err().unwrap_or_else(|| std::io::Error::other("it ended"));
            Err(RunError::Metrics { address: run.metrics_address, cause })
        }
        () = signals => {
            tracing::info!("stopping: what is under way is finished, nothing new is begun");
            // The receivers are in `acting`; without them there is nothing to stop.
            let _ = stopping.send(true);
            let outcome = tokio::time::timeout(STOP_TIME_MAX, &mut acting).await;
            if let (Some(election), Ok(Ok(()) | Err(RunError::ControllersEnded))) = (&election, &outcome) {
                election.release().await;
            }
            return Ok(ExitCode::SUCCESS);
        }
    };
    health.set_ended();
    metrics.set_leader(false);
    outcome.and(Err(RunError::ControllersEnded))
}

/// A client that counts its requests.
fn client(config: kube::Config, metrics: &Metrics) -> Result<kube::Client, kube::Error> {
    let metrics = metrics.clone();
    let counted = MapRequestLayer::new(move |request: http::Request<kube::client::Body>| {
        metrics.requested(request.method());
        request
    });
    Ok(kube::client::ClientBuilder::try_from(config)?.with_layer(&counted).build())
}

/// Waits for the Lease, then runs the controllers for as long as it is held.
async fn act(
    run: &Run,
    context: Arc<Context>,
    election: Option<&Election>,
    metrics: &Metrics,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let Some(election) = election else {
        metrics.set_leader(true);
        control(context, run, stopped).await;
        return Ok(());
    };
    tokio::select! {
        () = election.win() => {}
        // The sender lives until the process ends.
        _ = stopped.wait_for(|is_stopped| *is_stopped) => return Ok(()),
    }
    tracing::info!("this process holds the Lease and acts");
    metrics.set_leader(true);
    tokio::select! {
        lost = election.hold() => Err(lost.into()),
        () = control(context, run, stopped.clone()) => Ok(()),
    }
}

/// Looks after clusters, users and roles until it is told to stop.
async fn control(context: Arc<Context>, run: &Run, stopped: watch::Receiver<bool>) {
    let mut told = stopped.clone();
    let stop = async move {
        // A sender that is gone means the end, too.
        let _ = told.wait_for(|is_stopped| *is_stopped).await;
    };
    let client = context.client.clone();
    tokio::join!(controller::run(context, run, stopped), access::run(client, &run.watch_namespaces, stop));
}

/// Ready when the process is told to stop.
fn signals() -> Result<impl Future<Output = ()>, RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// A name for this process that no other has, with the pod's in front for people.
fn identity() -> String {
    use ring::rand::{SecureRandom, SystemRandom};
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "operator".to_owned());
    let mut bytes = [0_u8; 8];
    // Without randomness the process's number tells processes of one machine apart, and the name machines.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        bytes = u64::from(std::process::id()).to_be_bytes();
    }
    format!("{host}_{:016x}", u64::from_be_bytes(bytes))
}
