//! The objects of a cluster as YAML, as they are applied; `HOLDFAST_GOLDEN=write` writes them anew.

use std::path::Path;

use holdfast_plan::ClusterId;
use serde_json::{Value, json};

use super::*;
use crate::crd::{HoldfastClusterSpec, ServiceSettings};

fn spec(fields: Value) -> HoldfastClusterSpec {
    serde_json::from_value(fields).unwrap()
}

fn names() -> Names {
    Names::new("kv", "shop", "cluster.local")
}

/// Compares with `tests/golden/NAME.yaml`, or writes it.
fn golden(name: &str, value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.yaml"));
    let text = serde_yaml::to_string(value).unwrap();
    if std::env::var_os("HOLDFAST_GOLDEN").is_some_and(|mode| mode == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, expected, "{} differs; HOLDFAST_GOLDEN=write writes it anew", path.display());
}

/// Without the version, which changes with each release.
fn pinned(mut fields: Value) -> HoldfastClusterSpec {
    fields["version"] = json!("1.2.3");
    spec(fields)
}

fn pod_of(fields: Value) -> Template {
    pod::template(&pinned(fields), &names(), ClusterId(0xcdf8_1819_4e3a_8c32), "registry.example/holdfast")
}

fn statefulset_of(fields: Value, class: Option<&str>) -> Value {
    let (names, owner, template) = (names(), labels::owner("kv", "uid-1"), pod_of(fields));
    let parts = statefulset::Parts {
        names: &names,
        owner: &owner,
        template: &template,
        claim_size: "10Gi",
        storage_class: class,
    };
    statefulset::statefulset(&parts, 3)
}

#[test]
fn a_cluster_by_default() {
    golden("statefulset-default", &statefulset_of(json!({}), None));
}

#[test]
fn a_cluster_with_everything_set() {
    let fields = json!({
        "image": { "tag": "edge", "pullPolicy": "Always" },
        "revisionTag": "second",
        "resources": { "requests": { "cpu": "1", "memory": "1Gi" } },
        "options": {
            "quotaBackendBytes": 8_589_934_592_i64,
            "autoCompaction": { "mode": "Periodic", "retention": "1h" },
            "logLevel": "debug",
            "extraArguments": { "snapshot-count": "10000" },
        },
        "tls": { "client": { "mode": "Secret", "secretName": "mine" }, "peer": { "mode": "Disabled" } },
        "scheduling": {
            "antiAffinity": "Required",
            "affinity": { "nodeAffinity": {} },
            "nodeSelector": { "disk": "fast" },
            "tolerations": [{ "key": "db", "operator": "Exists" }],
            "topologySpreadConstraints": [],
            "priorityClassName": "high",
        },
        "podTemplate": {
            "labels": { "team": "a", "holdfast.dev/cluster": "stolen" },
            "annotations": { "note": "b" },
            "env": [{ "name": "TZ", "value": "UTC" }],
            "serviceAccountName": "members",
            "imagePullSecrets": ["pull"],
            "securityContext": { "runAsUser": 1000 },
            "terminationGracePeriodSeconds": 30,
        },
    });
    golden("statefulset-everything", &statefulset_of(fields, Some("fast")));
}

#[test]
fn services_budget_and_policy() {
    let owner = labels::owner("kv", "uid-1");
    let settings: ServiceSettings = serde_json::from_value(
        json!({ "type": "LoadBalancer", "annotations": { "a": "b" }, "labels": { "c": "d" } }),
    )
    .unwrap();
    golden("service-peers", &services::peers(&names(), &owner));
    golden("service-client", &services::client(&names(), &owner, &settings));
    golden("disruption-budget", &disruption_budget::disruption_budget(&names(), &owner, 5));
    let from = [json!({ "namespaceSelector": { "matchLabels": { "team": "web" } } })];
    golden("network-policy", &network_policy::network_policy(&names(), &owner, "holdfast-system", &from));
}

#[test]
fn a_single_member_can_be_evicted_and_a_quorum_cannot() {
    let spare = |voters| {
        let budget = disruption_budget::disruption_budget(&names(), &json!({}), voters);
        budget["spec"]["maxUnavailable"].as_u64().unwrap()
    };
    assert_eq!([1, 3, 4, 5, 7, 9].map(spare), [1, 1, 1, 2, 3, 4]);
}

#[test]
fn the_hash_follows_what_reaches_the_pod_and_nothing_else() {
    let plain = pod_of(json!({})).hash;
    for same in [
        json!({ "replicas": 5 }),
        json!({ "storage": { "size": "20Gi" } }),
        json!({ "paused": true, "hibernate": true }),
        json!({ "recovery": { "replaceAfterSeconds": 60 } }),
    ] {
        assert_eq!(pod_of(same.clone()).hash, plain, "{same}");
    }
    for other in [
        json!({ "revisionTag": "x" }),
        json!({ "image": { "repository": "other" } }),
        json!({ "resources": { "limits": { "cpu": "2" } } }),
        json!({ "options": { "logLevel": "warn" } }),
    ] {
        assert_ne!(pod_of(other.clone()).hash, plain, "{other}");
    }
}

#[test]
fn a_digest_wins_over_a_tag() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let template = pod_of(json!({ "image": { "tag": "x", "digest": digest } }));
    let image = &template.content["spec"]["containers"][0]["image"];
    assert_eq!(image, &format!("registry.example/holdfast@{digest}"));
}
