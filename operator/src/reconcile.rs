//! One look at a cluster, from the resource to the status: observe, validate, look after certificates, plan, execute,
//! report. Never waits for anything: what is not so yet is looked at again in the next round.

use std::sync::Arc;
use std::time::Duration;

use holdfast_plan::{
    Action, Bootstrap, Condition, ConditionKind, ConditionStatus, Memory, Observed, Plan, Process,
};
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::api::Api;
use serde_json::Value;
use thiserror::Error;

use crate::access::{self, Access, AccessError};
use crate::context::Context;
use crate::crd::{HoldfastCluster, HoldfastClusterStatus};
use crate::events::{self, Note};
use crate::execute::{ExecuteError, Subject, apply_status, ensure_children, execute, step};
use crate::finalizer::{self, Deletion};
use crate::limits::{CERTIFICATES_LOOK_AGAIN, DELETION_LOOK, LOOK_AGAIN_MAX, LOOK_AGAIN_MIN};
use crate::memory::{self, UnreadableMemory};
use crate::metrics::{Cluster, Measured};
use crate::observe::{self, Members, Objects, members};
use crate::resources::labels;
use crate::rest::Pace;
use crate::status::{self, Addition};
use crate::trust::{self, Trust, TrustError};
use crate::validate::{SpecError, Validated, validate};

/// Why a look at a cluster has failed. Trying again later is right for all of them.
#[derive(Debug, Error)]
pub enum ReconcileError {
    /// Something could not be read.
    #[error("the API server cannot be asked")]
    Read(#[from] kube::Error),
    /// Certificates could not be looked after.
    #[error("certificates cannot be looked after")]
    Trust(#[from] TrustError),
    /// Users and passwords could not be looked after.
    #[error("users and passwords cannot be looked after")]
    Access(#[from] AccessError),
    /// An action failed.
    #[error(transparent)]
    Execute(#[from] ExecuteError),
    /// What is remembered cannot be understood.
    #[error(transparent)]
    Memory(#[from] UnreadableMemory),
}

/// When to look again.
pub type Next = Option<Duration>;

/// Looks at the cluster of this name once. `version` is the resource version that is known of it.
///
/// # Errors
/// See [`ReconcileError`].
pub async fn reconcile(
    context: &Context,
    namespace: &str,
    name: &str,
    version: Option<&str>,
) -> Result<Next, ReconcileError> {
    let key = (namespace.to_owned(), name.to_owned());
    if let Some(again) = context.resting.ask(&key, version).await {
        return Ok(Some(again));
    }
    let changes = context.resting.changes(&key);
    context.resting.wake(&key);
    let api: Api<HoldfastCluster> = Api::namespaced(context.client.clone(), namespace);
    // From the API server, not from the cache: what is remembered in it decides what may be done.
    let Some(cluster) = api.get_opt(name).await? else {
        forget(context, namespace, name);
        return Ok(None);
    };
    if cluster.metadata.deletion_timestamp.is_some() {
        return Ok(match finalizer::end(context, &cluster).await? {
            Deletion::Waiting => Some(DELETION_LOOK),
            Deletion::Over => {
                forget(context, namespace, name);
                None
            }
        });
    }
    finalizer::keep(context, &cluster).await?;
    match validate(&cluster, &context.settings.server_image) {
        Ok(validated) => Round::new(context, cluster, validated, changes).run().await,
        Err(errors) => refuse(context, &cluster, &errors).await,
    }
}

/// Forgets all that is known of a cluster that is gone.
pub fn forget(context: &Context, namespace: &str, name: &str) {
    context.metrics.forget(&Cluster { namespace: namespace.to_owned(), name: name.to_owned() });
    let key = (namespace.to_owned(), name.to_owned());
    context.statuses.lock().remove(&key);
    context.failures.lock().remove(&key);
    context.resting.forget(&key);
}

/// A resource that cannot be carried out: its status says why, and nothing else happens until it is changed.
async fn refuse(
    context: &Context,
    cluster: &HoldfastCluster,
    errors: &[SpecError],
) -> Result<Next, ReconcileError> {
    let prior = cluster.status.clone().unwrap_or_default();
    let status = status::refuse(&prior, cluster.metadata.generation.unwrap_or(0), errors, Timestamp::now());
    if status != prior {
        apply_status(&context.client, cluster, &status).await?;
        publish_flips(context, cluster, &prior, &status).await;
    }
    Ok(None)
}

async fn publish_flips(
    context: &Context,
    cluster: &HoldfastCluster,
    prior: &HoldfastClusterStatus,
    status: &HoldfastClusterStatus,
) {
    for condition in status::flips(&prior.conditions, &status.conditions) {
        events::publish(context, cluster, events::of_flip(condition)).await;
    }
}

/// One round of one cluster.
struct Round<'a> {
    context: &'a Context,
    cluster: HoldfastCluster,
    validated: Validated,
    prior: HoldfastClusterStatus,
    owner: Value,
    now: Timestamp,
    changes: u64,
}

/// What was found out in a round.
struct Found {
    objects: Objects,
    members: Members,
    memory: Memory,
    trust: Trust,
}

impl<'a> Round<'a> {
    fn new(context: &'a Context, cluster: HoldfastCluster, validated: Validated, changes: u64) -> Self {
        let prior = cluster.status.clone().unwrap_or_default();
        let owner = labels::owner(&cluster.name_any(), &validated.uid);
        Self { context, cluster, validated, prior, owner, now: Timestamp::now(), changes }
    }

    async fn run(self) -> Result<Next, ReconcileError> {
        let memory = memory::read(self.cluster.status.as_ref(), &self.validated.replacements_asked)?;
        let found = self.look(memory).await?;
        let observed = self.observed(&found);
        let (observed, facts) = self.facts(observed, &found);
        let plan = holdfast_plan::plan(&self.validated.desired, &found.memory, &observed);
        let subject = Subject {
            context: self.context,
            cluster: &self.cluster,
            validated: &self.validated,
            objects: &found.objects,
            members: &found.members,
            owner: &self.owner,
        };
        let has_remembered = plan.actions.iter().any(|action| matches!(action, Action::Remember(_)));
        let acted = self.act(subject, &found.memory, &plan).await;
        let access = self.authenticate(&found).await;
        // The status of this round would undo what was just remembered; the next one reports both.
        let version = if has_remembered && acted.is_ok() {
            None
        } else {
            self.report(facts, &plan, &found, access.as_ref().ok().and_then(Option::as_ref)).await?
        };
        acted?;
        let access = access?.and_then(|access| access.look_again);
        if let Some(version) = version {
            self.rest(&plan, &found, access, version);
        }
        Ok(Some(self.next(&plan, &found, access)))
    }

    /// When there was nothing to do, the next looks only ask the members.
    fn rest(&self, plan: &Plan, found: &Found, access: Option<Duration>, version: String) {
        if !plan.is_settled() || self.validated.desired.is_paused {
            return;
        }
        // Secrets are watched, so that a longer time does as well as the one in which nothing is due.
        let trust = found.trust.look_again.filter(|wait| *wait < CERTIFICATES_LOOK_AGAIN);
        let whole =
            [trust, access, Some(LOOK_AGAIN_MAX)].into_iter().flatten().min().unwrap_or(LOOK_AGAIN_MAX);
        let pace = Pace { again: Duration::from_secs(plan.look_again_seconds).min(whole), whole };
        let key = (self.validated.names.namespace().to_owned(), self.validated.names.cluster().to_owned());
        let looked = (&self.validated, &found.members);
        self.context.resting.settle(key, self.changes, version, looked, pace);
    }

    /// Reads everything.
    async fn look(&self, memory: Memory) -> Result<Found, ReconcileError> {
        let validated = &self.validated;
        let client = &self.context.client;
        let objects =
            observe::objects::read(client, &validated.names, validated.desired.volume_size_bytes).await?;
        let running = members::running(&objects.pods, &validated.names);
        let trust = trust::ensure(client, &self.cluster, &running).await?;
        let access = members::Access { tls: trust.client.clone(), credentials: trust.credentials.clone() };
        let clients = members::clients(&objects.pods, &validated.names, &access);
        let can_ask = trust.client.is_some() || !validated.is_client_encrypted;
        let members = if can_ask {
            members::ask(clients, &validated.names, validated.desired.cluster_id).await
        } else {
            Members::default()
        };
        Ok(Found { objects, members, memory, trust })
    }

    /// What planning sees.
    fn observed(&self, found: &Found) -> Observed {
        let mut slots = observe::slots(&found.objects, &self.validated.names, self.now);
        for (ordinal, process) in &found.members.processes {
            slots.entry(*ordinal).or_default().process = process.clone();
        }
        Observed {
            is_deleting: false,
            workload: observe::workload(&found.objects, &self.cluster, &self.validated, &self.owner),
            slots,
            membership: found.members.membership.clone(),
            is_serving: found.members.is_serving,
            not_ready_to_run: found.trust.not_ready.clone(),
            seconds_since_progress: 0,
        }
    }

    /// The facts for the status, and with them, how long nothing has moved.
    fn facts(&self, mut observed: Observed, found: &Found) -> (Observed, HoldfastClusterStatus) {
        let sources = status::Sources {
            generation: self.cluster.metadata.generation.unwrap_or(0),
            validated: &self.validated,
            observed: &observed,
        };
        let more = status::Facts { objects: &found.objects, members: &found.members, memory: &found.memory };
        let facts = status::facts(&self.prior, sources, more);
        observed.seconds_since_progress = status::seconds_since_progress(&self.prior, &facts, self.now);
        (observed, facts)
    }

    /// Brings the objects beside the StatefulSet up to date and carries the plan out, up to the first failure.
    async fn act(&self, subject: Subject<'_>, memory: &Memory, plan: &Plan) -> Result<(), ExecuteError> {
        if self.validated.desired.is_paused {
            return Ok(());
        }
        ensure_children(subject, memory).await?;
        for action in &plan.actions {
            match execute(subject, action).await {
                Ok(()) => {
                    tracing::info!(step = step(action), action = ?action, "done");
                    if let Some(note) = events::of_action(action, &self.validated.names) {
                        events::publish(self.context, &self.cluster, note).await;
                    }
                }
                Err(error) if error.is_moved() => {
                    tracing::info!(step = step(action), reason = %error, "not done");
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Looks after users and passwords, once there is a cluster that can be asked.
    async fn authenticate(&self, found: &Found) -> Result<Option<Access>, AccessError> {
        if found.memory.bootstrap != Bootstrap::Done || !found.members.is_serving {
            return Ok(None);
        }
        let running =
            found.members.processes.iter().filter(|(_, process)| matches!(process, Process::Running(_)));
        let clients =
            running.filter_map(|(ordinal, _)| found.members.clients.get(ordinal).cloned()).collect();
        access::ensure(&self.context.client, &self.cluster, &found.trust, clients).await.map(Some)
    }

    /// Writes the status if it says something new. The resource's version then, if it is known.
    async fn report(
        &self,
        facts: HoldfastClusterStatus,
        plan: &Plan,
        found: &Found,
        access: Option<&Access>,
    ) -> Result<Option<String>, ReconcileError> {
        let status = status::conclude(&self.prior, facts, plan, self.addition(found, access), self.now);
        self.measure(&status);
        let renewed = found.trust.done.iter().map(|line| ("CertificatesChanged", "Renew", line));
        let let_in = access.iter().flat_map(|access| &access.done);
        for (reason, action, line) in
            renewed.chain(let_in.map(|line| ("AccessChanged", "Authenticate", line)))
        {
            events::publish(self.context, &self.cluster, Note::normal(reason, action, line.clone())).await;
        }
        let key = (self.validated.names.namespace().to_owned(), self.validated.names.cluster().to_owned());
        let is_stale = self.context.statuses.lock().is_stale(&key);
        if !status::differs(&self.prior, &status) && (!is_stale || self.prior == status) {
            return Ok(self.cluster.metadata.resource_version.clone());
        }
        crate::failpoint::reach("before", "status");
        let version = match apply_status(&self.context.client, &self.cluster, &status).await {
            Ok(written) => {
                self.context.statuses.lock().written(key);
                publish_flips(self.context, &self.cluster, &self.prior, &status).await;
                written.metadata.resource_version
            }
            // Somebody has changed the resource meanwhile; the next round looks at that and reports.
            Err(error) if error.is_moved() => None,
            Err(error) => return Err(error.into()),
        };
        crate::failpoint::reach("after", "status");
        Ok(version)
    }

    fn addition(&self, found: &Found, access: Option<&Access>) -> Addition {
        let trust = &found.trust;
        let mut conditions = trust.conditions.clone();
        conditions.push(access.map_or_else(not_asked, |access| access.condition.clone()));
        // Where nobody could be asked, what was known stays.
        let prior = &self.prior;
        let known = |now: Option<&Option<String>>, before: &Option<String>| now.unwrap_or(before).clone();
        Addition {
            conditions,
            certificates: trust.certificates.clone(),
            client_secret_name: trust.client_secret.clone(),
            root_secret_name: known(access.map(|it| &it.root_secret_name), &prior.root_secret_name),
            root_password_version: known(
                access.map(|it| &it.root_password_version),
                &prior.root_password_version,
            ),
            rotated: trust.rotated.clone(),
        }
    }

    fn measure(&self, status: &HoldfastClusterStatus) {
        let quorum = status.quorum.as_ref();
        let expiry = status.certificates_expire_at.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        let measured = Measured {
            members_wanted: i64::from(self.validated.desired.replicas),
            members_ready: i64::from(status.ready_replicas),
            learners: quorum.map_or(0, |quorum| i64::from(quorum.learners)),
            quorum_margin: quorum.map_or(0, |quorum| i64::from(quorum.margin)),
            data_size_bytes: status::data_size_bytes_max(status),
            certificate_seconds: expiry.map(|expiry| expiry.as_second() - self.now.as_second()),
        };
        let cluster = Cluster {
            namespace: self.validated.names.namespace().to_owned(),
            name: self.validated.names.cluster().to_owned(),
        };
        self.context.metrics.set(&cluster, measured, self.now.as_duration().as_secs_f64());
    }

    /// When to look again: soon after something was done, since members do not tell when they have come further.
    fn next(&self, plan: &Plan, found: &Found, access: Option<Duration>) -> Duration {
        if !plan.actions.is_empty() && !self.validated.desired.is_paused {
            return LOOK_AGAIN_MIN;
        }
        let planned = Duration::from_secs(plan.look_again_seconds);
        let is_made = found.memory.bootstrap == Bootstrap::Done;
        let limit = if is_made { LOOK_AGAIN_MAX } else { LOOK_AGAIN_MAX / 10 };
        let asked = [Some(planned), found.trust.look_again, access].into_iter().flatten().min();
        asked.unwrap_or(limit).clamp(LOOK_AGAIN_MIN, limit)
    }
}

/// What is said of authentication when no member could be asked.
fn not_asked() -> Condition {
    Condition {
        kind: ConditionKind::AuthenticationReady,
        status: ConditionStatus::Unknown,
        reason: "NotAsked".to_owned(),
        message: "no member that serves could be asked".to_owned(),
    }
}

/// A cluster's resource that may not be readable at all.
pub type Guarded = Arc<kube::core::DeserializeGuard<HoldfastCluster>>;
