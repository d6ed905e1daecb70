//! The table of gateway paths below `/v3`. Must not do anything but name the call of each path.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use holdfast_proto::{admin as pb_admin, etcdserverpb as pb};

use super::keep_alive::keep_alive;
use super::unary::{unary, unimplemented};
use super::watch::watch;
use super::{Gateway, reply};
use crate::api::calls::{admin, auth, cluster, kv, lease, maintenance, txn};
use crate::api::error::Status;
use crate::api::grpc::Method;

type Routes = Router<Arc<Gateway>>;

/// Paths of calls that etcd does not have; all others stand beside them.
pub(super) fn own() -> Routes {
    let membership = unary(Method::Membership, async |node, claim, request| {
        admin::membership(&node, &claim, request).await
    });
    let change = unary(Method::ChangeMembership, async |node, claim, request| {
        admin::change_membership(&node, &claim, request).await
    });
    let state = unary(Method::State, async |node, claim, _: pb_admin::StateRequest| {
        admin::state(&node, &claim).await
    });
    let initialize = unary(Method::Initialize, async |node, claim, _: pb_admin::InitializeRequest| {
        Err::<pb_admin::StateResponse, Status>(admin::initialize(&node, &claim).await)
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
        .route(
            "/kv/range",
            unary(Method::Range, async |node, claim, request| kv::range(&node, &claim, request).await),
        )
        .route(
            "/kv/put",
            unary(Method::Put, async |node, claim, request| kv::put(&node, &claim, request).await),
        )
        .route(
            "/kv/deleterange",
            unary(Method::DeleteRange, async |node, claim, request| {
                kv::delete_range(&node, &claim, request).await
            }),
        )
        .route(
            "/kv/txn",
            unary(Method::Txn, async |node, claim, request| txn::txn(&node, &claim, request).await),
        )
        .route(
            "/kv/compaction",
            unary(Method::Compact, async |node, claim, request| kv::compact(&node, &claim, request).await),
        )
}

/// Three lease calls have a second path, from the time when they belonged to the key-value service.
fn watches_and_leases() -> Routes {
    let revoke =
        unary(Method::LeaseRevoke, async |node, claim, request| lease::revoke(&node, &claim, request).await);
    let time_to_live = unary(Method::LeaseTimeToLive, async |node, claim, request| {
        lease::time_to_live(&node, &claim, request).await
    });
    let leases = unary(Method::LeaseLeases, async |node, claim, _: pb::LeaseLeasesRequest| {
        lease::leases(&node, &claim).await
    });
    Router::new()
        .route("/watch", post(watch).fallback(reply::method_not_allowed))
        .route("/lease/keepalive", post(keep_alive).fallback(reply::method_not_allowed))
        .route(
            "/lease/grant",
            unary(Method::LeaseGrant, async |node, claim, request| {
                lease::grant(&node, &claim, request).await
            }),
        )
        .route("/lease/revoke", revoke.clone())
        .route("/kv/lease/revoke", revoke)
        .route("/lease/timetolive", time_to_live.clone())
        .route("/kv/lease/timetolive", time_to_live)
        .route("/lease/leases", leases.clone())
        .route("/kv/lease/leases", leases)
}

fn members() -> Routes {
    let list = unary(Method::MemberList, async |node, claim, request| {
        cluster::member_list(&node, &claim, request).await
    });
    let add = unary(Method::MemberAdd, async |node, claim, request| {
        cluster::member_add(&node, &claim, request).await
    });
    let remove = unary(Method::MemberRemove, async |node, claim, request| {
        cluster::member_remove(&node, &claim, request).await
    });
    let update = unary(Method::MemberUpdate, async |node, claim, request| {
        cluster::member_update(&node, &claim, request).await
    });
    let promote = unary(Method::MemberPromote, async |node, claim, request| {
        cluster::member_promote(&node, &claim, request).await
    });
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
            unary(Method::Status, async |node, claim, _: pb::StatusRequest| {
                maintenance::status(&node, &claim).await
            }),
        )
        .route(
            "/maintenance/alarm",
            unary(Method::Alarm, async |node, claim, request| {
                maintenance::alarm(&node, &claim, request).await
            }),
        )
        .route(
            "/maintenance/hash",
            unary(Method::Hash, async |node, claim, _: pb::HashRequest| {
                maintenance::hash(&node, &claim).await
            }),
        )
        .route(
            "/maintenance/hashkv",
            unary(Method::HashKv, async |node, claim, request| {
                maintenance::hash_kv(&node, &claim, request).await
            }),
        )
        .route(
            "/maintenance/defragment",
            unary(Method::Defragment, async |node, claim, _: pb::DefragmentRequest| {
                maintenance::defragment(&node, &claim).await
            }),
        )
        .route(
            "/maintenance/transfer-leadership",
            unary(Method::MoveLeader, async |node, claim, request| {
                maintenance::move_leader(&node, &claim, request).await
            }),
        )
        .route("/maintenance/snapshot", unimplemented(Method::Snapshot))
        .route("/maintenance/downgrade", unimplemented(Method::Downgrade))
}

fn authentication() -> Routes {
    Router::new()
        .route(
            "/auth/status",
            unary(Method::AuthStatus, async |node, claim, _: pb::AuthStatusRequest| {
                auth::status(&node, &claim).await
            }),
        )
        .route(
            "/auth/enable",
            unary(Method::AuthEnable, async |node, claim, _: pb::AuthEnableRequest| {
                auth::enable(&node, &claim).await
            }),
        )
        .route(
            "/auth/disable",
            unary(Method::AuthDisable, async |node, claim, _: pb::AuthDisableRequest| {
                auth::disable(&node, &claim).await
            }),
        )
        .route(
            "/auth/authenticate",
            unary(Method::Authenticate, async |node, claim, request| {
                auth::authenticate(&node, &claim, request).await
            }),
        )
}

fn users() -> Routes {
    Router::new()
        .route(
            "/auth/user/add",
            unary(Method::UserAdd, async |node, claim, request| auth::user_add(&node, &claim, request).await),
        )
        .route(
            "/auth/user/get",
            unary(Method::UserGet, async |node, claim, request| auth::user_get(&node, &claim, request).await),
        )
        .route(
            "/auth/user/list",
            unary(Method::UserList, async |node, claim, _: pb::AuthUserListRequest| {
                auth::user_list(&node, &claim).await
            }),
        )
        .route(
            "/auth/user/delete",
            unary(Method::UserDelete, async |node, claim, request| {
                auth::user_delete(&node, &claim, request).await
            }),
        )
        .route(
            "/auth/user/changepw",
            unary(Method::UserChangePassword, async |node, claim, request| {
                auth::user_change_password(&node, &claim, request).await
            }),
        )
        .route(
            "/auth/user/grant",
            unary(Method::UserGrantRole, async |node, claim, request| {
                auth::user_grant_role(&node, &claim, request).await
            }),
        )
        .route(
            "/auth/user/revoke",
            unary(Method::UserRevokeRole, async |node, claim, request| {
                auth::user_revoke_role(&node, &claim, request).await
            }),
        )
}

fn roles() -> Routes {
    Router::new()
        .route(
            "/auth/role/add",
            unary(Method::RoleAdd, async |node, claim, request| auth::role_add(&node, &claim, request).await),
        )
        .route(
            "/auth/role/get",
            unary(Method::RoleGet, async |node, claim, request| auth::role_get(&node, &claim, request).await),
        )
        .route(
            "/auth/role/list",
            unary(Method::RoleList, async |node, claim, _: pb::AuthRoleListRequest| {
                auth::role_list(&node, &claim).await
            }),
        )
        .route(
            "/auth/role/delete",
            unary(Method::RoleDelete, async |node, claim, request| {
                auth::role_delete(&node, &claim, request).await
            }),
        )
        .route(
            "/auth/role/grant",
            unary(Method::RoleGrantPermission, async |node, claim, request| {
                auth::role_grant_permission(&node, &claim, request).await
            }),
        )
        .route(
            "/auth/role/revoke",
            unary(Method::RoleRevokePermission, async |node, claim, request| {
                auth::role_revoke_permission(&node, &claim, request).await
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
