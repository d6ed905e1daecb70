//! The pod of a member. Built from the specification alone, so that its hash changes only when a person changes
//! something; must not depend on the operator's version.

use std::collections::BTreeMap;

use holdfast_plan::ClusterId;
use serde_json::{Map, Value, json};

use super::arguments::{PEER_TLS_PATH, SERVER_TLS_PATH, VOLUME_PATH, arguments};
use super::names::{CLAIM_TEMPLATE, CLIENT_PORT, METRICS_PORT, Names, PEER_PORT};
use super::{canonical, labels};
use crate::crd::{AntiAffinity, EndpointTls, HoldfastClusterSpec, Image, TlsMode};

/// The user and group of the image, whose group the volume is given to.
const GROUP: u32 = 65532;
/// How long a member may take to stop, where the specification does not say.
const STOP_SECONDS: i64 = 60;

/// A pod template with its hash.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The template, its hash among the annotations.
    pub content: Value,
    /// The hash.
    pub hash: String,
}

/// The template of a cluster's pods.
#[must_use]
pub fn template(
    spec: &HoldfastClusterSpec,
    names: &Names,
    cluster_id: ClusterId,
    default_repository: &str,
) -> Template {
    let mut annotations: BTreeMap<&str, &str> =
        spec.pod_template.annotations.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    annotations.insert("kubectl.kubernetes.io/default-container", "holdfast");
    if let Some(tag) = &spec.revision_tag {
        annotations.insert(labels::REVISION_TAG, tag);
    }
    let mut all_labels = spec.pod_template.labels.clone();
    all_labels.extend(labels::all(names.cluster()));
    let mut content = json!({
        "metadata": { "labels": all_labels, "annotations": annotations },
        "spec": pod_spec(spec, names, cluster_id, default_repository),
    });
    let (hash, fixed_hash) = (canonical::hash(&content), canonical::hash(&without_resources(&content)));
    let annotations = &mut content["metadata"]["annotations"];
    annotations[labels::TEMPLATE_HASH] = Value::String(hash.clone());
    annotations[labels::FIXED_HASH] = Value::String(fixed_hash);
    Template { content, hash }
}

/// What of a template holds for as long as a pod runs: Kubernetes changes the resources of containers in place.
fn without_resources(content: &Value) -> Value {
    let mut fixed = content.clone();
    if let Some(container) = fixed["spec"]["containers"][0].as_object_mut() {
        container.remove("resources");
    }
    fixed
}

impl Template {
    /// Requests and limits of the server's container, null for none.
    #[must_use]
    pub fn resources(&self) -> &Value {
        &self.content["spec"]["containers"][0]["resources"]
    }
}

fn pod_spec(
    spec: &HoldfastClusterSpec,
    names: &Names,
    cluster_id: ClusterId,
    default_repository: &str,
) -> Value {
    let pod = &spec.pod_template;
    let mut volumes = vec![json!({ "name": "tmp", "emptyDir": {} })];
    let mut mounts = vec![
        json!({ "name": CLAIM_TEMPLATE, "mountPath": VOLUME_PATH }),
        json!({ "name": "tmp", "mountPath": "/tmp" }),
    ];
    let secrets = [
        ("server-tls", secret(&spec.tls.client, names.server_secret()), SERVER_TLS_PATH),
        ("peer-tls", secret(&spec.tls.peer, names.peer_secret()), PEER_TLS_PATH),
    ];
    for (name, secret, path) in secrets {
        if let Some(secret) = secret {
            volumes.push(json!({ "name": name, "secret": { "secretName": secret } }));
            mounts.push(json!({ "name": name, "mountPath": path, "readOnly": true }));
        }
    }
    let mut env =
        vec![json!({ "name": "POD_NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } })];
    env.extend(pod.env.iter().cloned());
    let mut container = json!({
        "name": "holdfast",
        "image": image(&spec.image, &spec.version, default_repository),
        "args": arguments(spec, names, cluster_id),
        "env": env,
        "ports": [
            { "name": "client", "containerPort": CLIENT_PORT },
            { "name": "peer", "containerPort": PEER_PORT },
            { "name": "metrics", "containerPort": METRICS_PORT },
        ],
        "volumeMounts": mounts,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
        // A member that replays a long log, or receives a snapshot, is not to be killed for it.
        "startupProbe": probe("/livez", 2, 5, 300),
        // Only one that hangs is restarted; a slow disk alone never fills this.
        "livenessProbe": probe("/livez", 10, 10, 6),
        "readinessProbe": probe("/readyz", 3, 5, 2),
    });
    set(&mut container, "resources", spec.resources.clone());
    set(&mut container, "imagePullPolicy", spec.image.pull_policy.clone().map(Value::String));
    let mut all = json!({
        "containers": [container],
        "volumes": volumes,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": pod.termination_grace_period_seconds.unwrap_or(STOP_SECONDS),
        "securityContext": security_context(pod.security_context.as_ref()),
    });
    set(&mut all, "serviceAccountName", pod.service_account_name.clone().map(Value::String));
    if !pod.image_pull_secrets.is_empty() {
        let named: Vec<Value> = pod.image_pull_secrets.iter().map(|name| json!({ "name": name })).collect();
        all["imagePullSecrets"] = Value::Array(named);
    }
    schedule(&mut all, spec, names);
    all
}

/// The Secret that is mounted for one kind of connection.
fn secret(endpoint: &EndpointTls, own: String) -> Option<String> {
    match endpoint.mode {
        TlsMode::Managed | TlsMode::CertManager => Some(own),
        TlsMode::Secret => endpoint.secret_name.clone(),
        TlsMode::Disabled => None,
    }
}

/// The image: a digest wins over a tag, a tag over the version.
fn image(image: &Image, version: &str, default_repository: &str) -> String {
    let repository = image.repository.as_deref().unwrap_or(default_repository);
    match (&image.digest, &image.tag) {
        (Some(digest), _) => format!("{repository}@{digest}"),
        (None, Some(tag)) => format!("{repository}:{tag}"),
        (None, None) => format!("{repository}:{version}"),
    }
}

fn probe(path: &str, period: u32, timeout: u32, failures: u32) -> Value {
    json!({
        "httpGet": { "path": path, "port": "metrics" },
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    })
}

/// What the user says wins; without a word of theirs, the volume belongs to the image's group.
fn security_context(given: Option<&Value>) -> Value {
    let mut context = json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } });
    match given.and_then(Value::as_object) {
        Some(given) => {
            for (name, value) in given {
                context[name] = value.clone();
            }
        }
        None => {
            context["fsGroup"] = json!(GROUP);
            // A large volume is not walked through at every start.
            context["fsGroupChangePolicy"] = json!("OnRootMismatch");
        }
    }
    context
}

fn schedule(pod: &mut Value, spec: &HoldfastClusterSpec, names: &Names) {
    let scheduling = &spec.scheduling;
    if !scheduling.node_selector.is_empty() {
        pod["nodeSelector"] = json!(scheduling.node_selector);
    }
    if !scheduling.tolerations.is_empty() {
        pod["tolerations"] = Value::Array(scheduling.tolerations.clone());
    }
    set(pod, "priorityClassName", scheduling.priority_class_name.clone().map(Value::String));
    let selector = json!({ "matchLabels": labels::selecting(names.cluster()) });
    let spread = scheduling.topology_spread_constraints.clone().unwrap_or_else(|| {
        vec![json!({
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": selector,
        })]
    });
    if !spread.is_empty() {
        pod["topologySpreadConstraints"] = Value::Array(spread);
    }
    let affinity = affinity(scheduling.affinity.as_ref(), scheduling.anti_affinity, &selector);
    set(pod, "affinity", affinity);
}

/// The affinity given, and the rule on members of this cluster beside what it says.
fn affinity(given: Option<&Value>, rule: AntiAffinity, selector: &Value) -> Option<Value> {
    let term = json!({ "labelSelector": selector, "topologyKey": "kubernetes.io/hostname" });
    let (list, entry) = match rule {
        AntiAffinity::Preferred => (
            "preferredDuringSchedulingIgnoredDuringExecution",
            json!({ "weight": 100, "podAffinityTerm": term }),
        ),
        AntiAffinity::Required => ("requiredDuringSchedulingIgnoredDuringExecution", term),
        AntiAffinity::None => return given.cloned(),
    };
    let mut affinity = given.and_then(Value::as_object).cloned().unwrap_or_default();
    let anti = affinity.entry("podAntiAffinity").or_insert_with(|| Value::Object(Map::new()));
    if let Some(anti) = anti.as_object_mut() {
        let entries = anti.entry(list).or_insert_with(|| Value::Array(Vec::new()));
        if let Some(entries) = entries.as_array_mut() {
            entries.push(entry);
        }
    }
    Some(Value::Object(affinity))
}

fn set(object: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value {
        object[name] = value;
    }
}
