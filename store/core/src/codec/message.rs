//! The protobuf messages of an encoded command. Numbers are for ever: a field that falls out of use keeps its number.
//! Must not hold behaviour.

use bytes::Bytes;
use prost::{Message, Oneof};

/// Without a user name and a revision nobody asked; `is_member` excludes both.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Command {
    #[prost(string, tag = "1")]
    pub username: String,
    #[prost(uint64, tag = "2")]
    pub auth_revision: u64,
    #[prost(bool, tag = "50")]
    pub is_member: bool,
    #[prost(oneof = "Operation", tags = "3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 40, 51")]
    pub operation: Option<Operation>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Operation {
    #[prost(message, tag = "3")]
    Put(Put),
    #[prost(message, tag = "4")]
    DeleteRange(DeleteRange),
    #[prost(message, tag = "5")]
    Txn(Txn),
    #[prost(int64, tag = "6")]
    CompactRevision(i64),
    #[prost(message, tag = "7")]
    LeaseGrant(LeaseGrant),
    #[prost(int64, tag = "8")]
    LeaseRevokeId(i64),
    #[prost(message, tag = "9")]
    LeaseExpire(LeaseExpire),
    #[prost(message, tag = "10")]
    LeaseCheckpoint(LeaseCheckpoint),
    #[prost(message, tag = "11")]
    AlarmRaise(Alarm),
    #[prost(message, tag = "12")]
    AlarmClear(Alarm),
    #[prost(message, tag = "13")]
    MemberPublish(MemberPublish),
    #[prost(string, tag = "14")]
    ClusterVersion(String),
    #[prost(message, tag = "15")]
    Noop(Noop),
    #[prost(message, tag = "40")]
    V2(V2),
    #[prost(message, tag = "51")]
    Auth(Auth),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Noop {}

/// `kind` is one of `range_kind`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyRange {
    #[prost(bytes = "bytes", tag = "1")]
    pub start: Bytes,
    #[prost(uint32, tag = "2")]
    pub kind: u32,
    #[prost(bytes = "bytes", tag = "3")]
    pub end: Bytes,
}

pub(super) mod range_kind {
    pub const SINGLE: u32 = 1;
    pub const BOUNDED: u32 = 2;
    pub const FROM: u32 = 3;
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Range {
    #[prost(message, optional, tag = "1")]
    pub range: Option<KeyRange>,
    #[prost(uint64, tag = "2")]
    pub limit: u64,
    #[prost(int64, optional, tag = "3")]
    pub revision: Option<i64>,
    /// 0 none, 1 ascending, 2 descending.
    #[prost(uint32, tag = "4")]
    pub order: u32,
    /// 0 key, 1 version, 2 create, 3 mod, 4 value.
    #[prost(uint32, tag = "5")]
    pub target: u32,
    #[prost(bool, tag = "6")]
    pub keys_only: bool,
    #[prost(bool, tag = "7")]
    pub count_only: bool,
    #[prost(int64, tag = "8")]
    pub min_mod_revision: i64,
    #[prost(int64, tag = "9")]
    pub max_mod_revision: i64,
    #[prost(int64, tag = "10")]
    pub min_create_revision: i64,
    #[prost(int64, tag = "11")]
    pub max_create_revision: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Put {
    #[prost(bytes = "bytes", tag = "1")]
    pub key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub value: Bytes,
    #[prost(int64, tag = "3")]
    pub lease: i64,
    #[prost(bool, tag = "4")]
    pub prev_kv: bool,
    #[prost(bool, tag = "5")]
    pub ignore_value: bool,
    #[prost(bool, tag = "6")]
    pub ignore_lease: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct DeleteRange {
    #[prost(message, optional, tag = "1")]
    pub range: Option<KeyRange>,
    #[prost(bool, tag = "2")]
    pub prev_kv: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Compare {
    #[prost(message, optional, tag = "1")]
    pub range: Option<KeyRange>,
    /// 0 equal, 1 greater, 2 less, 3 not equal.
    #[prost(uint32, tag = "2")]
    pub result: u32,
    #[prost(oneof = "CompareTarget", tags = "3, 4, 5, 6, 7")]
    pub target: Option<CompareTarget>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum CompareTarget {
    #[prost(int64, tag = "3")]
    Version(i64),
    #[prost(int64, tag = "4")]
    Create(i64),
    #[prost(int64, tag = "5")]
    Mod(i64),
    #[prost(bytes = "bytes", tag = "6")]
    Value(Bytes),
    #[prost(int64, tag = "7")]
    Lease(i64),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TxnOperation {
    #[prost(oneof = "TxnOperationKind", tags = "1, 2, 3, 4")]
    pub kind: Option<TxnOperationKind>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum TxnOperationKind {
    #[prost(message, tag = "1")]
    Range(Range),
    #[prost(message, tag = "2")]
    Put(Put),
    #[prost(message, tag = "3")]
    DeleteRange(DeleteRange),
    /// An encoded `Txn`, so that how deep transactions nest is bounded here and not by the decoder's own limit.
    #[prost(bytes = "bytes", tag = "4")]
    Txn(Bytes),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Txn {
    #[prost(message, repeated, tag = "1")]
    pub compares: Vec<Compare>,
    #[prost(message, repeated, tag = "2")]
    pub success: Vec<TxnOperation>,
    #[prost(message, repeated, tag = "3")]
    pub failure: Vec<TxnOperation>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LeaseGrant {
    #[prost(int64, tag = "1")]
    pub id: i64,
    #[prost(int64, tag = "2")]
    pub ttl_seconds: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LeaseExpire {
    #[prost(int64, repeated, tag = "1")]
    pub ids: Vec<i64>,
    #[prost(uint64, tag = "2")]
    pub term: u64,
}

/// Two lists of the same length.
#[derive(Clone, PartialEq, Message)]
pub(super) struct LeaseCheckpoint {
    #[prost(int64, repeated, tag = "1")]
    pub ids: Vec<i64>,
    #[prost(int64, repeated, tag = "2")]
    pub remaining_seconds: Vec<i64>,
}

/// `kind` is 1 for space, 2 for corruption, 0 for every kind where that is allowed.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Alarm {
    #[prost(uint64, tag = "1")]
    pub member: u64,
    #[prost(uint32, tag = "2")]
    pub kind: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MemberPublish {
    #[prost(uint64, tag = "1")]
    pub member: u64,
    #[prost(bytes = "bytes", tag = "2")]
    pub attributes: Bytes,
}

/// `kind` is one of `v2_kind`; fields that the kind does not have are left out.
#[derive(Clone, PartialEq, Message)]
pub(super) struct V2 {
    #[prost(bytes = "bytes", tag = "1")]
    pub path: Bytes,
    #[prost(uint32, tag = "2")]
    pub kind: u32,
    #[prost(bytes = "bytes", tag = "3")]
    pub value: Bytes,
    #[prost(bool, tag = "4")]
    pub is_directory: bool,
    #[prost(message, optional, tag = "5")]
    pub time_to_live: Option<V2TimeToLive>,
    #[prost(bool, tag = "6")]
    pub is_refresh: bool,
    #[prost(bytes = "bytes", tag = "7")]
    pub prev_value: Bytes,
    #[prost(uint64, tag = "8")]
    pub prev_index: u64,
    #[prost(bool, tag = "9")]
    pub is_recursive: bool,
}

pub(super) mod v2_kind {
    pub const SET: u32 = 1;
    pub const CREATE: u32 = 2;
    pub const CREATE_IN_ORDER: u32 = 3;
    pub const UPDATE: u32 = 4;
    pub const COMPARE_AND_SWAP: u32 = 5;
    pub const DELETE: u32 = 6;
    pub const COMPARE_AND_DELETE: u32 = 7;
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct V2TimeToLive {
    #[prost(int64, tag = "1")]
    pub lease: i64,
    #[prost(int64, tag = "2")]
    pub ttl_seconds: i64,
    #[prost(int64, tag = "3")]
    pub expiration_unix_nanos: i64,
}

/// `kind` is one of `auth_kind`; fields that the kind does not have are left out.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Auth {
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    #[prost(string, tag = "2")]
    pub user: String,
    #[prost(string, tag = "3")]
    pub role: String,
    /// A password hash or the key of simple tokens.
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub secret: Option<Bytes>,
    #[prost(bytes = "bytes", tag = "5")]
    pub key: Bytes,
    #[prost(bytes = "bytes", tag = "6")]
    pub range_end: Bytes,
    /// 0 read, 1 write, 2 both.
    #[prost(uint32, tag = "7")]
    pub permission: u32,
    #[prost(uint64, tag = "8")]
    pub now_unix_seconds: u64,
    #[prost(message, repeated, tag = "9")]
    pub renewals: Vec<TokenRenewal>,
    /// What a user or role of the v2 API is made with or gets.
    #[prost(message, optional, tag = "10")]
    pub grant: Option<V2Grants>,
    /// What it loses.
    #[prost(message, optional, tag = "11")]
    pub revoke: Option<V2Grants>,
}

/// Roles of a user, or patterns of a role.
#[derive(Clone, PartialEq, Message)]
pub(super) struct V2Grants {
    #[prost(string, repeated, tag = "1")]
    pub roles: Vec<String>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    pub read: Vec<Bytes>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    pub write: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TokenRenewal {
    /// 16 bytes.
    #[prost(bytes = "bytes", tag = "1")]
    pub id: Bytes,
    #[prost(uint64, tag = "2")]
    pub until_unix_seconds: u64,
}

pub(super) mod auth_kind {
    pub const ENABLE: u32 = 1;
    pub const DISABLE: u32 = 2;
    pub const USER_ADD: u32 = 3;
    pub const USER_DELETE: u32 = 4;
    pub const USER_CHANGE_PASSWORD: u32 = 5;
    pub const USER_GRANT_ROLE: u32 = 6;
    pub const USER_REVOKE_ROLE: u32 = 7;
    pub const ROLE_ADD: u32 = 8;
    pub const ROLE_DELETE: u32 = 9;
    pub const ROLE_GRANT_PERMISSION: u32 = 10;
    pub const ROLE_REVOKE_PERMISSION: u32 = 11;
    pub const RENEW_TOKENS: u32 = 12;
    pub const V2_USER_MAKE: u32 = 13;
    pub const V2_USER_MERGE: u32 = 14;
    pub const V2_ROLE_MAKE: u32 = 15;
    pub const V2_ROLE_MERGE: u32 = 16;
}
