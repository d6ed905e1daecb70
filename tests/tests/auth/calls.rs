//! Every call of the API in the forms that need different permissions. Must not know who calls.

use holdfast_proto::{authpb, etcdserverpb as pb};
use pb::compare::CompareResult;
use pb::request_op::Request;
use prost::Message;
use serde::Serialize;

use crate::subject::READ;

/// One call.
pub struct Call {
    /// For messages, and the table of differences.
    pub name: &'static str,
    /// `package.Service/Name`.
    pub grpc: &'static str,
    /// The gateway's path, empty where it has none or where its stream is not read here.
    pub http: &'static str,
    pub message: Vec<u8>,
    pub json: String,
    pub form: Form,
}

/// How a call goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Unary,
    Stream,
    Watch,
    KeepAlive,
}

fn call<M: Message + Serialize>(
    name: &'static str,
    grpc: &'static str,
    http: &'static str,
    message: M,
) -> Call {
    let json = serde_json::to_string(&message).unwrap();
    Call { name, grpc, http, message: message.encode_to_vec(), json, form: Form::Unary }
}

fn streamed<M: Message + Serialize>(name: &'static str, grpc: &'static str, form: Form, message: M) -> Call {
    Call { form, ..call(name, grpc, "", message) }
}

fn range(key: &str, end: &str) -> pb::RangeRequest {
    pb::RangeRequest { key: key.to_owned().into(), range_end: end.to_owned().into(), ..Default::default() }
}

fn put(key: &str, lease: i64, prev_kv: bool) -> pb::PutRequest {
    pb::PutRequest { key: key.to_owned().into(), value: "2".into(), lease, prev_kv, ..Default::default() }
}

fn delete(key: &str, end: &str, prev_kv: bool) -> pb::DeleteRangeRequest {
    pb::DeleteRangeRequest { key: key.to_owned().into(), range_end: end.to_owned().into(), prev_kv }
}

fn op(request: Request) -> pb::RequestOp {
    pb::RequestOp { request: Some(request) }
}

/// A transaction that does `request` if the key `key` is not there, which is so; whatever it is, it runs the first branch.
fn success(request: Request) -> pb::TxnRequest {
    pb::TxnRequest { success: vec![op(request)], ..Default::default() }
}

/// A transaction that would do `request` only in the branch that does not run.
fn failure(request: Request) -> pb::TxnRequest {
    pb::TxnRequest { failure: vec![op(request)], ..Default::default() }
}

fn nested(inner: pb::TxnRequest) -> pb::TxnRequest {
    success(Request::RequestTxn(inner))
}

fn comparing(key: &str, end: &str) -> pb::TxnRequest {
    let compare = pb::Compare {
        result: CompareResult::Equal.into(),
        key: key.to_owned().into(),
        range_end: end.to_owned().into(),
        target_union: Some(pb::compare::TargetUnion::Version(7)),
        ..Default::default()
    };
    pb::TxnRequest { compare: vec![compare], ..Default::default() }
}

/// All calls but those that switch authentication off. `tag` keeps what one caller makes apart from what others make.
pub fn all(tag: i64) -> Vec<Call> {
    let groups = [
        ranges(),
        writes(),
        transactions(),
        leases(tag),
        watches(),
        members(tag),
        upkeep(),
        logins(),
        users(tag),
        roles(tag),
    ];
    groups.into_iter().flatten().collect()
}

fn ranges() -> Vec<Call> {
    let of = |name, message| call(name, "etcdserverpb.KV/Range", "/v3/kv/range", message);
    let stream = |name, message| streamed(name, "etcdserverpb.KV/RangeStream", Form::Stream, message);
    vec![
        of("range g/1", range("g/1", "")),
        of("range g/", range("g/", "g0")),
        of("range g/..g1", range("g/", "g1")),
        of("range g/.. all behind", range("g/", "\0")),
        of("range w/1", range("w/1", "")),
        of("range o/", range("o/", "o0")),
        of("range everything", range("\0", "\0")),
        of("range reversed inside g/", range("g/5", "g/1")),
        of("range reversed", range("z", "g/1")),
        of("range without key", range("", "")),
        of("count w/", pb::RangeRequest { count_only: true, ..range("w/", "w0") }),
        of("keys of w/", pb::RangeRequest { keys_only: true, ..range("w/", "w0") }),
        of("range o/1 serializable", pb::RangeRequest { serializable: true, ..range("o/1", "") }),
        of("range g/1 in the past", pb::RangeRequest { revision: 2, ..range("g/1", "") }),
        stream("stream g/", range("g/", "g0")),
        stream("stream everything", range("\0", "\0")),
    ]
}

fn writes() -> Vec<Call> {
    let put_of = |name, message| call(name, "etcdserverpb.KV/Put", "/v3/kv/put", message);
    let delete_of = |name, message| call(name, "etcdserverpb.KV/DeleteRange", "/v3/kv/deleterange", message);
    vec![
        put_of("put w/1", put("w/1", 101, false)),
        put_of("put w/1 prev_kv", put("w/1", 101, true)),
        put_of("put g/1", put("g/1", 0, false)),
        put_of("put o/1 prev_kv", put("o/1", 102, true)),
        put_of("put o/3 under a lease of w/", put("o/3", 101, false)),
        put_of("put w/3 under a lease of o/", put("w/3", 102, false)),
        put_of("put w/3 under a lease of nobody", put("w/3", 104, false)),
        put_of("put o/3 under a lease without keys", put("o/3", 103, false)),
        put_of("put o/3 under no lease", put("o/3", 0, false)),
        put_of("put w/3 under a lease that is not there", put("w/3", 999, false)),
        put_of("put without key", put("", 0, false)),
        delete_of("delete w/9", delete("w/9", "", false)),
        delete_of("delete w/9 prev_kv", delete("w/9", "", true)),
        delete_of("delete o/9..o0 prev_kv", delete("o/9", "o0", true)),
        delete_of("delete w/9..w1", delete("w/9", "w1", false)),
        delete_of("delete x/9", delete("x/9", "", false)),
        delete_of("delete y.. all behind", delete("y", "\0", false)),
        call(
            "compact",
            "etcdserverpb.KV/Compact",
            "/v3/kv/compaction",
            pb::CompactionRequest { revision: 1, physical: false },
        ),
    ]
}

fn transactions() -> Vec<Call> {
    let of = |name, message| call(name, "etcdserverpb.KV/Txn", "/v3/kv/txn", message);
    let put_w = || Request::RequestPut(put("w/1", 101, false));
    let read_o = || Request::RequestRange(range("o/1", ""));
    vec![
        of("txn empty", pb::TxnRequest::default()),
        of("txn compare g/1", comparing("g/1", "")),
        of("txn compare o/", comparing("o/", "o0")),
        of("txn compare everything", comparing("\0", "\0")),
        of("txn read g/1", success(Request::RequestRange(range("g/1", "")))),
        of("txn read o/1", success(read_o())),
        of("txn read o/1 in the other branch", failure(read_o())),
        of("txn put w/1", success(put_w())),
        of("txn put w/1 prev_kv", success(Request::RequestPut(put("w/1", 101, true)))),
        of("txn put w/1 prev_kv in the other branch", failure(Request::RequestPut(put("w/1", 101, true)))),
        of("txn put w/3 under a lease of o/", success(Request::RequestPut(put("w/3", 102, false)))),
        of("txn put o/1", success(Request::RequestPut(put("o/1", 102, false)))),
        of("txn delete w/9", success(Request::RequestDeleteRange(delete("w/9", "", false)))),
        of("txn delete w/9 prev_kv", success(Request::RequestDeleteRange(delete("w/9", "", true)))),
        of(
            "txn delete x/9 in the other branch",
            failure(Request::RequestDeleteRange(delete("x/9", "", false))),
        ),
        of("nested txn put w/1", nested(success(put_w()))),
        of("nested txn read o/1", nested(success(read_o()))),
        of("nested txn read o/1 in the other branch", nested(failure(read_o()))),
        of("nested txn compare o/", nested(comparing("o/", "o0"))),
        of("nested txn put w/1 prev_kv", nested(success(Request::RequestPut(put("w/1", 101, true))))),
        of(
            "nested txn put w/3 under a lease of o/",
            nested(success(Request::RequestPut(put("w/3", 102, false)))),
        ),
        of(
            "nested twice txn delete x/9",
            nested(nested(failure(Request::RequestDeleteRange(delete("x/9", "", false))))),
        ),
        of("txn mixed", pb::TxnRequest { success: vec![op(put_w()), op(read_o())], ..Default::default() }),
    ]
}

fn leases(tag: i64) -> Vec<Call> {
    let grant = |name, id| {
        let message = pb::LeaseGrantRequest { id, ttl: 3600 };
        call(name, "etcdserverpb.Lease/LeaseGrant", "/v3/lease/grant", message)
    };
    let revoke = |name, id| {
        call(name, "etcdserverpb.Lease/LeaseRevoke", "/v3/lease/revoke", pb::LeaseRevokeRequest { id })
    };
    let keep_alive = |name, id| {
        let message = pb::LeaseKeepAliveRequest { id };
        streamed(name, "etcdserverpb.Lease/LeaseKeepAlive", Form::KeepAlive, message)
    };
    let time_to_live = |name, id, keys| {
        let message = pb::LeaseTimeToLiveRequest { id, keys };
        call(name, "etcdserverpb.Lease/LeaseTimeToLive", "/v3/lease/timetolive", message)
    };
    vec![
        grant("grant a lease", 1000 + tag),
        grant("grant a lease that is there", 101),
        keep_alive("renew a lease of w/", 101),
        keep_alive("renew a lease of o/", 102),
        keep_alive("renew a lease without keys", 1000 + tag),
        keep_alive("renew a lease that is not there", 999),
        time_to_live("time of a lease of o/", 102, false),
        time_to_live("time and keys of a lease of w/", 101, true),
        time_to_live("time and keys of a lease of o/", 102, true),
        time_to_live("time and keys of a lease that is not there", 999, true),
        call("list leases", "etcdserverpb.Lease/LeaseLeases", "/v3/lease/leases", pb::LeaseLeasesRequest {}),
        revoke("revoke a lease of nobody", 104),
        revoke("revoke a lease that is not there", 999),
        revoke("revoke a lease without keys", 1000 + tag),
    ]
}

fn watches() -> Vec<Call> {
    let of = |name, key: &str, end: &str| {
        let create = pb::WatchCreateRequest {
            key: key.to_owned().into(),
            range_end: end.to_owned().into(),
            ..Default::default()
        };
        let request_union = Some(pb::watch_request::RequestUnion::CreateRequest(create));
        streamed(name, "etcdserverpb.Watch/Watch", Form::Watch, pb::WatchRequest { request_union })
    };
    vec![
        of("watch g/1", "g/1", ""),
        of("watch g/", "g/", "g0"),
        of("watch w/1", "w/1", ""),
        of("watch o/", "o/", "o0"),
        of("watch g/ and more", "g/", "h"),
        of("watch g/.. all behind", "g/", "\0"),
        of("watch everything", "", "\0"),
        of("watch everything from the first key", "\0", "\0"),
        of("watch the key that is none", "", ""),
        of("watch reversed", "g/5", "g/1"),
    ]
}

fn members(tag: i64) -> Vec<Call> {
    let url = || vec![format!("http://127.0.0.1:{}", 1 + tag)];
    vec![
        call(
            "list members",
            "etcdserverpb.Cluster/MemberList",
            "/v3/cluster/member/list",
            pb::MemberListRequest { linearizable: true },
        ),
        call(
            "add a member",
            "etcdserverpb.Cluster/MemberAdd",
            "/v3/cluster/member/add",
            pb::MemberAddRequest { peer_ur_ls: url(), is_learner: true },
        ),
        call(
            "remove a member",
            "etcdserverpb.Cluster/MemberRemove",
            "/v3/cluster/member/remove",
            pb::MemberRemoveRequest { id: 7 },
        ),
        call(
            "update a member",
            "etcdserverpb.Cluster/MemberUpdate",
            "/v3/cluster/member/update",
            pb::MemberUpdateRequest { id: 7, peer_ur_ls: url() },
        ),
        call(
            "promote a member",
            "etcdserverpb.Cluster/MemberPromote",
            "/v3/cluster/member/promote",
            pb::MemberPromoteRequest { id: 7 },
        ),
    ]
}

fn upkeep() -> Vec<Call> {
    use pb::alarm_request::AlarmAction;
    let alarm = |name, action: AlarmAction| {
        let message = pb::AlarmRequest { action: action.into(), ..Default::default() };
        call(name, "etcdserverpb.Maintenance/Alarm", "/v3/maintenance/alarm", message)
    };
    vec![
        call("status", "etcdserverpb.Maintenance/Status", "/v3/maintenance/status", pb::StatusRequest {}),
        alarm("list alarms", AlarmAction::Get),
        alarm("raise no alarm", AlarmAction::Activate),
        alarm("clear alarms", AlarmAction::Deactivate),
        call("hash", "etcdserverpb.Maintenance/Hash", "/v3/maintenance/hash", pb::HashRequest {}),
        call(
            "hash of keys",
            "etcdserverpb.Maintenance/HashKV",
            "/v3/maintenance/hashkv",
            pb::HashKvRequest { revision: 0 },
        ),
        call(
            "defragment",
            "etcdserverpb.Maintenance/Defragment",
            "/v3/maintenance/defragment",
            pb::DefragmentRequest {},
        ),
        call(
            "move the leader",
            "etcdserverpb.Maintenance/MoveLeader",
            "/v3/maintenance/transfer-leadership",
            pb::MoveLeaderRequest { target_id: 7 },
        ),
        call(
            "downgrade",
            "etcdserverpb.Maintenance/Downgrade",
            "/v3/maintenance/downgrade",
            pb::DowngradeRequest {
                action: pb::downgrade_request::DowngradeAction::Validate.into(),
                version: "1.0.0".into(),
            },
        ),
        streamed("snapshot", "etcdserverpb.Maintenance/Snapshot", Form::Stream, pb::SnapshotRequest {}),
    ]
}

fn log_in(name: &'static str, user: &str, password: &str) -> Call {
    let message = pb::AuthenticateRequest { name: user.to_owned(), password: password.to_owned() };
    call(name, "etcdserverpb.Auth/Authenticate", "/v3/auth/authenticate", message)
}

fn logins() -> Vec<Call> {
    vec![
        call(
            "status of authentication",
            "etcdserverpb.Auth/AuthStatus",
            "/v3/auth/status",
            pb::AuthStatusRequest {},
        ),
        call("enable", "etcdserverpb.Auth/AuthEnable", "/v3/auth/enable", pb::AuthEnableRequest {}),
        log_in("log in", "guest", "guest-secret"),
        log_in("log in with a wrong password", "guest", "wrong"),
        log_in("log in with no password", "guest", ""),
        log_in("log in as nobody", "", ""),
        log_in("log in as a stranger", "stranger", "x"),
    ]
}

fn users(tag: i64) -> Vec<Call> {
    let get = |name, user: &str| {
        let message = pb::AuthUserGetRequest { name: user.to_owned() };
        call(name, "etcdserverpb.Auth/UserGet", "/v3/auth/user/get", message)
    };
    let new = format!("new-{tag}");
    let grant = |name, user: &str, role: &str| {
        let message = pb::AuthUserGrantRoleRequest { user: user.to_owned(), role: role.to_owned() };
        call(name, "etcdserverpb.Auth/UserGrantRole", "/v3/auth/user/grant", message)
    };
    let revoke = |name, user: &str, role: &str| {
        let message = pb::AuthUserRevokeRoleRequest { name: user.to_owned(), role: role.to_owned() };
        call(name, "etcdserverpb.Auth/UserRevokeRole", "/v3/auth/user/revoke", message)
    };
    let add = |name, user: &str, no_password| {
        let options = Some(authpb::UserAddOptions { no_password });
        let message = pb::AuthUserAddRequest {
            name: user.to_owned(),
            password: "p".to_owned(),
            options,
            ..Default::default()
        };
        call(name, "etcdserverpb.Auth/UserAdd", "/v3/auth/user/add", message)
    };
    let delete = |name, user: &str| {
        let message = pb::AuthUserDeleteRequest { name: user.to_owned() };
        call(name, "etcdserverpb.Auth/UserDelete", "/v3/auth/user/delete", message)
    };
    let change = |name, user: &str| {
        let message = pb::AuthUserChangePasswordRequest {
            name: user.to_owned(),
            password: "q".to_owned(),
            ..Default::default()
        };
        call(name, "etcdserverpb.Auth/UserChangePassword", "/v3/auth/user/changepw", message)
    };
    vec![
        get("get the user guest", "guest"),
        get("get the user owner", "owner"),
        get("get a stranger", "stranger"),
        call("list users", "etcdserverpb.Auth/UserList", "/v3/auth/user/list", pb::AuthUserListRequest {}),
        add("add a user", &new, false),
        add("add a user that is there", "guest", false),
        add("add a user without a name", "", false),
        add("add a user without a password", &format!("cert-{tag}"), true),
        log_in("log in as a user without a password", &format!("cert-{tag}"), "p"),
        grant("grant a role", &new, "guests"),
        grant("grant a role again", &new, "guests"),
        grant("grant a role that is not there", &new, "none"),
        grant("grant a role to a stranger", "stranger", "guests"),
        revoke("revoke a role", &new, "guests"),
        revoke("revoke a role again", &new, "guests"),
        revoke("revoke a role from a stranger", "stranger", "guests"),
        revoke("revoke root from root", "root", "root"),
        change("change a password", &new),
        change("change the password of a stranger", "stranger"),
        delete("delete a user", &new),
        delete("delete a stranger", "stranger"),
        delete("delete root", "root"),
    ]
}

fn roles(tag: i64) -> Vec<Call> {
    let new = format!("role-{tag}");
    let get = |name, role: &str| {
        let message = pb::AuthRoleGetRequest { role: role.to_owned() };
        call(name, "etcdserverpb.Auth/RoleGet", "/v3/auth/role/get", message)
    };
    let add = |name, role: &str| {
        let message = pb::AuthRoleAddRequest { name: role.to_owned() };
        call(name, "etcdserverpb.Auth/RoleAdd", "/v3/auth/role/add", message)
    };
    let delete = |name, role: &str| {
        let message = pb::AuthRoleDeleteRequest { role: role.to_owned() };
        call(name, "etcdserverpb.Auth/RoleDelete", "/v3/auth/role/delete", message)
    };
    let grant = |name, role: &str, range: Option<(&str, &str)>| {
        let perm = range.map(|(key, end)| authpb::Permission {
            perm_type: READ.into(),
            key: key.to_owned().into(),
            range_end: end.to_owned().into(),
        });
        let message = pb::AuthRoleGrantPermissionRequest { name: role.to_owned(), perm };
        call(name, "etcdserverpb.Auth/RoleGrantPermission", "/v3/auth/role/grant", message)
    };
    let revoke = |name, role: &str, key: &str, end: &str| {
        let message = pb::AuthRoleRevokePermissionRequest {
            role: role.to_owned(),
            key: key.to_owned().into(),
            range_end: end.to_owned().into(),
        };
        call(name, "etcdserverpb.Auth/RoleRevokePermission", "/v3/auth/role/revoke", message)
    };
    vec![
        get("get the role guests", "guests"),
        get("get the role owners", "owners"),
        get("get the role root", "root"),
        get("get a role that is not there", "none"),
        call("list roles", "etcdserverpb.Auth/RoleList", "/v3/auth/role/list", pb::AuthRoleListRequest {}),
        add("add a role", &new),
        add("add a role again", &new),
        add("add a role without a name", ""),
        grant("grant a permission", &new, Some(("a", "b"))),
        grant("grant a permission again", &new, Some(("a", "b"))),
        grant("grant no permission", &new, None),
        grant("grant a permission on no key", &new, Some(("", ""))),
        grant("grant a permission on a reversed range", &new, Some(("b", "a"))),
        grant("grant a permission to a role that is not there", "none", Some(("a", ""))),
        revoke("revoke a permission", &new, "a", "b"),
        revoke("revoke a permission again", &new, "a", "b"),
        revoke("revoke a permission of a role that is not there", "none", "a", "b"),
        delete("delete a role", &new),
        delete("delete a role again", &new),
        delete("delete the role root", "root"),
    ]
}
