//! The charts and samples agree with themselves and with the resources, as far as that can be told without Helm: every
//! value has a schema and a row in the README, and no sample has a field that does not exist.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use holdfast_operator::crd;
use serde::Deserialize;
use serde_json::Value;

fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs the tests");
    Path::new(&package).parent().expect("the package stands one folder below the root").to_path_buf()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Where a value ends: at what is not a map of the chart's own keys.
fn leaves_of_values(values: &Value, schema: &Value, path: &str, leaves: &mut BTreeSet<String>) {
    match (values.as_object(), schema["properties"].as_object()) {
        (Some(values), Some(properties)) => {
            for (name, value) in values {
                let below = properties.get(name).unwrap_or(&Value::Null);
                leaves_of_values(value, below, &joined(path, name), leaves);
            }
        }
        _ => {
            leaves.insert(path.to_owned());
        }
    }
}

fn leaves_of_schema(schema: &Value, path: &str, leaves: &mut BTreeSet<String>) {
    match schema["properties"].as_object() {
        Some(properties) => {
            for (name, below) in properties {
                leaves_of_schema(below, &joined(path, name), leaves);
            }
        }
        None => {
            leaves.insert(path.to_owned());
        }
    }
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[test]
fn every_value_of_the_operators_chart_has_a_schema_and_a_row() {
    let schema: Value =
        serde_json::from_str(&read("charts/holdfast/values.schema.json")).expect("the schema is JSON");
    let mut given = BTreeSet::new();
    leaves_of_values(&yaml("charts/holdfast/values.yaml"), &schema, "", &mut given);
    let mut known = BTreeSet::new();
    leaves_of_schema(&schema, "", &mut known);
    // Helm's own, which a chart of charts sets.
    known.remove("global");
    assert_eq!(given, known, "values.yaml and values.schema.json name the same keys");

    let readme = read("charts/holdfast/README.md");
    let missing: Vec<&String> = given.iter().filter(|key| !readme.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "charts/holdfast/README.md has no row for {missing:?}");
}

/// Fields of a resource that its definition does not know.
fn unknown_fields(value: &Value, schema: &Value, path: &str, unknown: &mut Vec<String>) {
    if let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, field) in fields {
            match properties.get(name) {
                Some(below) => unknown_fields(field, below, &joined(path, name), unknown),
                None => unknown.push(joined(path, name)),
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        unknown_fields(item, &schema["items"], path, unknown);
    }
}

#[test]
fn samples_have_fields_that_exist_and_values_that_can_be_read() {
    let definitions = crd::definitions();
    let mut kinds = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("deploy/samples")).expect("there are samples") {
        let path = entry.expect("a folder can be listed to its end").path();
        let text = std::fs::read_to_string(&path).expect("samples are text");
        for document in serde_yaml::Deserializer::from_str(&text) {
            let resource =
                Value::deserialize(document).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let kind = resource["kind"].as_str().expect("a resource has a kind").to_owned();
            let definition = definitions
                .iter()
                .find(|definition| definition.spec.names.kind == kind)
                .unwrap_or_else(|| panic!("{}: there is no kind {kind}", path.display()));
            let definition = serde_json::to_value(definition).expect("a definition is plain values");
            let schema =
                &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
            let mut unknown = Vec::new();
            unknown_fields(&resource["spec"], schema, "spec", &mut unknown);
            assert!(unknown.is_empty(), "{}: {kind} has no {unknown:?}", path.display());
            let read = match kind.as_str() {
                "HoldfastCluster" => parse::<crd::HoldfastCluster>(resource),
                "HoldfastRole" => parse::<crd::HoldfastRole>(resource),
                _ => parse::<crd::HoldfastUser>(resource),
            };
            read.unwrap_or_else(|error| panic!("{}: {kind}: {error}", path.display()));
            kinds.insert(kind);
        }
    }
    assert_eq!(kinds.len(), definitions.len(), "there is a sample of each kind: {kinds:?}");
}

/// A resource without a `spec` has an empty one, as the API server would make it by the defaults.
fn parse<Kind: serde::de::DeserializeOwned>(mut resource: Value) -> Result<(), serde_json::Error> {
    if resource.get("spec").is_none() {
        resource["spec"] = serde_json::json!({});
    }
    serde_json::from_value::<Kind>(resource).map(|_| ())
}
