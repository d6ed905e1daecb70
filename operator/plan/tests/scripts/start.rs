//! What a script begins from, so that it has to say only what is different: a healthy cluster, or one whose pods are
//! blank. Member N has the id aN, its pod pod-N, its claim claim-N; member 0 leads; the cluster is c1.

use serde_json::{Map, Value, json};

/// The cluster's id in scripts.
pub const CLUSTER: &str = "00000000000000c1";
const VOLUME_BYTES: u64 = 1000;
const TEMPLATE: &str = "t1";
const VERSION: &str = "1.1.0";

/// How a moment begins.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Healthy voters, from ordinal 0.
    #[serde(default)]
    members: u32,
    /// Blank pods after them.
    #[serde(default)]
    blank: u32,
    /// Learners that have caught up, after those.
    #[serde(default)]
    learners: u32,
}

/// Desired, memory and observed as JSON.
pub fn start(start: &Start) -> Value {
    let pods = start.members + start.learners + start.blank;
    let mut slots = Map::new();
    let mut members = Map::new();
    for ordinal in 0..pods {
        let is_learner = ordinal >= start.members;
        let is_blank = ordinal >= start.members + start.learners;
        slots.insert(ordinal.to_string(), slot(ordinal, is_learner, is_blank, start.members > 0));
        if !is_blank {
            let role = if is_learner { "Learner" } else { "Voter" };
            let member = json!({ "ordinal": ordinal, "role": role, "has_started": true,
                                 "is_active": true, "is_in_sync": true });
            members.insert(format!("a{ordinal}"), member);
        }
    }
    let mut observed = json!({ "slots": slots });
    if pods > 0 {
        observed["workload"] =
            json!({ "replicas": pods, "template_hash": TEMPLATE, "claim_size_bytes": VOLUME_BYTES });
    }
    let mut memory = json!({});
    if start.members > 0 {
        observed["is_serving"] = json!(true);
        observed["membership"] = json!({ "configuration": 7, "leader": "a0", "members": members });
        memory = json!({ "cluster_id": CLUSTER, "bootstrap": "Done", "version": VERSION });
    } else if pods > 0 {
        memory = json!({ "cluster_id": CLUSTER });
    }
    json!({ "desired": desired(start.members.max(1)), "memory": memory, "observed": observed })
}

fn desired(replicas: u32) -> Value {
    json!({
        "replicas": replicas, "cluster_id": CLUSTER, "template_hash": TEMPLATE, "version": VERSION,
        "volume_size_bytes": VOLUME_BYTES, "replace_after_seconds": 300, "crash_loop_threshold": 5,
        "progress_deadline_seconds": 600,
    })
}

fn slot(ordinal: u32, is_learner: bool, is_blank: bool, is_marked: bool) -> Value {
    let mut claim = json!({ "uid": format!("claim-{ordinal}"), "requested_bytes": VOLUME_BYTES,
                            "capacity_bytes": VOLUME_BYTES, "is_bound": true, "is_growable": true });
    if is_marked {
        claim["cluster_id"] = json!(CLUSTER);
    }
    let process = if is_blank {
        json!({ "Blank": { "cluster_id": CLUSTER } })
    } else {
        json!({ "Running": { "cluster_id": CLUSTER, "member_id": format!("a{ordinal}"), "version": VERSION,
                             "applied_index": 100 } })
    };
    json!({
        "pod": { "uid": format!("pod-{ordinal}"), "template_hash": TEMPLATE, "phase": "Running",
                 "is_ready": !is_blank && !is_learner },
        "claim": claim,
        "process": process,
    })
}
