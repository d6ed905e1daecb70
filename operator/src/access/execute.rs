//! Carries out steps on users and roles, and brings passwords from Secrets into the store. Must not decide which users
//! there are; must not let a password into a log, an error or a line that is told.

use super::AccessError;
use super::steps::Step;
use super::store::AccessStore;

/// A password as a Secret has it.
pub(crate) struct PasswordKept {
    pub(crate) password: zeroize::Zeroizing<String>,
    /// The Secret's UID and resource version: another one may hold another password.
    pub(crate) version: String,
}

/// Takes steps one after the other; `password` is that of a user that is made, none for one that is known by its
/// certificate. Tells what was done.
pub(crate) async fn take(
    store: &AccessStore,
    steps: &[Step],
    password: Option<&str>,
    done: &mut Vec<String>,
) -> Result<(), AccessError> {
    for step in steps {
        match step {
            Step::AddRole(role) => store.add_role(role).await?,
            Step::Grant(role, right) => store.grant(role, right).await?,
            Step::Revoke(role, keys) => store.revoke(role, keys).await?,
            Step::AddUser(user) => store.add_user(user, password).await?,
            Step::GrantRole(user, role) => store.grant_role(user, role).await?,
            Step::RevokeRole(user, role) => store.revoke_role(user, role).await?,
        }
        done.push(step.to_string());
    }
    Ok(())
}

/// Sees to it that a user who is there has the password in its Secret. Asks first whether it has: a change would end its
/// tokens and watches.
pub(crate) async fn settle_password(
    store: &AccessStore,
    user: &str,
    kept: &PasswordKept,
    recorded: Option<&str>,
    done: &mut Vec<String>,
) -> Result<(), AccessError> {
    if recorded == Some(kept.version.as_str()) {
        return Ok(());
    }
    if store.has_password(user, &kept.password).await? == Some(true) {
        return Ok(());
    }
    store.change_password(user, &kept.password).await?;
    done.push(format!("gave the user {user} the password in its Secret"));
    Ok(())
}
