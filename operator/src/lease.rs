//! One operator acts at a time: who holds the Lease does. A holder that cannot renew it in time ends the process at once,
//! in the middle of whatever it does: everything that it does can be taken up again, and is refused where somebody else
//! was quicker. Clocks of two machines are never compared: a Lease has run out when it was not seen to change for its
//! whole time on this machine's own clock.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::limits::{LEASE_GIVE_UP, LEASE_RENEWAL, LEASE_REQUEST_TIME, LEASE_TIME};

/// The Lease, and who wants it.
#[derive(Clone)]
pub struct Election {
    api: Api<Lease>,
    name: String,
    identity: String,
}

impl std::fmt::Debug for Election {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Election")
            .field("name", &self.name)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

/// The Lease as it was last seen to change, on this machine's clock.
struct Sighting {
    resource_version: Option<String>,
    at: Instant,
}

impl Election {
    /// For the Lease of this name. `identity` must be another one for each process.
    #[must_use]
    pub fn new(client: kube::Client, namespace: &str, name: &str, identity: String) -> Self {
        Self { api: Api::namespaced(client, namespace), name: name.to_owned(), identity }
    }

    /// Waits until this process holds the Lease.
    pub async fn win(&self) {
        let mut sighting = Sighting { resource_version: None, at: Instant::now() };
        loop {
            match timeout(LEASE_REQUEST_TIME, self.try_win(&mut sighting)).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                Ok(Err(error)) => tracing::warn!(error = %error, "the Lease could not be read or taken"),
                Err(_) => tracing::warn!("the API server does not answer about the Lease"),
            }
            sleep(LEASE_RENEWAL).await;
        }
    }

    async fn try_win(&self, sighting: &mut Sighting) -> Result<bool, kube::Error> {
        let Some(found) = self.api.get_opt(&self.name).await? else { return self.create().await };
        if sighting.resource_version != found.metadata.resource_version {
            *sighting =
                Sighting { resource_version: found.metadata.resource_version.clone(), at: Instant::now() };
        }
        let spec = found.spec.as_ref();
        let holder = spec.and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default();
        let seconds = spec.and_then(|spec| spec.lease_duration_seconds);
        let promised = seconds.and_then(|it| u64::try_from(it).ok()).map_or(LEASE_TIME, Duration::from_secs);
        if !is_free(holder, &self.identity, sighting.at.elapsed(), promised) {
            return Ok(false);
        }
        let transitions = spec.and_then(|spec| spec.lease_transitions).unwrap_or(0) + 1;
        self.take(found.metadata.resource_version.as_deref(), Some(transitions)).await
    }

    async fn create(&self) -> Result<bool, kube::Error> {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": { "name": self.name },
            "spec": self.spec(Some(0)),
        });
        let lease: Lease = serde_json::from_value(lease).expect("a Lease of plain values is a Lease");
        conflict_is_false(self.api.create(&PostParams::default(), &lease).await.map(|_| ()))
    }

    /// Writes this process in as the holder, if the Lease is still as it was read.
    async fn take(
        &self,
        resource_version: Option<&str>,
        transitions: Option<i32>,
    ) -> Result<bool, kube::Error> {
        let patch = json!({
            "metadata": { "resourceVersion": resource_version },
            "spec": self.spec(transitions),
        });
        conflict_is_false(self.patch(&patch).await)
    }

    /// Renews until that fails for too long, or somebody else holds the Lease; then it returns, and nothing may be done
    /// any more.
    pub async fn hold(&self) -> LeaseLost {
        let mut renewed = Instant::now();
        loop {
            let attempt = async {
                sleep(LEASE_RENEWAL).await;
                (Instant::now(), timeout(LEASE_REQUEST_TIME, self.renew()).await)
            };
            match timeout(LEASE_GIVE_UP.saturating_sub(renewed.elapsed()), attempt).await {
                Err(_) => return LeaseLost::NotRenewed,
                Ok((begun, Ok(Ok(true)))) => renewed = begun,
                Ok((_, Ok(Ok(false)))) => return LeaseLost::Taken,
                Ok((_, Ok(Err(error)))) => tracing::warn!(error = %error, "the Lease could not be renewed"),
                Ok((_, Err(_))) => tracing::warn!("the API server does not answer about the Lease"),
            }
        }
    }

    async fn renew(&self) -> Result<bool, kube::Error> {
        let found = self.api.get(&self.name).await?;
        let holder = found.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref());
        if holder != Some(self.identity.as_str()) {
            return Ok(false);
        }
        self.take(found.metadata.resource_version.as_deref(), None).await
    }

    /// Gives the Lease back, so that another process need not wait until it has run out.
    pub async fn release(&self) {
        let released = async {
            let found = self.api.get(&self.name).await?;
            if found.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref())
                != Some(self.identity.as_str())
            {
                return Ok(());
            }
            let patch = json!({
                "metadata": { "resourceVersion": found.metadata.resource_version },
                "spec": { "holderIdentity": "", "leaseDurationSeconds": 1 },
            });
            self.patch(&patch).await
        };
        match timeout(LEASE_REQUEST_TIME, released).await {
            Ok(Ok(())) => tracing::info!("the Lease is given back"),
            Ok(Err(error)) => tracing::warn!(error = %error, "the Lease could not be given back"),
            Err(_) => tracing::warn!("the API server does not answer about the Lease"),
        }
    }

    fn spec(&self, transitions: Option<i32>) -> serde_json::Value {
        let now = Timestamp::now();
        let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
        let written = format!("{now:.6}");
        let mut spec = json!({
            "holderIdentity": self.identity,
            "leaseDurationSeconds": LEASE_TIME.as_secs(),
            "renewTime": written,
        });
        if let Some(transitions) = transitions {
            spec["leaseTransitions"] = json!(transitions);
            spec["acquireTime"] = json!(written);
        }
        spec
    }

    async fn patch(&self, patch: &serde_json::Value) -> Result<(), kube::Error> {
        self.api.patch(&self.name, &PatchParams::default(), &Patch::Merge(patch)).await.map(|_| ())
    }
}

/// Why nothing may be done any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseLost {
    /// Somebody else holds it.
    #[error("another operator holds the Lease")]
    Taken,
    /// The API server did not take a renewal in time.
    #[error("the Lease could not be renewed in time, so that another operator may act by now")]
    NotRenewed,
}

/// Whether a Lease may be taken that was last seen to change so long ago.
fn is_free(holder: &str, identity: &str, unchanged: Duration, promised: Duration) -> bool {
    holder.is_empty() || holder == identity || unchanged >= promised
}

fn conflict_is_false(outcome: Result<(), kube::Error>) -> Result<bool, kube::Error> {
    match outcome {
        Ok(()) => Ok(true),
        Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_free_when_given_back_run_out_or_ones_own() {
        let seconds = Duration::from_secs;
        assert!(is_free("", "a", seconds(0), seconds(15)));
        assert!(is_free("a", "a", seconds(0), seconds(15)));
        assert!(is_free("b", "a", seconds(15), seconds(15)));
        assert!(!is_free("b", "a", seconds(14), seconds(15)));
    }

    #[test]
    fn a_holder_gives_up_before_anybody_else_may_take_over() {
        assert!(LEASE_GIVE_UP < LEASE_TIME);
        assert!(LEASE_RENEWAL + LEASE_REQUEST_TIME < LEASE_GIVE_UP);
    }
}
