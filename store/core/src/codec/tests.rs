//! Unit tests of the codec: every command goes round, and bytes that are not one are refused.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::auth::{
    AuthChange, Caller, Permission, PermissionKind, Secret, TokenId, TokenRenewal, V2Pattern, V2Patterns,
    V2RolePermissions, V2RolePut, V2UserPut, V2UserRoles,
};
use crate::command::Operation;
use crate::ids::{AuthRevision, LeaseId, MemberId, Revision, Term};
use crate::key_range::KeyRange;
use crate::request::{
    Compare, CompareResult, CompareTarget, DeleteRangeRequest, PutRequest, RangeRequest, SortOrder,
    SortTarget, TxnOperation, TxnRequest,
};
use crate::response::AlarmKind;
use crate::v2::{V2Operation, V2Path, V2Request, V2TimeToLive};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One command of every kind with the bytes that members of all versions write for it.
fn golden() -> Vec<(Operation, &'static str)> {
    let id = LeaseId(7);
    let member = MemberId(9);
    let put =
        PutRequest { key: "k".into(), value: "v".into(), lease: id, prev_kv: true, ..PutRequest::default() };
    let single = KeyRange::Single("k".into());
    let bounded = KeyRange::Bounded { start: "a".into(), end: "b".into() };
    let txn = TxnRequest {
        compares: vec![Compare {
            range: single,
            result: CompareResult::NotEqual,
            target: CompareTarget::Value("v".into()),
        }],
        success: vec![
            TxnOperation::Range(RangeRequest {
                limit: 3,
                revision: Some(Revision(5)),
                order: SortOrder::Descend,
                target: SortTarget::Value,
                keys_only: true,
                max_mod_revision: 6,
                ..RangeRequest::all(KeyRange::From("".into()))
            }),
            TxnOperation::Txn(TxnRequest {
                success: vec![TxnOperation::Put(put.clone())],
                ..Default::default()
            }),
        ],
        failure: vec![TxnOperation::DeleteRange(DeleteRangeRequest {
            range: bounded.clone(),
            prev_kv: false,
        })],
    };
    vec![
        (Operation::Noop, "017a00"),
        (Operation::Put(put), "011a0a0a016b12017618072001"),
        (
            Operation::DeleteRange(DeleteRangeRequest { range: bounded, prev_kv: true }),
            "01220c0a080a016110021a01621001",
        ),
        (
            Operation::Txn(txn),
            "012a420a0c0a050a016b10011003320176\
             12120a100a021003100318052002280430014806\
             1210220e120c120a0a016b12017618072001\
             1a0c1a0a0a080a016110021a0162",
        ),
        (Operation::Compact { revision: Revision(300) }, "0130ac02"),
        (Operation::LeaseGrant { id, ttl_seconds: 60 }, "013a040807103c"),
        (Operation::LeaseRevoke { id }, "014007"),
        (Operation::LeaseExpire { ids: vec![id, LeaseId(8)], term: Term(2) }, "014a060a0207081002"),
        (Operation::LeaseCheckpoint { remaining_seconds: vec![(id, 30)] }, "0152060a010712011e"),
        (Operation::AlarmRaise { member, kind: AlarmKind::NoSpace }, "015a0408091001"),
        (Operation::AlarmRaise { member, kind: AlarmKind::Corrupt }, "015a0408091002"),
        (Operation::AlarmClear { member, kind: None }, "0162020809"),
        (Operation::MemberPublish { member, attributes: "m".into() }, "016a05080912016d"),
        (Operation::ClusterVersionSet { version: "3.7.0".into() }, "017205332e372e30"),
    ]
    .into_iter()
    .chain(golden_v2())
    .chain(golden_auth())
    .collect()
}

/// One change of every kind of users and roles.
fn golden_auth() -> Vec<(Operation, &'static str)> {
    let secret = || Secret::new("s".into());
    let (user, role) = (|| "u".to_owned(), || "r".to_owned());
    let permission = Permission { key: "a".into(), range_end: "b".into(), kind: PermissionKind::ReadWrite };
    let (key, range_end) = ("a".into(), "b".into());
    let patterns = |pattern: &'static str| V2Patterns {
        read: vec![V2Pattern::new(pattern.into()).unwrap()],
        write: vec![V2Pattern::new("*".into()).unwrap()],
    };
    [
        (AuthChange::Enable { token_key: secret() }, "019a03050801220173"),
        (AuthChange::Disable, "019a03020802"),
        (AuthChange::UserAdd { name: user(), password_hash: Some(secret()) }, "019a03080803120175220173"),
        (AuthChange::UserAdd { name: user(), password_hash: None }, "019a03050803120175"),
        (AuthChange::UserDelete { name: user() }, "019a03050804120175"),
        (
            AuthChange::UserChangePassword { name: user(), password_hash: Secret::default() },
            "019a030708051201752200",
        ),
        (AuthChange::UserGrantRole { user: user(), role: role() }, "019a030808061201751a0172"),
        (AuthChange::UserRevokeRole { user: user(), role: role() }, "019a030808071201751a0172"),
        (AuthChange::RoleAdd { name: role() }, "019a030508081a0172"),
        (AuthChange::RoleDelete { name: role() }, "019a030508091a0172"),
        (AuthChange::RoleGrantPermission { role: role(), permission }, "019a030d080a1a01722a01613201623802"),
        (AuthChange::RoleRevokePermission { role: role(), key, range_end }, "019a030b080b1a01722a0161320162"),
        (
            AuthChange::V2UserPut(V2UserPut {
                name: user(),
                password_hash: Some(secret()),
                roles: V2UserRoles::Make(vec![role()]),
            }),
            "019a030d080d12017522017352030a0172",
        ),
        (
            AuthChange::V2UserPut(V2UserPut {
                name: user(),
                password_hash: None,
                roles: V2UserRoles::Merge { grant: vec![role()], revoke: vec!["s".to_owned()] },
            }),
            "019a030f080e12017552030a01725a030a0173",
        ),
        (
            AuthChange::V2RolePut(V2RolePut {
                name: role(),
                permissions: V2RolePermissions::Make(patterns("/a")),
            }),
            "019a030e080f1a0172520712022f611a012a",
        ),
        (
            AuthChange::V2RolePut(V2RolePut {
                name: role(),
                permissions: V2RolePermissions::Merge { grant: patterns("/a"), revoke: patterns("/*") },
            }),
            "019a031708101a0172520712022f611a012a5a0712022f2a1a012a",
        ),
        (
            AuthChange::RenewTokens {
                now_unix_seconds: 300,
                renewals: vec![TokenRenewal { id: TokenId(*b"0123456789abcdef"), until_unix_seconds: 600 }],
            },
            "019a031c080c40ac024a150a103031323334353637383961626364656610d804",
        ),
    ]
    .into_iter()
    .map(|(change, bytes)| (Operation::Auth(change), bytes))
    .collect()
}

/// One change of every kind of the v2 API.
fn golden_v2() -> Vec<(Operation, &'static str)> {
    let value: Bytes = "v".into();
    let prev_value: Bytes = "p".into();
    let time_to_live = Some(V2TimeToLive { lease: LeaseId(7), ttl_seconds: 5, expiration_unix_nanos: 300 });
    let set = V2Operation::Set { value: value.clone(), is_directory: false, time_to_live, is_refresh: true };
    let create = |is_in_order| V2Operation::Create {
        value: Bytes::new(),
        is_directory: true,
        time_to_live: None,
        is_in_order,
    };
    let update = V2Operation::Update { value: value.clone(), time_to_live: None, is_refresh: false };
    let swap = V2Operation::CompareAndSwap {
        prev_value: prev_value.clone(),
        prev_index: 300,
        value,
        time_to_live: None,
        is_refresh: false,
    };
    let delete = V2Operation::Delete { is_directory: true, is_recursive: true };
    let compare_and_delete = V2Operation::CompareAndDelete { prev_value, prev_index: 0 };
    let change =
        |operation| Operation::V2(V2Request { path: V2Path::from_clean("/a".into()).unwrap(), operation });
    vec![
        (change(set), "01c202140a022f6110011a01762a070807100518ac023001"),
        (change(create(false)), "01c202080a022f6110022001"),
        (change(create(true)), "01c202080a022f6110032001"),
        (change(update), "01c202090a022f6110041a0176"),
        (change(swap), "01c2020f0a022f6110051a01763a017040ac02"),
        (change(delete), "01c2020a0a022f61100620014801"),
        (change(compare_and_delete), "01c202090a022f6110073a0170"),
    ]
}

#[test]
fn every_kind_of_command_has_the_bytes_it_always_had() {
    for (operation, expected) in golden() {
        let command = Command::from(operation);
        let encoded = encode(&command);
        assert_eq!(hex(&encoded), expected, "{command:?}");
        assert_eq!(decode(encoded), Ok(command));
    }
    let caller = Caller::User { name: "root".into(), auth_revision: AuthRevision(4) };
    let command = Command { caller, operation: Operation::Noop };
    assert_eq!(hex(&encode(&command)), "010a04726f6f7410047a00");
    assert_eq!(hex(&encode(&Command::of_member(Operation::Noop))), "017a00900301");
}

#[test]
fn keys_and_values_are_slices_of_the_encoded_command() {
    let put = PutRequest { key: "key".into(), value: "value".into(), ..PutRequest::default() };
    let encoded = encode(&Operation::Put(put).into());
    let Operation::Put(put) = decode(encoded.clone()).unwrap().operation else { panic!("not a put") };
    assert!(encoded.as_ptr_range().contains(&put.value.as_ptr()));
    assert!(encoded.as_ptr_range().contains(&put.key.as_ptr()));
}

#[test]
fn what_is_not_understood_is_refused() {
    assert_eq!(decode(Bytes::new()), Err(CodecError::Empty));
    assert_eq!(decode(Bytes::from_static(&[2, 0x7a, 0])), Err(CodecError::Version(2)));
    assert_eq!(decode(Bytes::from_static(&[1])), Err(CodecError::Unknown("operation")));
    assert_eq!(decode(Bytes::from_static(b"\x01\x22\x00")), Err(CodecError::Unknown("range")));
    assert_eq!(
        decode(Bytes::from_static(b"\x01\x22\x02\x0a\x00")),
        Err(CodecError::Unknown("kind of range"))
    );
    assert_eq!(decode(Bytes::from_static(b"\x01\x5a\x02\x10\x03")), Err(CodecError::Unknown("alarm")));
    assert!(matches!(decode(Bytes::from_static(b"\x01\x22\x09")), Err(CodecError::Damaged(_))));
    let unknown_change = b"\x01\xc2\x02\x06\x0a\x02/a\x10\x08";
    assert_eq!(decode(Bytes::from_static(unknown_change)), Err(CodecError::Unknown("change of a node")));
    let unknown_change = b"\x01\x9a\x03\x02\x08\x7f";
    assert_eq!(
        decode(Bytes::from_static(unknown_change)),
        Err(CodecError::Unknown("change of users and roles"))
    );
    let member_and_user = b"\x01\x0a\x01u\x7a\x00\x90\x03\x01";
    assert_eq!(decode(Bytes::from_static(member_and_user)), Err(CodecError::Unknown("caller")));
    let no_path = b"\x01\xc2\x02\x06\x0a\x02a/\x10\x06";
    assert_eq!(decode(Bytes::from_static(no_path)), Err(CodecError::Unknown("path of a node")));
}

#[test]
fn transactions_nest_to_the_limit_and_no_further() {
    let nested = |levels: usize| {
        let innermost = TxnRequest::default();
        let txn = (1..levels).fold(innermost, |txn, _| TxnRequest {
            success: vec![TxnOperation::Txn(txn)],
            ..TxnRequest::default()
        });
        Command::from(Operation::Txn(txn))
    };
    let deepest = nested(TXN_DEPTH_MAX);
    assert_eq!(decode(encode(&deepest)), Ok(deepest));
    assert_eq!(decode(encode(&nested(TXN_DEPTH_MAX + 1))), Err(CodecError::TooDeep));
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..20).prop_map(Bytes::from)
}

fn any_range() -> impl Strategy<Value = KeyRange> {
    prop_oneof![
        any_bytes().prop_map(KeyRange::Single),
        any_bytes().prop_map(KeyRange::From),
        (any_bytes(), any_bytes()).prop_map(|(start, end)| KeyRange::Bounded { start, end }),
    ]
}

fn any_put() -> impl Strategy<Value = PutRequest> {
    (any_bytes(), any_bytes(), any::<i64>(), any::<[bool; 3]>()).prop_map(|(key, value, lease, flags)| {
        PutRequest {
            key,
            value,
            lease: LeaseId(lease),
            prev_kv: flags[0],
            ignore_value: flags[1],
            ignore_lease: flags[2],
        }
    })
}

fn any_range_request() -> impl Strategy<Value = RangeRequest> {
    use SortOrder::{Ascend, Descend, None};
    use SortTarget::{Create, Key, Mod, Value, Version};
    let order = prop::sample::select(vec![None, Ascend, Descend]);
    let target = prop::sample::select(vec![Key, Version, Create, Mod, Value]);
    (any_range(), any::<u64>(), any::<Option<i64>>(), order, target, any::<[bool; 2]>(), any::<[i64; 4]>())
        .prop_map(|(range, limit, revision, order, target, flags, bounds)| RangeRequest {
            range,
            limit,
            revision: revision.map(Revision),
            order,
            target,
            keys_only: flags[0],
            count_only: flags[1],
            min_mod_revision: bounds[0],
            max_mod_revision: bounds[1],
            min_create_revision: bounds[2],
            max_create_revision: bounds[3],
        })
}

fn any_compare() -> impl Strategy<Value = Compare> {
    use CompareResult::{Equal, Greater, Less, NotEqual};
    let target = prop_oneof![
        any::<i64>().prop_map(CompareTarget::Version),
        any::<i64>().prop_map(CompareTarget::Create),
        any::<i64>().prop_map(CompareTarget::Mod),
        any_bytes().prop_map(CompareTarget::Value),
        any::<i64>().prop_map(CompareTarget::Lease),
    ];
    (any_range(), prop::sample::select(vec![Equal, Greater, Less, NotEqual]), target)
        .prop_map(|(range, result, target)| Compare { range, result, target })
}

fn any_txn() -> impl Strategy<Value = TxnRequest> {
    let leaf = prop_oneof![
        any_put().prop_map(TxnOperation::Put),
        any_range_request().prop_map(TxnOperation::Range),
        (any_range(), any::<bool>())
            .prop_map(|(range, prev_kv)| TxnOperation::DeleteRange(DeleteRangeRequest { range, prev_kv })),
    ];
    let operation = leaf.prop_recursive(3, 16, 3, |operation| {
        (vec(any_compare(), 0..2), vec(operation.clone(), 0..3), vec(operation, 0..3)).prop_map(
            |(compares, success, failure)| TxnOperation::Txn(TxnRequest { compares, success, failure }),
        )
    });
    (vec(any_compare(), 0..3), vec(operation.clone(), 0..4), vec(operation, 0..4))
        .prop_map(|(compares, success, failure)| TxnRequest { compares, success, failure })
}

fn any_v2() -> impl Strategy<Value = V2Request> {
    let path = vec(any::<u8>(), 0..20).prop_map(|raw| V2Path::clean(&raw).unwrap());
    let time_to_live = prop::option::of((any::<i64>(), any::<i64>(), any::<i64>()).prop_map(
        |(lease, ttl_seconds, expiration_unix_nanos)| V2TimeToLive {
            lease: LeaseId(lease),
            ttl_seconds,
            expiration_unix_nanos,
        },
    ));
    let content = (any_bytes(), time_to_live, any::<[bool; 2]>(), any_bytes(), any::<u64>());
    (path, 0..6, content).prop_map(|(path, kind, (value, time_to_live, flags, prev_value, prev_index))| {
        let [is_directory, flag] = flags;
        let operation = match kind {
            0 => V2Operation::Set { value, is_directory, time_to_live, is_refresh: flag },
            1 => V2Operation::Create { value, is_directory, time_to_live, is_in_order: flag },
            2 => V2Operation::Update { value, time_to_live, is_refresh: flag },
            3 => {
                V2Operation::CompareAndSwap { prev_value, prev_index, value, time_to_live, is_refresh: flag }
            }
            4 => V2Operation::Delete { is_directory, is_recursive: flag },
            _ => V2Operation::CompareAndDelete { prev_value, prev_index },
        };
        V2Request { path, operation }
    })
}

fn any_operation() -> impl Strategy<Value = Operation> {
    let id = any::<i64>().prop_map(LeaseId);
    let member = any::<u64>().prop_map(MemberId);
    let kind = prop::sample::select(vec![AlarmKind::NoSpace, AlarmKind::Corrupt]);
    prop_oneof![
        Just(Operation::Noop),
        any_put().prop_map(Operation::Put),
        (any_range(), any::<bool>())
            .prop_map(|(range, prev_kv)| Operation::DeleteRange(DeleteRangeRequest { range, prev_kv })),
        any_txn().prop_map(Operation::Txn),
        any::<i64>().prop_map(|revision| Operation::Compact { revision: Revision(revision) }),
        (id.clone(), any::<i64>()).prop_map(|(id, ttl_seconds)| Operation::LeaseGrant { id, ttl_seconds }),
        id.clone().prop_map(|id| Operation::LeaseRevoke { id }),
        (vec(id.clone(), 0..5), any::<u64>())
            .prop_map(|(ids, term)| Operation::LeaseExpire { ids, term: Term(term) }),
        vec((id, any::<i64>()), 0..5)
            .prop_map(|remaining_seconds| Operation::LeaseCheckpoint { remaining_seconds }),
        (member.clone(), kind.clone()).prop_map(|(member, kind)| Operation::AlarmRaise { member, kind }),
        (member.clone(), prop::option::of(kind))
            .prop_map(|(member, kind)| Operation::AlarmClear { member, kind }),
        (member, any_bytes())
            .prop_map(|(member, attributes)| Operation::MemberPublish { member, attributes }),
        "[0-9.]{0,8}".prop_map(|version| Operation::ClusterVersionSet { version }),
        any_v2().prop_map(Operation::V2),
        any_auth().prop_map(Operation::Auth),
    ]
}

fn any_auth() -> impl Strategy<Value = AuthChange> {
    let kinds = vec![PermissionKind::Read, PermissionKind::Write, PermissionKind::ReadWrite];
    let names = ("\\PC{0,4}", "\\PC{0,4}");
    let secret = prop::option::of(any_bytes().prop_map(Secret::new));
    let permission = (any_bytes(), any_bytes(), prop::sample::select(kinds))
        .prop_map(|(key, range_end, kind)| Permission { key, range_end, kind });
    (0..14, names, secret, permission, any::<u64>()).prop_map(
        |(of, (user, role), secret, permission, number)| match of {
            0 => AuthChange::Enable { token_key: secret.unwrap_or_default() },
            1 => AuthChange::Disable,
            2 => AuthChange::UserAdd { name: user, password_hash: secret },
            3 => AuthChange::UserDelete { name: user },
            4 => AuthChange::UserChangePassword { name: user, password_hash: secret.unwrap_or_default() },
            5 => AuthChange::UserGrantRole { user, role },
            6 => AuthChange::UserRevokeRole { user, role },
            7 => AuthChange::RoleAdd { name: role },
            8 => AuthChange::RoleDelete { name: role },
            9 => AuthChange::RoleGrantPermission { role, permission },
            11 => AuthChange::V2UserPut(V2UserPut {
                name: user,
                password_hash: secret,
                roles: V2UserRoles::Merge { grant: vec![role.clone()], revoke: vec![role] },
            }),
            12 => {
                let patterns = V2Patterns {
                    read: V2Pattern::new(permission.key).into_iter().collect(),
                    ..Default::default()
                };
                let permissions = V2RolePermissions::Merge { grant: patterns.clone(), revoke: patterns };
                AuthChange::V2RolePut(V2RolePut { name: role, permissions })
            }
            10 => AuthChange::RenewTokens {
                now_unix_seconds: number,
                renewals: vec![TokenRenewal { id: TokenId([7; 16]), until_unix_seconds: number }],
            },
            _ => {
                let Permission { key, range_end, .. } = permission;
                AuthChange::RoleRevokePermission { role, key, range_end }
            }
        },
    )
}

fn any_caller() -> impl Strategy<Value = Caller> {
    prop_oneof![
        Just(Caller::Nobody),
        Just(Caller::Member),
        ("\\PC{1,8}", any::<u64>())
            .prop_map(|(name, revision)| Caller::User { name, auth_revision: AuthRevision(revision) }),
    ]
}

proptest! {
    #[test]
    fn every_command_is_read_as_it_was_written(
        operation in any_operation(),
        caller in any_caller(),
    ) {
        let command = Command { caller, operation };
        prop_assert_eq!(decode(encode(&command)), Ok(command));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decode(bytes.clone().into());
        let mut versioned = bytes;
        versioned.insert(0, VERSION);
        let _ = decode(versioned.into());
    }

    #[test]
    fn damage_to_a_command_does_not_make_the_decoder_panic(
        operation in any_operation(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut encoded = encode(&operation.into()).to_vec();
        for (at, byte) in damage {
            let at = at.index(encoded.len());
            encoded[at] = byte;
        }
        let _ = decode(encoded.into());
    }
}
