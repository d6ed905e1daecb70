//! Messages of the etcd v3 API and of the peer protocol, generated from the `.proto` files of this crate. Must not hold
//! behaviour: what a message means is decided by those who read it.

// The generated code says nothing beyond what the .proto files say, and its shape is the generators' choice.
#![allow(missing_docs, clippy::all, clippy::too_many_lines, clippy::unwrap_used, clippy::wildcard_imports)]

/// Keys, watches, leases, members, maintenance and authentication.
pub mod etcdserverpb {
    include!(concat!(env!("OUT_DIR"), "/etcdserverpb.rs"));
    include!(concat!(env!("OUT_DIR"), "/etcdserverpb.serde.rs"));
}

/// Versions of keys and the events between them.
pub mod mvccpb {
    include!(concat!(env!("OUT_DIR"), "/mvccpb.rs"));
    include!(concat!(env!("OUT_DIR"), "/mvccpb.serde.rs"));
}

/// Users, roles and permissions.
pub mod authpb {
    include!(concat!(env!("OUT_DIR"), "/authpb.rs"));
    include!(concat!(env!("OUT_DIR"), "/authpb.serde.rs"));
}

/// The lock service.
pub mod v3lockpb {
    include!(concat!(env!("OUT_DIR"), "/v3lockpb.rs"));
    include!(concat!(env!("OUT_DIR"), "/v3lockpb.serde.rs"));
}

/// The election service.
pub mod v3electionpb {
    include!(concat!(env!("OUT_DIR"), "/v3electionpb.rs"));
    include!(concat!(env!("OUT_DIR"), "/v3electionpb.serde.rs"));
}

/// gRPC's own health service.
pub mod health {
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.serde.rs"));
}

/// Nested as its package is, which the generated code relies on.
pub mod holdfast {
    /// Holdfast's own calls for operators.
    pub mod v1 {
        include!(concat!(env!("OUT_DIR"), "/holdfast.v1.rs"));
        include!(concat!(env!("OUT_DIR"), "/holdfast.v1.serde.rs"));
    }
}

pub use holdfast::v1 as admin;

/// What members say to each other.
pub mod peer {
    include!(concat!(env!("OUT_DIR"), "/holdfast.peer.rs"));
}

/// An encoded `google.protobuf.FileDescriptorSet` of the client API.
pub const CLIENT_DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/client_descriptors.bin"));
