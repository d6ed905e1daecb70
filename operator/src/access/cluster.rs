//! Authentication of a cluster after it was made: the users root, holdfast-operator and app, and the switch. Every round
//! looks at all of it and puts right what differs, so that it does not matter where an earlier one ended.

use std::collections::BTreeSet;
use std::time::Duration;

use holdfast_plan::{Condition, ConditionKind, ConditionStatus};
use kube::ResourceExt as _;

use super::execute::{PasswordKept, settle_password, take};
use super::rights::Right;
use super::steps::{Beyond, ROOT_ROLE, for_role, for_user};
use super::store::AccessStore;
use super::{AccessError, generate_password};
use crate::crd::{HoldfastCluster, TlsMode};
use crate::limits::ROOT_SECRET_LOOK_AGAIN;
use crate::store::{Credentials, MemberClient};
use crate::trust::{Secrets, Trust, names, text};

/// The user for root, and the name in its Secret.
const ROOT_USER: &str = "root";

/// What is told of a cluster's authentication.
#[derive(Clone, Debug)]
pub struct Access {
    /// `AuthenticationReady`.
    pub condition: Condition,
    /// Secret with root's password, for the status.
    pub root_secret_name: Option<String>,
    /// Version of the Secret whose password root has, for the status. Must be written there: without it every round would
    /// ask whether the password still holds.
    pub root_password_version: Option<String>,
    /// What was done in this round, for events; one line each.
    pub done: Vec<String>,
    /// When to look again at the latest.
    pub look_again: Option<Duration>,
}

/// root's Secret, as far as it is known.
enum RootSecret {
    Kept(PasswordKept),
    /// It is a user's Secret that is not there, or has no password; what is said of it.
    Missing(String),
}

/// Looks after authentication. To be called once the cluster has been seen running; `members` are clients of those that
/// run, made with what `trust` says.
///
/// # Errors
/// When no member answers or one refuses, or a Secret cannot be read or written.
pub async fn ensure(
    client: &kube::Client,
    cluster: &HoldfastCluster,
    trust: &Trust,
    members: Vec<MemberClient>,
) -> Result<Access, AccessError> {
    let status = cluster.status.as_ref();
    let mut access = Access {
        condition: condition(
            ConditionStatus::False,
            "Disabled",
            "spec.auth.enabled is false: whoever connects may do everything",
        ),
        root_secret_name: None,
        root_password_version: status.and_then(|status| status.root_password_version.clone()),
        done: Vec::new(),
        look_again: None,
    };
    if !cluster.spec.auth.enabled {
        return Ok(access);
    }
    access.root_secret_name = Some(root_secret_name(cluster));
    if cluster.spec.paused || cluster.metadata.deletion_timestamp.is_some() {
        let is_enabled = AccessStore::new(members, None).is_enabled().await?;
        access.condition = enabled(is_enabled);
        return Ok(access);
    }
    let secrets = Secrets::new(client, cluster);
    let root = root_secret(&secrets, cluster, &mut access).await?;
    let credentials = match &root {
        RootSecret::Kept(kept) => {
            Some(Credentials { username: ROOT_USER.to_owned(), password: kept.password.to_string() })
        }
        RootSecret::Missing(_) => None,
    };
    let store = AccessStore::new(members, credentials);
    if !settle_root(&store, &root, &mut access).await? {
        return Ok(access);
    }
    settle_operator(&store, trust, &mut access.done).await?;
    if cluster.spec.auth.application_user {
        settle_application(&store, &secrets, cluster, &mut access.done).await?;
    }
    if !store.is_enabled().await? {
        store.enable().await?;
        access.done.push("switched authentication on".to_owned());
    }
    access.condition = enabled(true);
    if let RootSecret::Missing(what) = root {
        access.condition.message = format!("{what}; root keeps the password that it has");
    }
    if cluster.spec.auth.root_secret_name.is_some() {
        access.look_again = Some(ROOT_SECRET_LOOK_AGAIN);
    }
    Ok(access)
}

fn condition(status: ConditionStatus, reason: &str, message: &str) -> Condition {
    Condition {
        kind: ConditionKind::AuthenticationReady,
        status,
        reason: reason.to_owned(),
        message: message.to_owned(),
    }
}

fn enabled(is_enabled: bool) -> Condition {
    if is_enabled {
        condition(ConditionStatus::True, "Enabled", "clients have to say who they are")
    } else {
        condition(ConditionStatus::False, "NotEnabled", "authentication is not switched on yet")
    }
}

fn root_secret_name(cluster: &HoldfastCluster) -> String {
    cluster.spec.auth.root_secret_name.clone().unwrap_or_else(|| names::root_password_secret(cluster))
}

/// Reads a password out of a Secret.
pub(super) fn password_in(secret: &k8s_openapi::api::core::v1::Secret) -> Option<PasswordKept> {
    let password = text(secret, "password").filter(|password| !password.is_empty())?;
    let uid = secret.metadata.uid.as_deref().unwrap_or_default();
    let version = secret.metadata.resource_version.as_deref().unwrap_or_default();
    Some(PasswordKept { password: password.into(), version: format!("{uid}/{version}") })
}

async fn root_secret(
    secrets: &Secrets,
    cluster: &HoldfastCluster,
    access: &mut Access,
) -> Result<RootSecret, AccessError> {
    let name = root_secret_name(cluster);
    if let Some(kept) = secrets.get(&name).await?.as_ref().and_then(password_in) {
        return Ok(RootSecret::Kept(kept));
    }
    if cluster.spec.auth.root_secret_name.is_some() {
        return Ok(RootSecret::Missing(format!("Secret {name} is not there, or has no password")));
    }
    let was_there = access.root_password_version.is_some();
    let made = secrets.apply_password(&name, ROOT_USER, &generate_password(), None).await?;
    let Some(kept) = password_in(&made) else {
        return Ok(RootSecret::Missing(format!("Secret {name} was changed by somebody else")));
    };
    access.done.push(if was_there {
        format!("made a new password for root in Secret {name}: the one before was deleted")
    } else {
        format!("made a password for root in Secret {name}")
    });
    Ok(RootSecret::Kept(kept))
}

/// The user root. False when it cannot be made yet.
async fn settle_root(
    store: &AccessStore,
    root: &RootSecret,
    access: &mut Access,
) -> Result<bool, AccessError> {
    let role = store.role(ROOT_ROLE).await?;
    take(store, &for_role(ROOT_ROLE, role.as_ref(), &BTreeSet::new(), Beyond::Stays), None, &mut access.done)
        .await?;
    let present = store.user(ROOT_USER).await?;
    let steps = for_user(ROOT_USER, present.as_ref(), &BTreeSet::from([ROOT_ROLE.to_owned()]), Beyond::Stays);
    match root {
        RootSecret::Missing(what) if present.is_none() => {
            let message = format!("{what}: root cannot be made without it");
            access.condition = condition(ConditionStatus::False, "RootSecretMissing", &message);
            access.look_again = Some(ROOT_SECRET_LOOK_AGAIN);
            return Ok(false);
        }
        RootSecret::Missing(_) => take(store, &steps, None, &mut access.done).await?,
        RootSecret::Kept(kept) => {
            take(store, &steps, Some(&kept.password), &mut access.done).await?;
            if present.is_some() {
                let recorded = access.root_password_version.as_deref();
                settle_password(store, ROOT_USER, kept, recorded, &mut access.done).await?;
            }
            access.root_password_version = Some(kept.version.clone());
        }
    }
    Ok(true)
}

/// The operator's own user: by certificate, or with its password.
async fn settle_operator(
    store: &AccessStore,
    trust: &Trust,
    done: &mut Vec<String>,
) -> Result<(), AccessError> {
    let user = names::OPERATOR_USER;
    let present = store.user(user).await?;
    let steps = for_user(user, present.as_ref(), &BTreeSet::from([ROOT_ROLE.to_owned()]), Beyond::Stays);
    let Some(credentials) = &trust.credentials else { return take(store, &steps, None, done).await };
    take(store, &steps, Some(&credentials.password), done).await?;
    if present.is_some() {
        let kept = PasswordKept { password: credentials.password.clone().into(), version: String::new() };
        settle_password(store, user, &kept, None, done).await?;
    }
    Ok(())
}

/// The user for applications: by certificate, or with a password in a Secret.
async fn settle_application(
    store: &AccessStore,
    secrets: &Secrets,
    cluster: &HoldfastCluster,
    done: &mut Vec<String>,
) -> Result<(), AccessError> {
    let name = names::APPLICATION_USER;
    let role = store.role(name).await?;
    take(store, &for_role(name, role.as_ref(), &BTreeSet::from([Right::all()]), Beyond::Stays), None, done)
        .await?;
    let present = store.user(name).await?;
    let steps = for_user(name, present.as_ref(), &BTreeSet::from([name.to_owned()]), Beyond::Stays);
    if matches!(cluster.spec.tls.client.mode, TlsMode::Managed | TlsMode::CertManager) {
        return take(store, &steps, None, done).await;
    }
    let secret = names::application_password_secret(cluster);
    let kept = match secrets.get(&secret).await?.as_ref().and_then(password_in) {
        Some(kept) => kept,
        None => {
            let made = secrets.apply_password(&secret, name, &generate_password(), None).await?;
            done.push(format!("made a password for {name} in Secret {secret}"));
            let Some(kept) = password_in(&made) else { return Ok(()) };
            kept
        }
    };
    take(store, &steps, Some(&kept.password), done).await?;
    if present.is_some() {
        settle_password(store, name, &kept, None, done).await?;
    }
    Ok(())
}

/// Whether users and roles can be looked after: the cluster was made.
pub(super) fn is_made(cluster: &HoldfastCluster) -> bool {
    let bootstrap = cluster.status.as_ref().and_then(|status| status.bootstrap.as_ref());
    bootstrap.is_some_and(|bootstrap| bootstrap.state == "Done")
}

/// How messages call a cluster.
pub(super) fn called(cluster: &HoldfastCluster) -> String {
    format!("the cluster {}", cluster.name_any())
}
