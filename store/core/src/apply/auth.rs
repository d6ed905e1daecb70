//! Changes of users, roles and of the switch, and the check that comes before every command. Both look at replicated
//! state only, so that all members refuse the same.

use bytes::Bytes;

use super::{ApplyBatch, Stop};
use crate::auth::{
    AccessError, AuthChange, AuthChangeError, AuthState, Caller, Guard, ROOT, Role, Secret, TokenId,
    TokenRenewal, User, V2RolePut, V2UserPut, put_role, put_user,
};
use crate::command::Operation;
use crate::layout::auth as layout;
use crate::limits::TOKENS_RENEWED_MAX;
use crate::response::Response;
use crate::rows::Table;

impl From<AccessError> for Stop {
    fn from(error: AccessError) -> Stop {
        match error {
            AccessError::Refused(refusal) => refusal.into(),
            AccessError::Fault(fault) => fault.into(),
        }
    }
}

impl ApplyBatch<'_> {
    /// Refuses what the caller may not do. What only members propose is not asked about.
    pub(super) fn authorize(&self, caller: &Caller, operation: &Operation) -> Result<(), Stop> {
        if !self.auth.is_enabled() || *caller == Caller::Member {
            return Ok(());
        }
        let guard = Guard::new(&self.auth, self.state(&[]), caller);
        match operation {
            Operation::Noop
            | Operation::LeaseExpire { .. }
            | Operation::LeaseCheckpoint { .. }
            | Operation::MemberPublish { .. }
            | Operation::ClusterVersionSet { .. } => {}
            Operation::Put(put) => guard.put(put)?,
            Operation::DeleteRange(delete) => guard.delete_range(delete)?,
            Operation::Txn(txn) => guard.txn(txn)?,
            Operation::LeaseGrant { .. } => guard.login()?,
            Operation::LeaseRevoke { id } => {
                guard.login()?;
                guard.lease_writes(*id)?;
            }
            Operation::V2(request) => guard.v2_change(request)?,
            Operation::Compact { .. }
            | Operation::AlarmRaise { .. }
            | Operation::AlarmClear { .. }
            | Operation::Auth(_) => guard.root()?,
        }
        Ok(())
    }

    pub(super) fn auth_change(&mut self, change: &AuthChange) -> Result<Response, Stop> {
        match change {
            AuthChange::Enable { token_key } => self.auth_enable(token_key)?,
            AuthChange::Disable => self.auth_disable(),
            AuthChange::UserAdd { name, password_hash } => self.user_add(name, password_hash.as_ref())?,
            AuthChange::UserDelete { name } => self.user_delete(name)?,
            AuthChange::UserChangePassword { name, password_hash } => {
                self.user_change_password(name, password_hash)?;
            }
            AuthChange::UserGrantRole { user, role } => self.user_grant_role(user, role)?,
            AuthChange::UserRevokeRole { user, role } => self.user_revoke_role(user, role)?,
            AuthChange::RoleAdd { name } => self.role_add(name)?,
            AuthChange::RoleDelete { name } => self.role_delete(name)?,
            AuthChange::RoleGrantPermission { role, permission } => {
                if !permission.is_range() {
                    return Err(AuthChangeError::InvalidManagement.into());
                }
                let mut changed = self.role(role)?;
                changed.grant(permission.clone());
                self.put_role(role, changed);
                self.changed();
            }
            AuthChange::RoleRevokePermission { role, key, range_end } => {
                let mut changed = self.role(role)?;
                if !changed.revoke(key, range_end) {
                    return Err(AuthChangeError::PermissionNotGranted.into());
                }
                self.put_role(role, changed);
                self.changed();
            }
            AuthChange::V2UserPut(put) => return self.v2_user_put(put),
            AuthChange::V2RolePut(put) => return self.v2_role_put(put),
            AuthChange::RenewTokens { now_unix_seconds, renewals } => {
                self.renew_tokens(*now_unix_seconds, renewals);
            }
        }
        Ok(Response::Done)
    }

    /// Enabling does not raise the revision (etcd's way), but makes watchers ask again whether they may.
    fn auth_enable(&mut self, token_key: &Secret) -> Result<(), AuthChangeError> {
        if self.auth.is_enabled() {
            return Ok(());
        }
        let root = self.auth.user(ROOT).ok_or(AuthChangeError::RootUserNotFound)?;
        if !root.is_root() {
            return Err(AuthChangeError::RootRoleNotGranted);
        }
        let auth = self.auth_mut();
        auth.set_enabled(true);
        auth.set_token_key(token_key.clone());
        self.put_auth_row(Bytes::from_static(layout::ENABLED), layout::encode_enabled(true));
        self.put_auth_row(Bytes::from_static(layout::TOKEN_KEY), layout::encode_token_key(token_key));
        self.forget_tokens(|_| true);
        self.note_auth_change();
        Ok(())
    }

    fn auth_disable(&mut self) {
        if !self.auth.is_enabled() {
            return;
        }
        self.auth_mut().set_enabled(false);
        self.put_auth_row(Bytes::from_static(layout::ENABLED), layout::encode_enabled(false));
        self.forget_tokens(|_| true);
        self.changed();
    }

    fn renew_tokens(&mut self, now_unix_seconds: u64, renewals: &[TokenRenewal]) {
        if !self.auth.is_enabled() {
            return;
        }
        self.forget_tokens(|until| until < now_unix_seconds);
        for renewal in renewals {
            let known = self.auth.renewed_until(&renewal.id);
            let is_full = known.is_none() && self.auth.tokens().len() >= TOKENS_RENEWED_MAX;
            // One that does not fit ends when it would have ended anyway.
            if is_full || known.is_some_and(|until| until >= renewal.until_unix_seconds) {
                continue;
            }
            self.auth_mut().tokens_mut().insert(renewal.id, renewal.until_unix_seconds);
            let row = layout::encode_token(renewal.until_unix_seconds);
            self.put_auth_row(layout::renewed_token_key(&renewal.id), row);
        }
    }

    fn forget_tokens(&mut self, is_over: impl Fn(u64) -> bool) {
        let over: Vec<TokenId> =
            self.auth.tokens().iter().filter(|(_, until)| is_over(**until)).map(|(id, _)| *id).collect();
        for id in over {
            self.auth_mut().tokens_mut().remove(&id);
            self.overlay.delete(Table::Auth, layout::renewed_token_key(&id));
        }
    }

    fn user_add(&mut self, name: &str, password_hash: Option<&Secret>) -> Result<(), AuthChangeError> {
        if name.is_empty() {
            return Err(AuthChangeError::UserEmpty);
        }
        if self.auth.user(name).is_some() {
            return Err(AuthChangeError::UserExists);
        }
        self.changed();
        let credentials_since = self.auth.revision();
        let password_hash = password_hash.cloned();
        self.put_user(name, User { password_hash, roles: [].into(), credentials_since });
        Ok(())
    }

    fn user_delete(&mut self, name: &str) -> Result<(), AuthChangeError> {
        if self.auth.is_enabled() && name == ROOT {
            return Err(AuthChangeError::InvalidManagement);
        }
        self.user(name)?;
        self.auth_mut().remove_user(name);
        self.overlay.delete(Table::Auth, layout::user_key(name));
        self.changed();
        Ok(())
    }

    fn user_change_password(&mut self, name: &str, password_hash: &Secret) -> Result<(), AuthChangeError> {
        let mut user = self.user(name)?;
        self.changed();
        user.password_hash = user.password_hash.map(|_| password_hash.clone());
        user.credentials_since = self.auth.revision();
        self.put_user(name, user);
        Ok(())
    }

    fn user_grant_role(&mut self, name: &str, role: &str) -> Result<(), AuthChangeError> {
        let mut user = self.user(name)?;
        if role != ROOT {
            self.role(role)?;
        }
        if user.roles.insert(role.to_owned()) {
            self.put_user(name, user);
            self.changed();
        }
        Ok(())
    }

    fn user_revoke_role(&mut self, name: &str, role: &str) -> Result<(), AuthChangeError> {
        if self.auth.is_enabled() && name == ROOT && role == ROOT {
            return Err(AuthChangeError::InvalidManagement);
        }
        let mut user = self.user(name)?;
        if !user.roles.remove(role) {
            return Err(AuthChangeError::RoleNotGranted);
        }
        self.put_user(name, user);
        self.changed();
        Ok(())
    }

    fn role_add(&mut self, name: &str) -> Result<(), AuthChangeError> {
        if name.is_empty() {
            return Err(AuthChangeError::RoleEmpty);
        }
        if self.auth.role(name).is_some() {
            return Err(AuthChangeError::RoleExists);
        }
        self.put_role(name, Role::default());
        self.changed();
        Ok(())
    }

    fn role_delete(&mut self, name: &str) -> Result<(), AuthChangeError> {
        if self.auth.is_enabled() && name == ROOT {
            return Err(AuthChangeError::InvalidManagement);
        }
        self.role(name)?;
        for holder in self.auth.holders(name) {
            let mut user = self.user(&holder)?;
            user.roles.remove(name);
            self.put_user(&holder, user);
        }
        self.auth_mut().remove_role(name);
        self.overlay.delete(Table::Auth, layout::role_key(name));
        self.changed();
        Ok(())
    }

    fn v2_user_put(&mut self, put: &V2UserPut) -> Result<Response, Stop> {
        if put.name.is_empty() {
            return Err(AuthChangeError::UserEmpty.into());
        }
        let (mut user, is_new) = put_user(&self.auth, put)?;
        self.changed();
        if put.password_hash.is_some() {
            user.credentials_since = self.auth.revision();
        }
        self.put_user(&put.name, user.clone());
        Ok(Response::V2User(Box::new(user), is_new))
    }

    fn v2_role_put(&mut self, put: &V2RolePut) -> Result<Response, Stop> {
        if put.name.is_empty() {
            return Err(AuthChangeError::RoleEmpty.into());
        }
        let role = put_role(&self.auth, put)?;
        self.put_role(&put.name, role.clone());
        self.changed();
        Ok(Response::V2Role(Box::new(role)))
    }

    fn user(&self, name: &str) -> Result<User, AuthChangeError> {
        self.auth.user(name).cloned().ok_or(AuthChangeError::UserNotFound)
    }

    fn role(&self, name: &str) -> Result<Role, AuthChangeError> {
        self.auth.role(name).cloned().ok_or(AuthChangeError::RoleNotFound)
    }

    fn put_user(&mut self, name: &str, user: User) {
        self.put_auth_row(layout::user_key(name), layout::encode_user(&user));
        self.auth_mut().put_user(name.to_owned(), user);
    }

    fn put_role(&mut self, name: &str, role: Role) {
        self.put_auth_row(layout::role_key(name), layout::encode_role(&role));
        self.auth_mut().put_role(name.to_owned(), role);
    }

    /// Counts a change; whatever was checked before is to be checked again.
    fn changed(&mut self) {
        self.auth_mut().raise_revision();
        let revision = layout::encode_revision(self.auth.revision());
        self.put_auth_row(Bytes::from_static(layout::REVISION), revision);
        self.note_auth_change();
    }

    fn note_auth_change(&mut self) {
        self.effects.auth_changed.get_or_insert(self.head.revision);
    }

    fn put_auth_row(&mut self, key: Bytes, value: Bytes) {
        self.overlay.put(Table::Auth, key, value);
    }

    fn auth_mut(&mut self) -> &mut AuthState {
        std::sync::Arc::make_mut(&mut self.auth)
    }
}
