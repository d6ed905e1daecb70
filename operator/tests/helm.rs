//! The charts under a real Helm: they are linted, rendered in the ways that people use them, and refuse what they should.
//! `deploy/` is what the chart gives. Without Helm (`HOLDFAST_HELM`, or what tests/kubernetes builds) it says so by name.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize as _;
use serde_json::Value;

const MONITORING: [&str; 6] = [
    "--api-versions",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "--api-versions",
    "monitoring.coreos.com/v1/PodMonitor",
    "--api-versions",
    "monitoring.coreos.com/v1/PrometheusRule",
];

fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package).parent().expect("the package stands one folder below the root").to_path_buf()
}

/// A helm, if there is one. Says on the test run's own output if there is none, so that nobody takes it for a pass.
fn helm(test: &str) -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("HOLDFAST_HELM") {
        return Some(named.into());
    }
    let built = Command::new(root().join("tests/kubernetes/binaries.sh")).arg("--where").output().ok();
    let built = built.and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        Some(Path::new(text.lines().next()?).join("helm"))
    });
    if let Some(path) = built.filter(|path| path.is_file()) {
        return Some(path);
    }
    let text =
        format!("\n*** SKIPPED: {test}: there is no Helm yet; tests/kubernetes/binaries.sh builds it\n\n");
    std::io::stderr().write_all(text.as_bytes()).expect("a test can write to its error output");
    None
}

fn run(helm: &Path, arguments: &[&str]) -> Output {
    Command::new(helm)
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", helm.display()))
}

fn render(helm: &Path, chart: &str, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["template", "holdfast", chart, "--namespace", "holdfast-system"];
    all.extend_from_slice(arguments);
    let output = run(helm, &all);
    assert!(output.status.success(), "helm {all:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("manifests are text");
    serde_yaml::Deserializer::from_str(&text)
        .map(|document| Value::deserialize(document).unwrap_or_else(|error| panic!("helm {all:?}: {error}")))
        .filter(|object| !object.is_null())
        .collect()
}

fn kinds(objects: &[Value]) -> Vec<&str> {
    objects.iter().filter_map(|object| object["kind"].as_str()).collect()
}

fn one<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<&Value> = objects.iter().filter(|object| object["kind"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {:?}", kinds(objects));
    found[0]
}

#[test]
fn charts_pass_lint() {
    let Some(helm) = helm("lint of the charts") else { return };
    let output = run(&helm, &["lint", "--strict", "charts/holdfast", "charts/holdfast-cluster"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn plain_manifests_are_what_the_chart_gives() {
    let Some(helm) = helm("the plain manifests of deploy/") else { return };
    let output = Command::new(root().join("tests/setup/generate.sh"))
        .arg("--check")
        .env("HOLDFAST_HELM", helm)
        .output()
        .expect("the script can be run");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn definitions_stay_unless_somebody_says_otherwise() {
    let Some(helm) = helm("definitions in the chart") else { return };
    let objects = render(&helm, "charts/holdfast", &[]);
    let definitions: Vec<&Value> =
        objects.iter().filter(|object| object["kind"] == "CustomResourceDefinition").collect();
    assert_eq!(definitions.len(), 3);
    for definition in definitions {
        assert_eq!(definition["metadata"]["annotations"]["helm.sh/resource-policy"], "keep");
        assert_ne!(definition["spec"]["versions"][0]["schema"], Value::Null);
    }
    let without = render(&helm, "charts/holdfast", &["--set", "crds.keep=false"]);
    let definition = without.iter().find(|object| object["kind"] == "CustomResourceDefinition");
    assert_eq!(definition.expect("it is still installed")["metadata"]["annotations"], Value::Null);
    let none = render(&helm, "charts/holdfast", &["--set", "crds.enabled=false"]);
    assert!(!kinds(&none).contains(&"CustomResourceDefinition"));
}

#[test]
fn listed_namespaces_need_nothing_of_the_whole_cluster() {
    let Some(helm) = helm("rights by namespace") else { return };
    let listed = ["--set", "watchNamespaces={one,two}", "--set", "crds.enabled=false"];
    let objects = render(&helm, "charts/holdfast", &listed);
    for object in &objects {
        assert!(object["metadata"]["namespace"].is_string(), "{} has no namespace", object["kind"]);
    }
    let roles: Vec<_> = objects
        .iter()
        .filter(|object| object["kind"] == "Role")
        .map(|role| role["metadata"]["namespace"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(roles, ["one", "two", "holdfast-system"], "and one for the Lease");

    let reading =
        render(&helm, "charts/holdfast", &[&listed[..], &["--set", "rbac.readNodes=true"]].concat());
    let rules = &one(&reading, "ClusterRole")["rules"];
    for rule in rules.as_array().expect("a role has rules") {
        assert_eq!(rule["verbs"], serde_json::json!(["get", "list", "watch"]));
    }
}

#[test]
fn no_rule_is_for_everything() {
    let Some(helm) = helm("rules of the operator") else { return };
    let objects = render(&helm, "charts/holdfast", &[]);
    for role in
        objects.iter().filter(|object| object["kind"].as_str().is_some_and(|kind| kind.ends_with("Role")))
    {
        for rule in role["rules"].as_array().expect("a role has rules") {
            let text = rule.to_string();
            assert!(!text.contains('*'), "{}: {text}", role["metadata"]["name"]);
        }
    }
}

#[test]
fn the_operators_pod_meets_the_restricted_standard() {
    let Some(helm) = helm("the operator's pod") else { return };
    let objects = render(&helm, "charts/holdfast", &[]);
    let pod = &one(&objects, "Deployment")["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(pod["securityContext"]["runAsUser"], Value::Null, "the platform may choose");
    let container = &pod["containers"][0]["securityContext"];
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["capabilities"]["drop"], serde_json::json!(["ALL"]));
}

#[test]
fn monitors_are_left_out_where_nobody_knows_them() {
    let Some(helm) = helm("monitors") else { return };
    let switches = [
        "--set",
        "metrics.serviceMonitor.enabled=true,metrics.podMonitor.enabled=true,metrics.prometheusRule.enabled=true",
    ];
    let without = render(&helm, "charts/holdfast", &switches);
    let with = render(&helm, "charts/holdfast", &[&switches[..], &MONITORING].concat());
    for kind in ["ServiceMonitor", "PodMonitor", "PrometheusRule"] {
        assert!(!kinds(&without).contains(&kind), "{kind} without its definition");
        one(&with, kind);
    }
    let groups = &one(&with, "PrometheusRule")["spec"]["groups"];
    let rule = &groups[0]["rules"][0];
    let summary = rule["annotations"]["summary"].as_str().expect("an alert has a summary");
    assert!(
        summary.contains("{{ $labels.cluster }}"),
        "Helm must leave Prometheus' own expressions alone: {summary}"
    );
}

#[test]
fn the_operators_chart_refuses_what_it_does_not_know() {
    let Some(helm) = helm("refusals of the operator's chart") else { return };
    for (set, words) in [
        ("replicas=3", "additional properties 'replicas' not allowed"),
        ("image.repo=a", "additional properties 'repo' not allowed"),
        ("replicaCount=two", "want integer"),
        ("logLevel=loud", "value must be one of"),
        ("image.digest=abc", "does not match pattern"),
        ("replicaCount=2,leaderElection=false", "needs leaderElection"),
    ] {
        refuses(&helm, "charts/holdfast", set, words);
    }
}

#[test]
fn the_clusters_chart_takes_what_the_resource_takes() {
    let Some(helm) = helm("the cluster's chart") else { return };
    let empty = render(&helm, "charts/holdfast-cluster", &[]);
    assert_eq!(
        one(&empty, "HoldfastCluster")["spec"],
        serde_json::json!({}),
        "defaults are the resource's own"
    );

    let values = [
        "--set",
        "replicas=5,storage.size=50Gi,tls.client.mode=Secret,tls.client.secretName=mine,labels.team=a",
        "--set",
        "users[0].name=ann,users[0].username=ann,users[0].roles={readers}",
        "--set",
        "roles[0].name=readers,roles[0].roleName=readers,roles[0].permissions[0].type=Read,roles[0].permissions[0].prefix=/",
    ];
    let objects = render(&helm, "charts/holdfast-cluster", &values);
    let cluster = one(&objects, "HoldfastCluster");
    assert_eq!(cluster["metadata"]["name"], "holdfast");
    assert_eq!(cluster["metadata"]["labels"]["team"], "a");
    assert_eq!(
        cluster["spec"],
        serde_json::json!({
            "replicas": 5,
            "storage": {"size": "50Gi"},
            "tls": {"client": {"mode": "Secret", "secretName": "mine"}},
        })
    );
    assert_eq!(
        one(&objects, "HoldfastUser")["spec"],
        serde_json::json!({"clusterRef": {"name": "holdfast"}, "username": "ann", "roles": ["readers"]})
    );
    assert_eq!(one(&objects, "HoldfastRole")["spec"]["clusterRef"]["name"], "holdfast");

    for (set, words) in [
        ("replica=3", "additional properties 'replica' not allowed"),
        ("storage.sise=1Gi", "additional properties 'sise' not allowed"),
        ("replicas=11", "maximum: got 11, want 9"),
        ("tls.client.mode=Maybe", "value must be one of"),
        ("storage.size=lots", "does not match pattern"),
        ("users[0].name=ann", "missing property 'username'"),
    ] {
        refuses(&helm, "charts/holdfast-cluster", set, words);
    }
}

fn refuses(helm: &Path, chart: &str, set: &str, words: &str) {
    let output = run(helm, &["template", "holdfast", chart, "--set", set]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{chart} took {set}");
    assert!(said.contains(words), "{chart} with {set} should say `{words}`: {said}");
}
