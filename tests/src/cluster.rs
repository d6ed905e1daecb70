//! Several members from flags alone, as a person would start them by hand. Must not repair what the members do not.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use crate::http::{self, HttpError};
use crate::network::Network;
use crate::process::POLL_INTERVAL;
use crate::server::{Implementation, READY_DEADLINE, Server, ServerError, ServerPlan};

/// Names of the members, in the order of their indexes.
const NAMES: [&str; 7] = ["one", "two", "three", "four", "five", "six", "seven"];

/// A static cluster.
#[derive(Debug)]
pub struct Cluster {
    /// The members, by index.
    pub members: Vec<Server>,
}

impl Cluster {
    /// Starts three members and waits until each serves.
    ///
    /// # Errors
    ///
    /// When one does not.
    pub async fn start(implementation: Implementation) -> Result<Self, ServerError> {
        Self::start_with(implementation, 3, |plan| plan).await
    }

    /// Starts `count` members, each with what `adapt` adds to its plan, and waits until each serves.
    ///
    /// # Errors
    ///
    /// When one does not.
    ///
    /// # Panics
    ///
    /// When there are more members than names.
    pub async fn start_with(
        implementation: Implementation,
        count: usize,
        adapt: impl Fn(ServerPlan) -> ServerPlan,
    ) -> Result<Self, ServerError> {
        let plans = NAMES[..count].iter().map(|name| adapt(ServerPlan::new(implementation).name(name)));
        Self::start_planned(plans.collect(), None).await
    }

    /// The same with a network between the members that can be cut.
    ///
    /// # Errors
    ///
    /// When a member does not serve.
    ///
    /// # Panics
    ///
    /// When there are more members than names.
    pub async fn start_on_network(
        implementation: Implementation,
        count: usize,
        adapt: impl Fn(ServerPlan) -> ServerPlan,
    ) -> Result<(Self, Network), ServerError> {
        let mut network = Network::default();
        let plans = NAMES[..count].iter().enumerate().map(|(index, name)| {
            adapt(ServerPlan::new(implementation).name(name).behind(&mut network, index))
        });
        let plans = plans.collect();
        let cluster = Self::start_planned(plans, Some(&network)).await?;
        Ok((cluster, network))
    }

    async fn start_planned(plans: Vec<ServerPlan>, network: Option<&Network>) -> Result<Self, ServerError> {
        let members: Vec<String> = plans.iter().map(ServerPlan::as_initial_member).collect();
        let members = members.join(",");
        let mut cluster = Self { members: Vec::new() };
        for (index, plan) in plans.into_iter().enumerate() {
            let mut member = plan.initial_cluster(&members).spawn()?;
            if let Some(network) = network {
                network.runs(index, member.process().id());
            }
            cluster.members.push(member);
        }
        cluster.wait_ready(READY_DEADLINE).await?;
        Ok(cluster)
    }

    /// Waits until every member serves.
    ///
    /// # Errors
    ///
    /// When one does not within `deadline`.
    pub async fn wait_ready(&mut self, deadline: Duration) -> Result<(), ServerError> {
        for member in &mut self.members {
            member.wait_ready(deadline).await?;
        }
        Ok(())
    }

    /// Client addresses of all members, for a client that may choose.
    #[must_use]
    pub fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(|member| member.client_address().to_string()).collect()
    }

    /// A gRPC client that knows all members.
    ///
    /// # Errors
    ///
    /// When no member can be reached.
    pub async fn connect(&self) -> Result<etcd_client::Client, etcd_client::Error> {
        etcd_client::Client::connect(self.endpoints(), None).await
    }

    /// The index of the member that says of itself that it leads, if one does now.
    pub async fn leader(&self) -> Option<usize> {
        for (index, member) in self.members.iter().enumerate() {
            if let Ok(status) = status(member).await
                && status["leader"].is_string()
                && status["leader"] == status["header"]["member_id"]
            {
                return Some(index);
            }
        }
        None
    }

    /// Waits for a leader.
    ///
    /// # Panics
    ///
    /// When there is none within `deadline`.
    pub async fn wait_leader(&self, deadline: Duration) -> usize {
        let start = Instant::now();
        loop {
            if let Some(index) = self.leader().await {
                return index;
            }
            assert!(start.elapsed() < deadline, "no member leads after {deadline:?}");
            sleep(POLL_INTERVAL).await;
        }
    }
}

/// A member's status, as the JSON gateway shows it.
///
/// # Errors
///
/// When the member does not answer.
pub async fn status(member: &Server) -> Result<Value, HttpError> {
    let ask = http::post(member.client_address(), "/v3/maintenance/status", "{}");
    let deadline = Duration::from_secs(2);
    tokio::time::timeout(deadline, ask).await.map_err(|_| HttpError::Late(deadline))??.json()
}
