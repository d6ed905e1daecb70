//! From a resource as a person wrote it to a cluster that can be made: [`validate`] is the only way to a [`Validated`],
//! and what comes later checks nothing again. Reads nothing. The API server's own rules hold already, except on resources
//! that were stored before a rule existed; so what would harm is checked here again.

mod error;
pub mod flags;
#[cfg(test)]
mod tests;

use holdfast_plan::{ClusterId, Desired, NodeLossPolicy, Ordinal, Rollout, VolumePolicy};
use ring::digest::{SHA256, digest};

use crate::crd::{HoldfastCluster, HoldfastClusterSpec, NodeLoss, Retention, TlsMode, UpgradeStrategy};
use crate::resources::pod::template;
use crate::resources::{Names, Template, labels, quantity};

pub use error::SpecError;

/// A cluster that can be made.
#[derive(Clone, Debug)]
pub struct Validated {
    /// What planning looks at.
    pub desired: Desired,
    /// The names of its objects.
    pub names: Names,
    /// Its pods' template.
    pub template: Template,
    /// UID of the resource.
    pub uid: String,
    /// Members that a person asked to have replaced.
    pub replacements_asked: Vec<Ordinal>,
    /// Clients speak TLS.
    pub is_client_encrypted: bool,
    /// Members speak TLS with each other.
    pub is_peer_encrypted: bool,
}

/// Checks a resource and says everything that is wrong with it.
///
/// # Errors
/// All that is wrong, each with its field.
pub fn validate(cluster: &HoldfastCluster, default_repository: &str) -> Result<Validated, Vec<SpecError>> {
    let spec = &cluster.spec;
    let mut errors = Vec::new();
    let replicas = u32::try_from(spec.replicas).unwrap_or_default();
    if replicas.is_multiple_of(2) || replicas > 9 {
        errors.push(SpecError::new("spec.replicas", "must be 1, 3, 5, 7 or 9"));
    }
    let volume_size_bytes = quantity::bytes(&spec.storage.size).unwrap_or_else(|| {
        errors.push(SpecError::new("spec.storage.size", "is not a size; write it like 10Gi"));
        0
    });
    let cluster_id = cluster_id(cluster).unwrap_or_else(|error| {
        errors.push(error);
        ClusterId(0)
    });
    let replacements_asked = replacements(cluster).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    check_version(spec, &mut errors);
    check_timing(spec, &mut errors);
    check_extra_arguments(spec, &mut errors);
    check_pod(spec, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let names = Names::of(cluster);
    let template = template(spec, &names, cluster_id, default_repository);
    let desired = desired(spec, replicas, volume_size_bytes, cluster_id, &template);
    Ok(Validated {
        desired,
        names,
        template,
        uid: cluster.metadata.uid.clone().unwrap_or_default(),
        replacements_asked,
        is_client_encrypted: spec.tls.client.mode != TlsMode::Disabled,
        is_peer_encrypted: spec.tls.peer.mode != TlsMode::Disabled,
    })
}

fn desired(
    spec: &HoldfastClusterSpec,
    replicas: u32,
    volume_size_bytes: u64,
    cluster_id: ClusterId,
    template: &Template,
) -> Desired {
    Desired {
        replicas,
        is_hibernating: spec.hibernate,
        is_paused: spec.paused,
        cluster_id,
        template_hash: template.hash.clone(),
        version: spec.version.clone(),
        is_downgrade_allowed: spec.upgrade.allow_downgrade,
        volume_size_bytes,
        rollout: match spec.upgrade.strategy {
            UpgradeStrategy::RollingUpdate => Rollout::RollingUpdate,
            UpgradeStrategy::OnDelete => Rollout::OnDelete,
        },
        volume_policy: match spec.deletion_policy.volumes {
            Retention::Retain => VolumePolicy::Retain,
            Retention::Delete => VolumePolicy::Delete,
        },
        node_loss: match spec.recovery.node_lost {
            NodeLoss::Auto => NodeLossPolicy::Auto,
            NodeLoss::Manual => NodeLossPolicy::Manual,
        },
        replace_after_seconds: u64::try_from(spec.recovery.replace_after_seconds).unwrap_or_default(),
        crash_loop_threshold: u32::try_from(spec.recovery.crash_loop_threshold).unwrap_or_default(),
        progress_deadline_seconds: u64::try_from(spec.progress_deadline_seconds).unwrap_or_default(),
    }
}

/// The id of the cluster: the one that is taken over, or else one that follows from the resource's UID. A resource made
/// anew under the same name is another cluster.
///
/// # Errors
/// When `spec.bootstrap.clusterID` is no id, or the resource has no UID.
pub fn cluster_id(cluster: &HoldfastCluster) -> Result<ClusterId, SpecError> {
    let named = cluster.spec.bootstrap.as_ref().and_then(|bootstrap| bootstrap.cluster_id.as_ref());
    if let Some(text) = named {
        return match u64::from_str_radix(text, 16) {
            Ok(id) if id != 0 => Ok(ClusterId(id)),
            _ => Err(SpecError::new(
                "spec.bootstrap.clusterID",
                "must be 16 hexadecimal digits, not all 0, as status.clusterID of the earlier cluster had them",
            )),
        };
    }
    let Some(uid) = &cluster.metadata.uid else {
        return Err(SpecError::new("metadata.uid", "is missing; the API server gives it"));
    };
    let hash = digest(&SHA256, uid.as_bytes());
    let first = hash.as_ref().first_chunk::<8>().expect("SHA-256 has 32 bytes");
    Ok(ClusterId(u64::from_be_bytes(*first).max(1)))
}

fn replacements(cluster: &HoldfastCluster) -> Result<Vec<Ordinal>, SpecError> {
    let annotations = cluster.metadata.annotations.as_ref();
    let Some(text) = annotations.and_then(|all| all.get(labels::REPLACE)) else { return Ok(Vec::new()) };
    let mut ordinals = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let ordinal = part.parse().map_err(|_| {
            let field = format!("metadata.annotations[{}]", labels::REPLACE);
            SpecError::new(field, format!("{part:?} is not the number of a member; write it like \"0,2\""))
        })?;
        ordinals.push(Ordinal(ordinal));
    }
    ordinals.sort_unstable();
    ordinals.dedup();
    Ok(ordinals)
}

fn check_version(spec: &HoldfastClusterSpec, errors: &mut Vec<SpecError>) {
    let (numbers, _) = spec.version.split_once('-').unwrap_or((&spec.version, ""));
    let parts: Vec<&str> = numbers.split('.').collect();
    if parts.len() != 3 || !parts.iter().all(|part| part.parse::<u16>().is_ok()) {
        errors.push(SpecError::new("spec.version", "must be written as major.minor.patch"));
    }
}

fn check_timing(spec: &HoldfastClusterSpec, errors: &mut Vec<SpecError>) {
    let (heartbeat, election) =
        (spec.options.heartbeat_interval_milliseconds, spec.options.election_timeout_milliseconds);
    // What the server takes when nothing is given.
    let (heartbeat, election) = (heartbeat.unwrap_or(100), election.unwrap_or(1000));
    if election < heartbeat * 5 {
        errors.push(SpecError::new(
            "spec.options.electionTimeoutMilliseconds",
            format!("must be at least five heartbeats, which are {} ms", heartbeat * 5),
        ));
    }
}

fn check_extra_arguments(spec: &HoldfastClusterSpec, errors: &mut Vec<SpecError>) {
    for flag in spec.options.extra_arguments.keys() {
        let field = format!("spec.options.extraArguments[{flag}]");
        if let Some((_, owner)) = flags::OWNED.iter().find(|(name, _)| name == flag) {
            errors.push(SpecError::new(field, format!("this flag belongs to {owner}")));
        } else if !flags::FREE.contains(&flag.as_str()) {
            errors.push(SpecError::new(
                field,
                "the server has no such flag; write it without dashes, as `holdfast --help` lists it",
            ));
        }
    }
}

fn check_pod(spec: &HoldfastClusterSpec, errors: &mut Vec<SpecError>) {
    for (index, variable) in spec.pod_template.env.iter().enumerate() {
        let name = variable.get("name").and_then(serde_json::Value::as_str).unwrap_or_default();
        if name.is_empty() {
            errors.push(SpecError::new(format!("spec.podTemplate.env[{index}].name"), "is missing"));
        } else if name == "POD_NAME" {
            errors.push(SpecError::new(
                format!("spec.podTemplate.env[{index}]"),
                "POD_NAME is set by the operator",
            ));
        }
    }
    let context = spec.pod_template.security_context.as_ref();
    if context.is_some_and(|it| it.get("runAsUser").and_then(serde_json::Value::as_i64) == Some(0)) {
        errors
            .push(SpecError::new("spec.podTemplate.securityContext.runAsUser", "members do not run as root"));
    }
}
