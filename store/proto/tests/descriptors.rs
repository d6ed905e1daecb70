//! Compares the client API of this crate with the `.proto` files that the `etcd-client` crate ships: every message,
//! field number, name, type and method. Found through cargo, so that no path of a machine stands here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use prost::Message;
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

/// Packages that both sides have; health is gRPC's own and not part of etcd.
const PACKAGES: [&str; 5] = ["authpb", "etcdserverpb", "mvccpb", "v3electionpb", "v3lockpb"];

fn etcd_proto_folder() -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let manifest = metadata["packages"]
        .as_array()
        .expect("metadata lists packages")
        .iter()
        .find(|package| package["name"] == "etcd-client")
        .and_then(|package| package["manifest_path"].as_str())
        .expect("etcd-client is in the dependency graph");
    PathBuf::from(manifest).with_file_name("proto")
}

fn add_enum(facts: &mut BTreeMap<String, String>, parent: &str, declared: &EnumDescriptorProto) {
    for value in &declared.value {
        facts.insert(
            format!("enum {parent}.{}.{}", declared.name(), value.name()),
            value.number().to_string(),
        );
    }
}

fn add_message(facts: &mut BTreeMap<String, String>, parent: &str, message: &DescriptorProto) {
    let name = format!("{parent}.{}", message.name());
    facts.insert(format!("message {name}"), String::new());
    for field in &message.field {
        let oneof = field.oneof_index.map(|index| message.oneof_decl[index as usize].name().to_owned());
        facts.insert(
            format!("field {name} {}", field.number()),
            format!(
                "{} {:?} {:?} {} {oneof:?}",
                field.name(),
                field.label(),
                field.r#type(),
                field.type_name()
            ),
        );
    }
    message.nested_type.iter().for_each(|nested| add_message(facts, &name, nested));
    message.enum_type.iter().for_each(|nested| add_enum(facts, &name, nested));
}

fn facts(files: &FileDescriptorSet) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for file in files.file.iter().filter(|file| PACKAGES.contains(&file.package())) {
        file.message_type.iter().for_each(|message| add_message(&mut facts, file.package(), message));
        file.enum_type.iter().for_each(|declared| add_enum(&mut facts, file.package(), declared));
        for service in &file.service {
            for method in &service.method {
                facts.insert(
                    format!("method {}.{}/{}", file.package(), service.name(), method.name()),
                    format!(
                        "{} {} -> {} {}",
                        method.client_streaming(),
                        method.input_type(),
                        method.server_streaming(),
                        method.output_type()
                    ),
                );
            }
        }
    }
    facts
}

#[test]
fn names_numbers_and_types_are_those_of_etcd() {
    let folder = etcd_proto_folder();
    let theirs = protox::compile(
        [
            "etcd/api/etcdserverpb/rpc.proto",
            "etcd/server/etcdserver/api/v3election/v3electionpb/v3election.proto",
            "etcd/server/etcdserver/api/v3lock/v3lockpb/v3lock.proto",
        ],
        [&folder],
    )
    .expect("etcd-client's files compile");
    let ours = FileDescriptorSet::decode(holdfast_proto::CLIENT_DESCRIPTORS).expect("our descriptors decode");
    let (theirs, ours) = (facts(&theirs), facts(&ours));
    assert!(theirs.len() > 350, "only {} facts were found", theirs.len());
    let differences: Vec<String> = theirs
        .keys()
        .chain(ours.keys())
        .filter(|key| theirs.get(*key) != ours.get(*key))
        .map(|key| format!("{key}: etcd {:?}, here {:?}", theirs.get(key), ours.get(key)))
        .collect();
    assert!(differences.is_empty(), "{differences:#?}");
}
