//! The one table from refusals to what clients see: gRPC code, etcd's exact text, HTTP status. Clients compare the
//! texts byte for byte, so nothing else in the server may write one.

use std::borrow::Cow;

use holdfast_consensus::handle::{BarrierError, ChangeError, MemberRefusal, ProposeError};
use holdfast_core::auth::AuthChangeError;
use holdfast_core::error::{
    ApplyError, LeaseGrantError, LeaseRevokeError, PutError, RangeError, RevisionError, TxnError,
};
use http::StatusCode;

use crate::node::NodeError;

mod auth;

pub use tonic::Code;

/// A refused call as it goes to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Status {
    /// gRPC's code.
    pub code: Code,
    /// The text, with etcd's `etcdserver: ` prefix where etcd has it.
    pub message: Cow<'static, str>,
}

impl Status {
    /// A status with a text of its own.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Status {
        Status { code, message: message.into() }
    }

    /// What a service says of a method that it does not have, in the words of grpc-go.
    pub fn unimplemented(service: &str, method: &str) -> Status {
        Status::new(Code::Unimplemented, format!("unknown method {method} for service {service}"))
    }

    /// What is said of a service that this server does not have, in the words of grpc-go.
    pub fn unknown_service(service: &str) -> Status {
        Status::new(Code::Unimplemented, format!("unknown service {service}"))
    }

    /// The HTTP status that the JSON gateway gives.
    pub fn http_status(&self) -> StatusCode {
        http_status(self.code)
    }
}

/// Refusals that the API layer finds by itself, before or without the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A request without a key.
    EmptyKey,
    /// An operation of a transaction that is none.
    EmptyOperation,
    /// `ignore_value` with a value.
    ValueProvided,
    /// `ignore_lease` with a lease.
    LeaseProvided,
    /// An unknown sort order or target.
    InvalidSortOption,
    /// More operations than a transaction may have.
    TooManyOperations,
    /// A key is written twice, or written and deleted.
    DuplicateKey,
    /// Larger than `--max-request-bytes`.
    RequestTooLarge,
    /// This server stops.
    Stopped,
    /// `hasleader` was asked for and there is none.
    NoLeader,
    /// The deadline of the call has passed.
    DeadlineExceeded,
    /// The metadata `client-api-version` is not text.
    InvalidClientApiVersion,
    /// There is no such user.
    UserNotFound,
    /// A permission is to be granted and none is given.
    PermissionNotGiven,
    /// A permission is to be granted that is none.
    InvalidAuthManagement,
    /// The gateway takes no names from certificates.
    CertificateNameAtGateway,
    /// There is no such role.
    RoleNotFound,
    /// Peer URLs that are none.
    BadMemberUrls,
    /// A learner does not serve this.
    LearnerUnsupported,
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Status {
        use Code::{DeadlineExceeded, FailedPrecondition, InvalidArgument, Unavailable};
        let (code, text) = match refusal {
            Refusal::EmptyKey => (InvalidArgument, "etcdserver: key is not provided"),
            Refusal::EmptyOperation => (InvalidArgument, "etcdserver: key not found"),
            Refusal::ValueProvided => (InvalidArgument, "etcdserver: value is provided"),
            Refusal::LeaseProvided => (InvalidArgument, "etcdserver: lease is provided"),
            Refusal::InvalidSortOption => (InvalidArgument, "etcdserver: invalid sort option"),
            Refusal::TooManyOperations => (InvalidArgument, "etcdserver: too many operations in txn request"),
            Refusal::DuplicateKey => (InvalidArgument, "etcdserver: duplicate key given in txn request"),
            Refusal::RequestTooLarge => (InvalidArgument, "etcdserver: request is too large"),
            Refusal::Stopped => (Unavailable, STOPPED),
            Refusal::NoLeader => (Unavailable, "etcdserver: no leader"),
            Refusal::DeadlineExceeded => (DeadlineExceeded, "context deadline exceeded"),
            Refusal::InvalidClientApiVersion => (InvalidArgument, "etcdserver: invalid client api version"),
            Refusal::UserNotFound => auth::change(AuthChangeError::UserNotFound),
            Refusal::RoleNotFound => auth::change(AuthChangeError::RoleNotFound),
            Refusal::InvalidAuthManagement => auth::change(AuthChangeError::InvalidManagement),
            Refusal::PermissionNotGiven => (InvalidArgument, "etcdserver: permission not given"),
            Refusal::BadMemberUrls => (InvalidArgument, "etcdserver: given member URLs are invalid"),
            Refusal::LearnerUnsupported => (FailedPrecondition, "etcdserver: rpc not supported for learner"),
            Refusal::CertificateNameAtGateway => (
                InvalidArgument,
                "CommonName of client sending a request against gateway will be ignored and not used as expected",
            ),
        };
        Status::new(code, text)
    }
}

const LEASE_NOT_FOUND: &str = "etcdserver: requested lease not found";
const NO_SPACE: &str = "etcdserver: mvcc: database space exceeded";
const LEADER_CHANGED: &str = "etcdserver: leader changed";
const STOPPED: &str = "etcdserver: server stopped";
const TIMEOUT: &str = "etcdserver: request timed out";

impl From<NodeError> for Status {
    fn from(error: NodeError) -> Status {
        let (code, text) = match error {
            NodeError::Apply(error) => apply(error),
            NodeError::Propose(error) => return error.into(),
            NodeError::Barrier(error) => return error.into(),
            NodeError::Range(error) => return error.into(),
            NodeError::Fault(fault) => return storage_fault(&fault),
            NodeError::Login(error) => auth::login(error),
            NodeError::Permission(error) => auth::permission(error),
            NodeError::LeaseTtlTooLarge => (Code::OutOfRange, "etcdserver: too large lease TTL"),
            NodeError::NoSpace => (Code::ResourceExhausted, NO_SPACE),
            NodeError::LeaseForwardTimeout => (
                Code::Unavailable,
                "etcdserver: request timed out, waiting for the applied index took too long",
            ),
            NodeError::LeaseNotFound => (Code::NotFound, LEASE_NOT_FOUND),
            NodeError::NotLeader => (Code::FailedPrecondition, "etcdserver: not leader"),
            NodeError::BadTransferee => (Code::FailedPrecondition, "etcdserver: bad leader transferee"),
            NodeError::Change(ChangeError::Refused(refusal)) => return refusal.into(),
            NodeError::Change(ChangeError::Propose(error)) => return error.into(),
        };
        Status::new(code, text)
    }
}

impl From<ProposeError> for Status {
    fn from(error: ProposeError) -> Status {
        match error {
            ProposeError::NoLeader => Refusal::NoLeader.into(),
            ProposeError::LeaderChanged => Status::new(Code::Unavailable, LEADER_CHANGED),
            ProposeError::Timeout => Status::new(Code::Unavailable, TIMEOUT),
            // etcd sends this one as Unknown although its table says ResourceExhausted.
            ProposeError::TooManyRequests => Status::new(Code::Unknown, "etcdserver: too many requests"),
            ProposeError::Stopped => Refusal::Stopped.into(),
        }
    }
}

impl From<MemberRefusal> for Status {
    fn from(refusal: MemberRefusal) -> Status {
        use Code::{FailedPrecondition, NotFound, Unavailable, Unknown};
        let (code, text) = match refusal {
            MemberRefusal::NotFound(_) | MemberRefusal::Removed(_) => {
                (NotFound, "etcdserver: member not found")
            }
            MemberRefusal::Exists(_) => (FailedPrecondition, "etcdserver: member ID already exist"),
            MemberRefusal::PeerUrlExists => (FailedPrecondition, "etcdserver: Peer URLs already exists"),
            MemberRefusal::TooManyLearners => {
                (FailedPrecondition, "etcdserver: too many learner members in cluster")
            }
            MemberRefusal::NotALearner(_) => {
                (FailedPrecondition, "etcdserver: can only promote a learner member")
            }
            MemberRefusal::LearnerNotReady(_) => (
                FailedPrecondition,
                "etcdserver: can only promote a learner member which is in sync with leader",
            ),
            // etcd sends this one as Unknown although its table says FailedPrecondition.
            MemberRefusal::NotEnoughStarted | MemberRefusal::NoVoters => {
                (Unknown, "etcdserver: re-configuration failed due to not enough started members")
            }
            MemberRefusal::Unhealthy => (Unavailable, "etcdserver: unhealthy cluster"),
            MemberRefusal::OtherConfiguration { present } => {
                let text = format!(
                    "holdfast: the configuration is {present} now; read the membership again and decide anew"
                );
                return Status::new(FailedPrecondition, text);
            }
            MemberRefusal::Unclear(member) => {
                let text = format!(
                    "holdfast: member {:x} votes, so name it either among the voters or among those to remove",
                    member.0
                );
                return Status::new(FailedPrecondition, text);
            }
        };
        Status::new(code, text)
    }
}

impl From<BarrierError> for Status {
    fn from(error: BarrierError) -> Status {
        match error {
            BarrierError::NoLeader => Refusal::NoLeader.into(),
            BarrierError::LeaderChanged => Status::new(Code::Unavailable, LEADER_CHANGED),
            BarrierError::Timeout => Status::new(Code::Unavailable, TIMEOUT),
            BarrierError::Stopped => Refusal::Stopped.into(),
        }
    }
}

impl From<RangeError> for Status {
    fn from(error: RangeError) -> Status {
        match error {
            RangeError::Revision(error) => {
                let (code, text) = revision(error);
                Status::new(code, text)
            }
            RangeError::Fault(fault) => storage_fault(&fault),
        }
    }
}

fn apply(error: ApplyError) -> (Code, &'static str) {
    match error {
        ApplyError::Put(error) | ApplyError::Txn(TxnError::Put(error)) => put(error),
        ApplyError::Txn(TxnError::Range(error)) | ApplyError::Compact(error) => revision(error),
        ApplyError::LeaseGrant(LeaseGrantError::Exists) => {
            (Code::FailedPrecondition, "etcdserver: lease already exists")
        }
        ApplyError::LeaseRevoke(LeaseRevokeError::NotFound) => (Code::NotFound, LEASE_NOT_FOUND),
        ApplyError::Auth(error) => auth::change(error),
        ApplyError::Permission(error) => auth::permission(error),
        ApplyError::NoSpace => (Code::ResourceExhausted, NO_SPACE),
        ApplyError::Corrupt => (Code::DataLoss, "etcdserver: corrupt cluster"),
        ApplyError::StaleExpiry => (Code::Unavailable, LEADER_CHANGED),
        // Answered in its own form by the v2 routes, the only ones that propose such changes.
        ApplyError::V2(error) => (Code::FailedPrecondition, error.refusal.message()),
        ApplyError::V2Auth(_) => (Code::FailedPrecondition, "holdfast: users and roles are not changed"),
    }
}

fn put(error: PutError) -> (Code, &'static str) {
    match error {
        PutError::LeaseNotFound => (Code::NotFound, LEASE_NOT_FOUND),
        PutError::KeyNotFound => (Code::InvalidArgument, "etcdserver: key not found"),
    }
}

fn revision(error: RevisionError) -> (Code, &'static str) {
    let text = match error {
        RevisionError::Compacted { .. } => "etcdserver: mvcc: required revision has been compacted",
        RevisionError::Future { .. } => "etcdserver: mvcc: required revision is a future revision",
    };
    (Code::OutOfRange, text)
}

/// The state machine answered a command with the answer of another.
pub fn mismatched_answer() -> Status {
    Status::new(Code::Internal, "holdfast: the answer does not belong to the command")
}

fn storage_fault(fault: &dyn std::fmt::Display) -> Status {
    Status::new(Code::Internal, format!("holdfast: storage failed: {fault}"))
}

/// The HTTP status of a gRPC code, as the gateway of etcd maps it.
pub fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        // Nginx's code for a client that went away; the http crate has no name for it.
        Code::Cancelled => StatusCode::from_u16(499).expect("499 is a valid status"),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_core::ids::Revision;

    fn wire(error: impl Into<Status>) -> (i32, String, u16) {
        let status = error.into();
        (status.code as i32, status.message.to_string(), status.http_status().as_u16())
    }

    #[test]
    fn refusals_carry_the_codes_and_texts_of_etcd() {
        let compacted = RevisionError::Compacted { compacted: Revision(5) };
        assert_eq!(
            wire(NodeError::Apply(ApplyError::Txn(TxnError::Range(compacted)))),
            (11, "etcdserver: mvcc: required revision has been compacted".into(), 400)
        );
        assert_eq!(
            wire(NodeError::Apply(ApplyError::Put(PutError::LeaseNotFound))),
            (5, "etcdserver: requested lease not found".into(), 404)
        );
        assert_eq!(wire(NodeError::NoSpace), (8, "etcdserver: mvcc: database space exceeded".into(), 429));
        assert_eq!(wire(Refusal::EmptyKey), (3, "etcdserver: key is not provided".into(), 400));
        assert_eq!(wire(Refusal::DeadlineExceeded), (4, "context deadline exceeded".into(), 504));
    }

    #[test]
    fn too_many_requests_goes_out_as_unknown() {
        assert_eq!(wire(ProposeError::TooManyRequests), (2, "etcdserver: too many requests".into(), 500));
    }
}
