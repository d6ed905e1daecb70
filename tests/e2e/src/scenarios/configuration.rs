//! Scenarios C5 and C6: each field of the spec does something that can be seen, or is refused; none is silently without
//! effect.

use std::sync::Arc;

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use serde_json::{Value, json};

use super::size::demand_patience_at_most;
use super::upgrade::roll;
use crate::cluster::Cluster;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::oracle::LoadKind;
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "C5",
        "each field of the spec is changed: the pods, Services, policies and volumes follow",
        Company::Any,
        |scene| Box::pin(c5_each_field_does_something(scene)),
    ),
    Scenario::new(
        "C6",
        "resources are changed under load: all members have them, and writes go on",
        Company::Any,
        |scene| Box::pin(c6_resources_change_under_load(scene)),
    ),
];

/// Fields that become part of a pod, and a text that its JSON must then have.
fn fields_of_pods() -> Vec<(Value, &'static str)> {
    vec![
        (json!({ "options": { "quotaBackendBytes": 123_456_789 } }), "--quota-backend-bytes=123456789"),
        (
            json!({ "options": { "autoCompaction": { "mode": "Revision", "retention": "777" } } }),
            "--auto-compaction-retention=777",
        ),
        (
            json!({ "options": { "heartbeatIntervalMilliseconds": 120, "electionTimeoutMilliseconds": 1200 } }),
            "--election-timeout=1200",
        ),
        (json!({ "options": { "maxRequestBytes": 2_000_000 } }), "--max-request-bytes=2000000"),
        (json!({ "options": { "maxTransactionOperations": 200 } }), "--max-txn-ops=200"),
        (json!({ "options": { "logLevel": "debug" } }), "--log-level=debug"),
        (json!({ "podTemplate": { "labels": { "team": "storage" } } }), "\"team\":\"storage\""),
        (json!({ "podTemplate": { "annotations": { "note": "here" } } }), "\"note\":\"here\""),
        (json!({ "podTemplate": { "env": [{ "name": "RUST_BACKTRACE", "value": "1" }] } }), "RUST_BACKTRACE"),
        (
            json!({ "podTemplate": { "terminationGracePeriodSeconds": 45 } }),
            "\"terminationGracePeriodSeconds\":45",
        ),
        (
            json!({ "scheduling": { "tolerations": [{ "key": "dedicated", "operator": "Exists" }] } }),
            "\"key\":\"dedicated\"",
        ),
        (json!({ "scheduling": { "nodeSelector": { "kubernetes.io/os": "linux" } } }), "kubernetes.io/os"),
    ]
}

async fn c5_each_field_does_something(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "changed", 1, json!({})).await?;
    for (spec, trace) in fields_of_pods() {
        cluster.change(spec.clone()).await?;
        wait_until(&format!("{trace} in the pod"), limits::STEP, async || {
            let pod = cluster.pod(0).await?;
            let text = serde_json::to_string(&pod).expect("a pod is JSON");
            Ok(Look::when(text.contains(trace), format!("{:?}", pod.spec.map(|spec| spec.containers))))
        })
        .await
        .map_err(|failure| Failure::unmet(format!("{spec}: {failure}")))?;
    }
    cluster.settles(1, limits::STEP).await?;

    cluster
        .change(json!({
            "services": { "client": { "type": "NodePort", "annotations": { "for": "clients" } } },
            "networkPolicy": { "allowFrom": [{ "namespaceSelector": { "matchLabels": { "team": "web" } } }] },
            "disruptionBudget": { "enabled": false },
            "storage": { "size": "2Gi" },
            "tls": { "client": { "additionalNames": ["store.example.com"] } },
        }))
        .await?;
    children_follow(&scene, &cluster).await?;
    cluster.change(json!({ "networkPolicy": { "enabled": false } })).await?;
    wait_until("the end of the NetworkPolicy", limits::CONDITION, async || {
        let left = scene.api::<NetworkPolicy>().get_opt(&cluster.name).await?;
        Ok(Look::when(left.is_none(), "it is there"))
    })
    .await?;

    cluster.change(json!({ "options": { "extraArguments": { "data-dir": "/elsewhere" } } })).await?;
    let refused = cluster.shows("SpecValid", "False", limits::CONDITION).await?;
    expect(refused.message.contains("data-dir"), || format!("the refusal says {:?}", refused.message))
}

async fn children_follow(scene: &Arc<Scene>, cluster: &Cluster) -> Outcome {
    wait_until("all children to follow the spec", limits::STEP, async || {
        let service = scene.api::<Service>().get(&format!("{}-client", cluster.name)).await?;
        let is_node_port = service.spec.and_then(|spec| spec.type_).as_deref() == Some("NodePort");
        let is_annotated = service.metadata.annotations.unwrap_or_default().contains_key("for");
        let policy = scene.api::<NetworkPolicy>().get(&cluster.name).await?;
        let is_open = serde_json::to_string(&policy).expect("a policy is JSON").contains("\"team\":\"web\"");
        let is_unbudgeted = scene.api::<PodDisruptionBudget>().get_opt(&cluster.name).await?.is_none();
        let claim = scene.api::<PersistentVolumeClaim>().get(&cluster.claim_name(0)).await?;
        let capacity = claim.status.and_then(|status| status.capacity).unwrap_or_default().remove("storage");
        let size = capacity.map(|quantity| quantity.0).unwrap_or_default();
        let names = cluster.secret_value("server-tls", "tls.crt").await?;
        let is_named = certificate_has_name(&names, "store.example.com");
        let done = (is_node_port, is_annotated, is_open, is_unbudgeted, size == "2Gi", is_named);
        Ok(Look::when(
            done == (true, true, true, true, true, true),
            format!("node port, annotated, open, no budget, 2Gi, further name: {done:?}, size {size}"),
        ))
    })
    .await
}

/// Names in certificates are plain ASCII, so they can be found without taking the certificate apart.
fn certificate_has_name(pem: &str, name: &str) -> bool {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let Ok(certificate) = CertificateDer::from_pem_slice(pem.as_bytes()) else { return false };
    certificate.windows(name.len()).any(|window| window == name.as_bytes())
}

async fn c6_resources_change_under_load(scene: Arc<Scene>) -> Outcome {
    let resources = |cpu: &str| json!({ "requests": { "cpu": cpu, "memory": "64Mi" } });
    let cluster = Cluster::running(&scene, "resized", 3, json!({ "resources": resources("10m") })).await?;
    let lives = cluster.lives().await?;
    let load = cluster.load("c6", LoadKind::default()).await?;
    cluster.change(json!({ "resources": resources("20m") })).await?;
    wait_until("the new request in all pods", limits::CHANGE, async || {
        let pods = cluster.pods().await?;
        let cpus: Vec<_> = pods.iter().map(cpu_requested).collect();
        let is_done = cpus.len() == 3 && cpus.iter().all(|cpu| cpu.as_deref() == Some("20m"));
        Ok(Look::when(is_done, format!("{cpus:?}")))
    })
    .await?;
    cluster.settles(3, limits::STEP).await?;
    let now = cluster.lives().await?;
    expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))?;
    let ledger = cluster.audited(load, 3).await?;
    demand_patience_at_most(&ledger, 4)?;
    // What would change the quality of service cannot be done in place, so that this restarts all.
    let guaranteed = json!({ "cpu": "500m", "memory": "512Mi" });
    roll(&cluster, json!({ "resources": { "requests": guaranteed, "limits": guaranteed } })).await.map(drop)
}

fn cpu_requested(pod: &Pod) -> Option<String> {
    let container = pod.spec.as_ref()?.containers.first()?;
    Some(container.resources.as_ref()?.requests.as_ref()?.get("cpu")?.0.clone())
}
