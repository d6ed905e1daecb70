//! Generates the messages from the `.proto` files beside this script, without protoc. Only the peer protocol gets
//! tonic code: the client port has its own gRPC layer, which needs messages alone.

use std::error::Error;
use std::path::PathBuf;

use prost::Message;

/// The files of etcd's client API, which also get JSON in the form of etcd's gateway.
const CLIENT_FILES: [&str; 13] = [
    "authpb/auth.proto",
    "etcdserverpb/auth.proto",
    "etcdserverpb/cluster.proto",
    "etcdserverpb/header.proto",
    "etcdserverpb/kv.proto",
    "etcdserverpb/lease.proto",
    "etcdserverpb/maintenance.proto",
    "etcdserverpb/watch.proto",
    "grpc/health/v1/health.proto",
    "holdfast/v1/admin.proto",
    "mvccpb/kv.proto",
    "v3electionpb/election.proto",
    "v3lockpb/lock.proto",
];

/// The packages in them, as pbjson names them.
const CLIENT_PACKAGES: [&str; 7] =
    [".authpb", ".etcdserverpb", ".grpc.health.v1", ".holdfast.v1", ".mvccpb", ".v3electionpb", ".v3lockpb"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out_dir = PathBuf::from(std::env::var("OUT_DIR")?);

    let client_files = protox::compile(CLIENT_FILES, ["proto"])?;
    let descriptors = client_files.encode_to_vec();
    std::fs::write(out_dir.join("client_descriptors.bin"), &descriptors)?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_server(false)
        .bytes(".")
        .compile_fds(client_files)?;
    pbjson_build::Builder::new()
        .register_descriptors(&descriptors)?
        .preserve_proto_field_names()
        .ignore_unknown_fields()
        .build(&CLIENT_PACKAGES)?;

    let peer_files = protox::compile(["peer.proto"], ["proto"])?;
    tonic_prost_build::configure().bytes(".").compile_fds(peer_files)?;
    Ok(())
}
