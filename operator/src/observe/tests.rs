//! Pods, claims and nodes as Kubernetes writes them, and what is seen in them.

use std::collections::BTreeMap;

use holdfast_plan::{ClusterId, Ordinal, PodPhase};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::resources::Names;

fn now() -> Timestamp {
    "2026-01-01T00:10:00Z".parse().unwrap()
}

fn names() -> Names {
    Names::new("kv", "shop", "cluster.local")
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn pod(name: &str, conditions: &Value, container: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "uid": format!("uid-of-{name}"), "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": { "holdfast.dev/template-hash": "abc" },
        },
        "spec": { "nodeName": "n1", "containers": [] },
        "status": { "phase": "Running", "conditions": conditions, "containerStatuses": [container] },
    })
}

fn unready(name: &str) -> Value {
    let conditions =
        json!([{ "type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:05:00Z" }]);
    pod(
        name,
        &conditions,
        &json!({ "name": "holdfast", "image": "", "imageID": "", "ready": false, "restartCount": 0 }),
    )
}

fn node(name: &str, ready: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name } },
        "status": { "conditions": [
            { "type": "Ready", "status": ready, "lastTransitionTime": "2026-01-01T00:08:00Z" }] },
    })
}

#[test]
fn a_crashing_pod_tells_why() {
    let container = json!({
        "name": "holdfast", "image": "", "imageID": "", "ready": false, "restartCount": 7,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 137, "reason": "OOMKilled" } },
    });
    let conditions =
        json!([{ "type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:05:00Z" }]);
    let seen = pods::seen(&read(pod("kv-0", &conditions, &container)), None, None, now());
    assert_eq!((seen.phase, seen.restarts, seen.last_exit_code), (PodPhase::Running, 7, Some(137)));
    assert!(seen.was_out_of_memory && !seen.is_ready);
    assert_eq!(seen.waiting_reason.as_deref(), Some("CrashLoopBackOff"));
    assert_eq!((seen.unready_for_seconds, seen.template_hash.as_str()), (300, "abc"));
}

#[test]
fn a_pod_is_deleted_since_the_request_and_not_since_its_deadline() {
    let mut deleted = unready("kv-0");
    deleted["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:10:40Z");
    deleted["metadata"]["deletionGracePeriodSeconds"] = json!(60);
    let seen = pods::seen(&read(deleted), None, None, now());
    assert_eq!(seen.deleting_for_seconds, Some(20));
}

#[test]
fn a_lost_node_is_seen_on_its_pod_and_a_node_that_was_not_looked_at_is_not() {
    let mut objects = Objects { pods: vec![read(unready("kv-0"))], ..Objects::default() };
    let lost = |objects: &Objects| {
        slots(objects, &names(), now())[&Ordinal(0)].pod.as_ref().unwrap().node_lost_for_seconds
    };
    assert_eq!(lost(&objects), None);
    objects.nodes.insert("n1".to_owned(), Some(read(node("n1", "True"))));
    assert_eq!(lost(&objects), None);
    objects.nodes.insert("n1".to_owned(), Some(read(node("n1", "Unknown"))));
    assert_eq!(lost(&objects), Some(120));
    objects.nodes.insert("n1".to_owned(), None);
    assert_eq!(lost(&objects), Some(300));
}

fn stuck(on: &str) -> Objects {
    let conditions = json!([{ "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "lastTransitionTime": "2026-01-01T00:09:00Z" }]);
    let mut waiting = pod(
        "kv-1",
        &conditions,
        &json!({ "name": "x", "image": "", "imageID": "", "ready": false, "restartCount": 0 }),
    );
    waiting["status"]["phase"] = json!("Pending");
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": "pv" },
        "spec": { "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
            { "key": "kubernetes.io/hostname", "operator": "In", "values": [on] }] }] } } },
    });
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": { "name": "data-kv-1", "uid": "c1",
            "labels": { "holdfast.dev/cluster-id": "00000000000000ff" } },
        "spec": { "resources": { "requests": { "storage": "1Gi" } }, "storageClassName": "fast" },
        "status": { "phase": "Bound", "capacity": { "storage": "1024Mi" } },
    });
    Objects {
        pods: vec![read(waiting)],
        claims: vec![read(claim)],
        stuck_volumes: [("data-kv-1".to_owned(), read(volume))].into(),
        all_nodes: Some(vec![read(node("n1", "True")), read(node("n2", "Unknown"))]),
        ..Objects::default()
    }
}

#[test]
fn a_volume_is_lost_with_its_only_node() {
    for (on, expected) in [("n1", None), ("n2", Some(120)), ("gone", Some(60))] {
        let slots = slots(&stuck(on), &names(), now());
        let claim = slots[&Ordinal(1)].claim.as_ref().unwrap();
        assert_eq!(claim.node_lost_for_seconds, expected, "{on}");
        assert_eq!(claim.cluster_id, Some(ClusterId(0xff)));
        assert_eq!((claim.requested_bytes, claim.capacity_bytes, claim.is_bound), (1 << 30, 1 << 30, true));
        let pod = slots[&Ordinal(1)].pod.as_ref().unwrap();
        assert_eq!(pod.waiting_reason.as_deref(), Some("Unschedulable"));
    }
}

#[test]
fn a_pod_that_differs_in_resources_only_can_be_given_them() {
    let template = |hash: &str, fixed: &str| {
        BTreeMap::from([
            ("holdfast.dev/template-hash".to_owned(), hash.to_owned()),
            ("holdfast.dev/fixed-hash".to_owned(), fixed.to_owned()),
        ])
    };
    let mut running = unready("kv-0");
    running["metadata"]["annotations"]["holdfast.dev/fixed-hash"] = json!("fixed");
    let seen = |pod: &Value, hash: &str, fixed: &str| {
        pods::seen(&read(pod.clone()), Some(&template(hash, fixed)), None, now())
    };
    assert!(seen(&running, "new", "fixed").is_resizable);
    assert!(!seen(&running, "abc", "fixed").is_resizable, "it has them");
    assert!(!seen(&running, "new", "other").is_resizable, "something else differs");
    assert!(!seen(&unready("kv-0"), "new", "fixed").is_resizable, "an earlier operator made it");
    running["metadata"]["annotations"]["holdfast.dev/resize-refused"] = json!("new");
    assert!(!seen(&running, "new", "fixed").is_resizable, "it cannot take them");
    assert!(seen(&running, "newer", "fixed").is_resizable);
}

#[test]
fn a_pod_whose_node_has_no_room_for_its_resources_has_no_template() {
    for (reason, since, hash) in [
        ("Infeasible", "2026-01-01T00:09:59Z", ""),
        ("Deferred", "2026-01-01T00:09:59Z", "abc"),
        ("Deferred", "2026-01-01T00:01:00Z", ""),
    ] {
        let conditions = json!([
            { "type": "PodResizePending", "status": "True", "reason": reason, "lastTransitionTime": since }
        ]);
        let container =
            json!({ "name": "holdfast", "image": "", "imageID": "", "ready": true, "restartCount": 0 });
        let seen = pods::seen(&read(pod("kv-0", &conditions, &container)), None, None, now());
        assert_eq!(seen.template_hash, hash, "{reason} since {since}");
    }
}
