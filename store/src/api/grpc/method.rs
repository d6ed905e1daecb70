//! Every method of the client services: its path, and which kind of call it is. The order is that of the counters in
//! `metrics`. Must not call anything.

use crate::api::error::{Code, Status};

/// How many messages go each way, in the words of the gRPC metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One request, one answer.
    Unary,
    /// One request, many answers.
    ServerStream,
    /// Many of both.
    BidiStream,
}

impl Kind {
    /// The label value of `grpc_type`.
    pub fn label(self) -> &'static str {
        match self {
            Kind::Unary => "unary",
            Kind::ServerStream => "server_stream",
            Kind::BidiStream => "bidi_stream",
        }
    }
}

macro_rules! methods {
    ($($service:literal { $($name:literal $kind:ident $variant:ident),* $(,)? })*) => {
        /// A method that a client can call.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the variants are named as the methods are")]
        pub enum Method { $($($variant),*),* }

        impl Method {
            /// All methods, in order.
            pub const ALL: &'static [Method] = &[$($(Method::$variant),*),*];

            /// Finds the method of a request path such as `/etcdserverpb.KV/Range`.
            pub fn from_path(path: &str) -> Option<Method> {
                match path {
                    $($(concat!("/", $service, "/", $name) => Some(Method::$variant),)*)*
                    _ => None,
                }
            }

            /// The full name of its service.
            pub fn service(self) -> &'static str {
                match self { $($(Method::$variant => $service,)*)* }
            }

            /// Its name within the service.
            pub fn name(self) -> &'static str {
                match self { $($(Method::$variant => $name,)*)* }
            }

            /// Its kind.
            pub fn kind(self) -> Kind {
                match self { $($(Method::$variant => Kind::$kind,)*)* }
            }
        }

        const SERVICES: &[&str] = &[$($service),*];
    };
}

methods! {
    "etcdserverpb.KV" {
        "Range" Unary Range,
        "Put" Unary Put,
        "Txn" Unary Txn,
        "DeleteRange" Unary DeleteRange,
        "Compact" Unary Compact,
        "RangeStream" ServerStream RangeStream,
    }
    "etcdserverpb.Watch" {
        "Watch" BidiStream Watch,
    }
    "etcdserverpb.Lease" {
        "LeaseGrant" Unary LeaseGrant,
        "LeaseRevoke" Unary LeaseRevoke,
        "LeaseKeepAlive" BidiStream LeaseKeepAlive,
        "LeaseTimeToLive" Unary LeaseTimeToLive,
        "LeaseLeases" Unary LeaseLeases,
    }
    "etcdserverpb.Cluster" {
        "MemberAdd" Unary MemberAdd,
        "MemberRemove" Unary MemberRemove,
        "MemberUpdate" Unary MemberUpdate,
        "MemberList" Unary MemberList,
        "MemberPromote" Unary MemberPromote,
    }
    "etcdserverpb.Maintenance" {
        "Alarm" Unary Alarm,
        "Status" Unary Status,
        "Defragment" Unary Defragment,
        "Hash" Unary Hash,
        "HashKV" Unary HashKv,
        "Snapshot" ServerStream Snapshot,
        "MoveLeader" Unary MoveLeader,
        "Downgrade" Unary Downgrade,
    }
    "etcdserverpb.Auth" {
        "AuthEnable" Unary AuthEnable,
        "AuthDisable" Unary AuthDisable,
        "AuthStatus" Unary AuthStatus,
        "Authenticate" Unary Authenticate,
        "UserAdd" Unary UserAdd,
        "UserGet" Unary UserGet,
        "UserList" Unary UserList,
        "UserDelete" Unary UserDelete,
        "UserChangePassword" Unary UserChangePassword,
        "UserGrantRole" Unary UserGrantRole,
        "UserRevokeRole" Unary UserRevokeRole,
        "RoleAdd" Unary RoleAdd,
        "RoleGet" Unary RoleGet,
        "RoleList" Unary RoleList,
        "RoleDelete" Unary RoleDelete,
        "RoleGrantPermission" Unary RoleGrantPermission,
        "RoleRevokePermission" Unary RoleRevokePermission,
    }
    "holdfast.v1.Admin" {
        "Membership" Unary Membership,
        "ChangeMembership" Unary ChangeMembership,
        "State" Unary State,
        "Initialize" Unary Initialize,
    }
    "grpc.health.v1.Health" {
        "Check" Unary HealthCheck,
        "Watch" ServerStream HealthWatch,
    }
}

/// The refusal of a path that names no method, in the words of grpc-go.
pub fn unknown_path(path: &str) -> Status {
    let Some((service, name)) = path.strip_prefix('/').unwrap_or(path).rsplit_once('/') else {
        return Status::new(Code::Unimplemented, format!("malformed method name: {path:?}"));
    };
    if SERVICES.contains(&service) {
        return Status::unimplemented(service, name);
    }
    Status::unknown_service(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_found_by_its_path_and_stands_at_its_own_place() {
        for (position, method) in Method::ALL.iter().enumerate() {
            let path = format!("/{}/{}", method.service(), method.name());
            assert_eq!(Method::from_path(&path), Some(*method));
            assert_eq!(*method as usize, position);
        }
        assert_eq!(Method::from_path("/etcdserverpb.KV/range"), None);
    }

    #[test]
    fn unknown_paths_are_refused_in_the_words_of_grpc() {
        let text = |path| unknown_path(path).message;
        assert_eq!(text("/etcdserverpb.KV/Get"), "unknown method Get for service etcdserverpb.KV");
        assert_eq!(text("/v3lockpb.Lock/Lock"), "unknown service v3lockpb.Lock");
        assert_eq!(text("/nothing"), "malformed method name: \"/nothing\"");
    }
}
