//! Lease calls of clients: what must be durable goes through the log, renewals are the leader's memory alone.

use holdfast_consensus::handle::ProposeError;
use holdfast_core::auth::Guard;
use holdfast_core::command::Operation;
use holdfast_core::ids::LeaseId;
use holdfast_core::limits::LEASE_TTL_SECONDS_MAX;
use holdfast_core::response::Response;

use super::lease_asks::{ASK_REMAINING, ASK_RENEW, decode_pair, encode_id};
use super::lease_clock::Renewal;
use super::{Header, LeaseTimeToLive, Node, NodeError, NodeSettings};
use crate::auth::Claim;
use crate::limits::LEASE_FORWARD_TIMEOUT;

impl Node {
    /// Grants a lease: chooses an id when `id` is none, raises the time to live to the minimum.
    ///
    /// # Errors
    /// `LeaseTtlTooLarge`, a taken id, a used-up quota, or no outcome in time.
    pub async fn lease_grant(
        &self,
        claim: &Claim,
        id: LeaseId,
        ttl_seconds: i64,
    ) -> Result<(Header, LeaseId, i64), NodeError> {
        self.check_login(claim).await?;
        if ttl_seconds > LEASE_TTL_SECONDS_MAX {
            return Err(NodeError::LeaseTtlTooLarge);
        }
        let id = if id.is_none() { self.lease_ids.choose() } else { id };
        let ttl_seconds = ttl_seconds.max(lease_ttl_seconds_min(&self.settings));
        let (header, response) = self.propose_as(claim, Operation::LeaseGrant { id, ttl_seconds }).await?;
        match response {
            Response::LeaseGrant { id, ttl_seconds } => Ok((header, id, ttl_seconds)),
            _ => Ok((header, id, ttl_seconds)),
        }
    }

    /// Revokes a lease and deletes its keys in one revision.
    pub async fn lease_revoke(&self, claim: &Claim, id: LeaseId) -> Result<Header, NodeError> {
        Ok(self.propose_as(claim, Operation::LeaseRevoke { id }).await?.0)
    }

    /// Renews a lease at the leader; answers its time to live, 0 when there is no such lease.
    ///
    /// # Errors
    /// When the caller may not write one of its keys, or the leader does not answer.
    pub async fn lease_keep_alive(&self, claim: &Claim, id: LeaseId) -> Result<(Header, i64), NodeError> {
        let check = |guard: &Guard<'_>| {
            guard.login()?;
            guard.lease_writes(id)
        };
        self.check_access(claim, check).await?;
        // The header is taken before the renewal: a client must not read the renewal as newer than it is (etcd).
        let header = self.header();
        match self.lease_clock.renew_or_wait(id).await {
            Renewal::Renewed(ttl_seconds) => Ok((header, ttl_seconds)),
            Renewal::Unknown | Renewal::Expiring => Ok((header, 0)),
            Renewal::NotLeading => Ok((header, self.ask_leader(ASK_RENEW, id).await?.0)),
        }
    }

    /// What is left of a lease, with its keys when `keys`; a lease that is not there has -1 seconds.
    pub async fn lease_time_to_live(
        &self,
        claim: &Claim,
        id: LeaseId,
        keys: bool,
    ) -> Result<(Header, LeaseTimeToLive), NodeError> {
        self.check_login(claim).await?;
        let (ttl_seconds, granted_ttl_seconds) = if self.lease_clock.is_leading() {
            self.lease_clock.remaining(id).unwrap_or((-1, 0))
        } else {
            self.ask_leader(ASK_REMAINING, id).await?
        };
        let check = |guard: &Guard<'_>| if keys { guard.lease_reads(id) } else { Ok(guard.login()?) };
        let view = self.read_as(claim, true, check).await?;
        let keys = if keys && ttl_seconds >= 0 { view.lease_keys(id)? } else { Vec::new() };
        let answer = LeaseTimeToLive { id, ttl_seconds, granted_ttl_seconds, keys };
        Ok((self.header_at(view.head().revision), answer))
    }

    /// All leases, those that expire first first; by id on a member that does not lead.
    ///
    /// # Errors
    /// When the caller may not read one of their keys.
    pub async fn leases(&self, claim: &Claim) -> Result<(Header, Vec<LeaseId>), NodeError> {
        let view = self.view();
        if view.auth().is_enabled() {
            let leases = view.leases()?;
            let check = |guard: &Guard<'_>| {
                guard.login()?;
                leases.iter().try_for_each(|lease| guard.lease_reads(lease.id))
            };
            self.check_access(claim, check).await?;
        }
        let header = self.header_at(view.head().revision);
        match self.lease_clock.ids_by_deadline() {
            Some(ids) => Ok((header, ids)),
            None => Ok((header, view.leases()?.into_iter().map(|lease| lease.id).collect())),
        }
    }

    async fn ask_leader(&self, kind: u32, id: LeaseId) -> Result<(i64, i64), NodeError> {
        let ask = self.consensus.ask_leader(kind, encode_id(id));
        let answer = tokio::time::timeout(LEASE_FORWARD_TIMEOUT, ask)
            .await
            .map_err(|_| NodeError::LeaseForwardTimeout)??;
        decode_pair(answer).ok_or(NodeError::Propose(ProposeError::NoLeader))
    }
}

/// The shortest time to live: one and a half election timeouts, in whole heartbeats, rounded up to seconds (etcd's
/// `minLeaseTTL`).
fn lease_ttl_seconds_min(settings: &NodeSettings) -> i64 {
    let heartbeat_ms = settings.heartbeat_interval.as_millis().max(1);
    let election_ticks = settings.election_timeout.as_millis() / heartbeat_ms;
    let shortest_ms = (3 * election_ticks) / 2 * heartbeat_ms;
    i64::try_from(shortest_ms.div_ceil(1000)).unwrap_or(LEASE_TTL_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::AuthSettings;
    use std::time::Duration;

    fn settings(heartbeat_ms: u64, election_ms: u64) -> NodeSettings {
        NodeSettings {
            name: "default".into(),
            has_own_name: true,
            advertise_client_urls: Vec::new(),
            quota_bytes: 0,
            election_timeout: Duration::from_millis(election_ms),
            heartbeat_interval: Duration::from_millis(heartbeat_ms),
            request_bytes_max: 0,
            txn_operations_max: 0,
            auth: AuthSettings::default(),
            watch_progress_interval: Duration::from_secs(600),
        }
    }

    #[test]
    fn the_shortest_lease_follows_from_the_election_timeout() {
        assert_eq!(lease_ttl_seconds_min(&settings(100, 1000)), 2);
        assert_eq!(lease_ttl_seconds_min(&settings(500, 5000)), 8);
        assert_eq!(lease_ttl_seconds_min(&settings(100, 600)), 1);
    }
}
