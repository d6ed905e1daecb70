//! What is let through and what is refused, field by field.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;

fn cluster(spec: Value) -> HoldfastCluster {
    serde_json::from_value(json!({
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "HoldfastCluster",
        "metadata": { "name": "kv", "namespace": "shop", "uid": "0b5c6f0e-6a0a-4a3f-9a53-0d7f5e6d0001" },
        "spec": spec,
    }))
    .unwrap()
}

fn fields_refused(cluster: &HoldfastCluster) -> Vec<String> {
    validate(cluster, "holdfast").unwrap_err().into_iter().map(|error| error.field).collect()
}

#[test]
fn an_empty_specification_is_three_members_on_ten_gibibytes() {
    let validated = validate(&cluster(json!({})), "holdfast").unwrap();
    assert_eq!(validated.desired.replicas, 3);
    assert_eq!(validated.desired.volume_size_bytes, 10 << 30);
    assert!(validated.is_client_encrypted && validated.is_peer_encrypted);
    assert_ne!(validated.desired.cluster_id, ClusterId(0));
}

#[test]
fn another_resource_is_another_cluster_even_under_the_same_name() {
    let first = cluster(json!({}));
    let mut second = first.clone();
    second.metadata.uid = Some("0b5c6f0e-6a0a-4a3f-9a53-0d7f5e6d0002".to_owned());
    assert_eq!(cluster_id(&first).unwrap(), cluster_id(&first.clone()).unwrap());
    assert_ne!(cluster_id(&first).unwrap(), cluster_id(&second).unwrap());
    let adopted = cluster(json!({ "bootstrap": { "clusterID": "cdf818194e3a8c32" } }));
    assert_eq!(cluster_id(&adopted).unwrap().to_string(), "cdf818194e3a8c32");
}

#[test]
fn each_error_names_its_field() {
    for (spec, field) in [
        (json!({ "replicas": 2 }), "spec.replicas"),
        (json!({ "replicas": -1 }), "spec.replicas"),
        (json!({ "version": "latest" }), "spec.version"),
        (json!({ "storage": { "size": "much" } }), "spec.storage.size"),
        (json!({ "bootstrap": { "clusterID": "0000000000000000" } }), "spec.bootstrap.clusterID"),
        (
            json!({ "options": { "electionTimeoutMilliseconds": 400 } }),
            "spec.options.electionTimeoutMilliseconds",
        ),
        (
            json!({ "options": { "extraArguments": { "data-dir": "/x" } } }),
            "spec.options.extraArguments[data-dir]",
        ),
        (
            json!({ "options": { "extraArguments": { "--snapshot-count": "1" } } }),
            "spec.options.extraArguments[--snapshot-count]",
        ),
        (json!({ "podTemplate": { "env": [{ "name": "POD_NAME" }] } }), "spec.podTemplate.env[0]"),
        (
            json!({ "podTemplate": { "securityContext": { "runAsUser": 0 } } }),
            "spec.podTemplate.securityContext.runAsUser",
        ),
    ] {
        assert_eq!(fields_refused(&cluster(spec.clone())), [field], "{spec}");
    }
}

#[test]
fn all_errors_are_told_at_once() {
    let bad = cluster(json!({ "replicas": 4, "version": "1", "storage": { "size": "?" } }));
    assert_eq!(fields_refused(&bad), ["spec.replicas", "spec.storage.size", "spec.version"]);
}

#[test]
fn replacements_are_read_from_the_annotation() {
    let mut asked = cluster(json!({}));
    let mut annotate = |text: &str| {
        asked.metadata.annotations = Some([(labels::REPLACE.to_owned(), text.to_owned())].into());
        validate(&asked, "holdfast").map(|validated| validated.replacements_asked)
    };
    assert_eq!(annotate("2, 0,2").unwrap(), [Ordinal(0), Ordinal(2)]);
    assert_eq!(annotate("").unwrap(), []);
    assert_eq!(annotate("kv-0").unwrap_err()[0].field, "metadata.annotations[holdfast.dev/replace]");
}

#[test]
fn no_flag_is_both_owned_and_free() {
    for (name, _) in flags::OWNED {
        assert!(!flags::FREE.contains(name), "{name}");
    }
}

/// The server's own table, read as text: linking the server in would bring its storage engine along.
#[test]
fn the_lists_of_flags_are_those_of_the_server() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../store/src/config/flags/settings.rs");
    let table = std::fs::read_to_string(table).unwrap();
    let rows = table.lines().filter_map(|line| line.trim_start().strip_prefix("flag(\""));
    let of_server: BTreeSet<&str> = rows.filter_map(|row| row.split('"').next()).collect();
    let owned = flags::OWNED.iter().map(|(name, _)| *name);
    let known: BTreeSet<&str> = owned.chain(flags::FREE.iter().copied()).collect();
    assert_eq!(known, of_server, "a flag was added or removed: say in validate/flags.rs who sets it");
}
