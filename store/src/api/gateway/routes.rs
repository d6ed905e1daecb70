//! The table of gateway paths below `/v3`. Must not do anything but name the call of each path.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use holdfast_proto::{admin as pb_admin, etcdserverpb as pb};

use super::keep_alive::keep_alive;
use super::unary::{refused, unary, unimplemented};
use super::watch::watch;
use super::{Gateway, reply};
use crate::api::calls::{admin, auth, cluster, kv, lease, maintenance, txn};
use crate::api::error::Status;
use crate::api::grpc::Method;

type Routes = Router<Arc<Gateway>>;

/// Holdfast's own paths, which stand beside etcd's.
pub(super) fn own() -> Routes {
    let membership = unary(Method::Membership, async |node, _: pb_admin::MembershipRequest| {
        admin::membership(&node).await
    });
    let change =
        unary(Method::ChangeMembership, async |node, request| admin::change_membership(&node, request).await);
    let state = unary(Method::State, async |node, _: pb_admin::StateRequest| admin::state(&node));
    let initialize = unary(Method::Initialize, async |node, _: pb_admin::InitializeRequest| {
        Err::<pb_admin::StateResponse, Status>(admin::initialize(&node))
    });
    Router::new()
        .route("/membership", membership)
        .route("/membership/change", change)
        .route("/state", state)
        .route("/initialize", initialize)
}

/// All paths, without the prefix.
pub(super) fn all() -> Routes {
    Router::new()
        .merge(key_values())
        .merge(watches_and_leases())
        .merge(members())
        .merge(upkeep())
        .merge(authentication())
        .merge(users())
        .merge(roles())
        .merge(locks_and_elections())
        .fallback(reply::not_found)
}

fn key_values() -> Routes {
    Router::new()
        .route("/kv/range", unary(Method::Range, async |node, request| kv::range(&node, request).await))
        .route("/kv/put", unary(Method::Put, async |node, request| kv::put(&node, request).await))
        .route(
            "/kv/deleterange",
            unary(Method::DeleteRange, async |node, request| kv::delete_range(&node, request).await),
        )
        .route("/kv/txn", unary(Method::Txn, async |node, request| txn::txn(&node, request).await))
        .route(
            "/kv/compaction",
            unary(Method::Compact, async |node, request| kv::compact(&node, request).await),
        )
}

/// Three lease calls have a second path, from the time when they belonged to the key-value service.
fn watches_and_leases() -> Routes {
    let revoke = unary(Method::LeaseRevoke, async |node, request| lease::revoke(&node, request).await);
    let time_to_live =
        unary(Method::LeaseTimeToLive, async |node, request| lease::time_to_live(&node, request).await);
    let leases =
        unary(Method::LeaseLeases, async |node, _: pb::LeaseLeasesRequest| lease::leases(&node).await);
    Router::new()
        .route("/watch", post(watch).fallback(reply::method_not_allowed))
        .route("/lease/keepalive", post(keep_alive).fallback(reply::method_not_allowed))
        .route(
            "/lease/grant",
            unary(Method::LeaseGrant, async |node, request| lease::grant(&node, request).await),
        )
        .route("/lease/revoke", revoke.clone())
        .route("/kv/lease/revoke", revoke)
        .route("/lease/timetolive", time_to_live.clone())
        .route("/kv/lease/timetolive", time_to_live)
        .route("/lease/leases", leases.clone())
        .route("/kv/lease/leases", leases)
}

fn members() -> Routes {
    let list = unary(Method::MemberList, async |node, request| cluster::member_list(&node, request).await);
    let add = unary(Method::MemberAdd, async |node, request| cluster::member_add(&node, request).await);
    let remove =
        unary(Method::MemberRemove, async |node, request| cluster::member_remove(&node, request).await);
    let update =
        unary(Method::MemberUpdate, async |node, request| cluster::member_update(&node, request).await);
    let promote =
        unary(Method::MemberPromote, async |node, request| cluster::member_promote(&node, request).await);
    Router::new()
        .route("/cluster/member/list", list)
        .route("/cluster/member/add", add)
        .route("/cluster/member/remove", remove)
        .route("/cluster/member/update", update)
        .route("/cluster/member/promote", promote)
}

fn upkeep() -> Routes {
    Router::new()
        .route(
            "/maintenance/status",
            unary(Method::Status, async |node, _: pb::StatusRequest| Ok(maintenance::status(&node))),
        )
        .route(
            "/maintenance/alarm",
            unary(Method::Alarm, async |node, request| maintenance::alarm(&node, request).await),
        )
        .route(
            "/maintenance/hash",
            unary(Method::Hash, async |node, _: pb::HashRequest| maintenance::hash(&node).await),
        )
        .route(
            "/maintenance/hashkv",
            unary(Method::HashKv, async |node, request| maintenance::hash_kv(&node, request).await),
        )
        .route(
            "/maintenance/defragment",
            unary(Method::Defragment, async |_, _: pb::DefragmentRequest| Ok(maintenance::defragment())),
        )
        .route(
            "/maintenance/transfer-leadership",
            unary(Method::MoveLeader, async |node, request| maintenance::move_leader(&node, request).await),
        )
        .route("/maintenance/snapshot", unimplemented(Method::Snapshot))
        .route("/maintenance/downgrade", unimplemented(Method::Downgrade))
}

fn authentication() -> Routes {
    Router::new()
        .route(
            "/auth/status",
            unary(Method::AuthStatus, async |node, _: pb::AuthStatusRequest| Ok(auth::status(&node))),
        )
        .route(
            "/auth/disable",
            unary(Method::AuthDisable, async |node, _: pb::AuthDisableRequest| Ok(auth::disable(&node))),
        )
        .route("/auth/enable", refused(Method::AuthEnable, |_: &pb::AuthEnableRequest| auth::enable()))
        .route(
            "/auth/authenticate",
            refused(Method::Authenticate, |_: &pb::AuthenticateRequest| auth::authenticate()),
        )
}

fn users() -> Routes {
    Router::new()
        .route(
            "/auth/user/list",
            unary(Method::UserList, async |node, _: pb::AuthUserListRequest| Ok(auth::user_list(&node))),
        )
        .route("/auth/user/add", refused(Method::UserAdd, auth::user_add))
        .route("/auth/user/get", refused(Method::UserGet, |_: &pb::AuthUserGetRequest| auth::unknown_user()))
        .route(
            "/auth/user/delete",
            refused(Method::UserDelete, |_: &pb::AuthUserDeleteRequest| auth::unknown_user()),
        )
        .route(
            "/auth/user/changepw",
            refused(Method::UserChangePassword, |_: &pb::AuthUserChangePasswordRequest| auth::unknown_user()),
        )
        .route(
            "/auth/user/grant",
            refused(Method::UserGrantRole, |_: &pb::AuthUserGrantRoleRequest| auth::unknown_user()),
        )
        .route(
            "/auth/user/revoke",
            refused(Method::UserRevokeRole, |_: &pb::AuthUserRevokeRoleRequest| auth::unknown_user()),
        )
}

fn roles() -> Routes {
    Router::new()
        .route(
            "/auth/role/list",
            unary(Method::RoleList, async |node, _: pb::AuthRoleListRequest| Ok(auth::role_list(&node))),
        )
        .route("/auth/role/add", refused(Method::RoleAdd, auth::role_add))
        .route("/auth/role/get", refused(Method::RoleGet, |_: &pb::AuthRoleGetRequest| auth::unknown_role()))
        .route(
            "/auth/role/delete",
            refused(Method::RoleDelete, |_: &pb::AuthRoleDeleteRequest| auth::unknown_role()),
        )
        .route("/auth/role/grant", refused(Method::RoleGrantPermission, auth::role_grant_permission))
        .route(
            "/auth/role/revoke",
            refused(Method::RoleRevokePermission, |_: &pb::AuthRoleRevokePermissionRequest| {
                auth::unknown_role()
            }),
        )
}

fn locks_and_elections() -> Routes {
    let paths = [
        ("/lock/lock", "v3lockpb.Lock"),
        ("/lock/unlock", "v3lockpb.Lock"),
        ("/election/campaign", "v3electionpb.Election"),
        ("/election/proclaim", "v3electionpb.Election"),
        ("/election/leader", "v3electionpb.Election"),
        ("/election/observe", "v3electionpb.Election"),
        ("/election/resign", "v3electionpb.Election"),
    ];
    paths.into_iter().fold(Router::new(), |routes, (path, service)| {
        let status = Status::unknown_service(service);
        routes.route(path, post(async move || reply::refusal(&status)).fallback(reply::method_not_allowed))
    })
}
