//! All users, roles and settings of one moment, with the rights that follow. Read from the rows at the start and kept in
//! memory; every change of it is written as rows in the same batch. Clones share what did not change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Access, Caller, PermissionError, Rights, Role, Secret, TokenId, User};
use crate::ids::AuthRevision;
use crate::key_range::KeyRange;
use crate::layout::auth as layout;
use crate::rows::{Direction, Rows, RowsFault, Table};

/// A user with what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    user: User,
    rights: Rights,
}

/// Users, roles, and whether anybody asks for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthState {
    enabled: bool,
    revision: AuthRevision,
    token_key: Secret,
    users: BTreeMap<String, Arc<Entry>>,
    roles: BTreeMap<String, Arc<Role>>,
    /// Renewed tokens and until when they are good, in seconds since 1970.
    tokens: Arc<BTreeMap<TokenId, u64>>,
}

impl Default for AuthState {
    fn default() -> AuthState {
        AuthState {
            enabled: false,
            revision: AuthRevision::FRESH,
            token_key: Secret::default(),
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
            tokens: Arc::default(),
        }
    }
}

impl AuthState {
    /// Reads the rows; what was never written is as in a fresh store.
    pub fn load(rows: &dyn Rows) -> Result<AuthState, RowsFault> {
        let mut state = AuthState::default();
        let mut users = BTreeMap::new();
        let mut tokens = BTreeMap::new();
        let mut cursor = rows.scan(Table::Auth, &[], None, Direction::Forward)?;
        while let Some((key, value)) = cursor.current() {
            match layout::decode_key(key)? {
                layout::AuthKey::Enabled => state.enabled = layout::decode_enabled(value)?,
                layout::AuthKey::Revision => state.revision = layout::decode_revision(value)?,
                layout::AuthKey::TokenKey => state.token_key = layout::decode_token_key(value)?,
                layout::AuthKey::Token(id) => {
                    tokens.insert(id, layout::decode_token(value)?);
                }
                layout::AuthKey::User(name) => {
                    users.insert(name, layout::decode_user(value)?);
                }
                layout::AuthKey::Role(name) => {
                    state.roles.insert(name, Arc::new(layout::decode_role(value)?));
                }
            }
            cursor.advance()?;
        }
        state.tokens = Arc::new(tokens);
        for (name, user) in users {
            state.put_user(name, user);
        }
        Ok(state)
    }

    /// Whether callers have to say who they are.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Counts the changes of users and roles.
    pub fn revision(&self) -> AuthRevision {
        self.revision
    }

    /// The key that simple tokens are signed with; empty when authentication was never enabled.
    pub fn token_key(&self) -> &Secret {
        &self.token_key
    }

    /// Until when a token was renewed, in seconds since 1970.
    pub fn renewed_until(&self, id: &TokenId) -> Option<u64> {
        self.tokens.get(id).copied()
    }

    /// A user.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name).map(|entry| &entry.user)
    }

    /// A role.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name).map(Arc::as_ref)
    }

    /// The names of all users, ascending.
    pub fn user_names(&self) -> impl Iterator<Item = &str> {
        self.users.keys().map(String::as_str)
    }

    /// The names of all roles, ascending.
    pub fn role_names(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str)
    }

    /// What a user may do.
    pub fn rights(&self, name: &str) -> Option<&Rights> {
        self.users.get(name).map(|entry| &entry.rights)
    }

    /// Checks that the caller said who it is and is a user.
    pub fn check_login(&self, caller: &Caller) -> Result<(), PermissionError> {
        match caller {
            _ if !self.enabled => Ok(()),
            Caller::Member => Ok(()),
            Caller::Nobody => Err(PermissionError::Nobody),
            Caller::User { name, .. } if self.users.contains_key(name) => Ok(()),
            Caller::User { .. } => Err(PermissionError::Denied),
        }
    }

    /// Checks that the caller may do everything. Changes since its credentials were looked at make no difference as long
    /// as it still may and still has the same credentials.
    pub fn check_root(&self, caller: &Caller) -> Result<(), PermissionError> {
        match caller {
            _ if !self.enabled => Ok(()),
            Caller::Member => Ok(()),
            Caller::Nobody => Err(PermissionError::Nobody),
            Caller::User { name, auth_revision } => {
                let Entry { user, rights } =
                    self.users.get(name).ok_or(PermissionError::UserNotFound)?.as_ref();
                if *auth_revision < user.credentials_since {
                    return Err(PermissionError::OldRevision);
                }
                if rights.is_root() { Ok(()) } else { Err(PermissionError::Denied) }
            }
        }
    }

    /// Checks that the caller may access every key of `range`.
    pub fn check_range(
        &self,
        caller: &Caller,
        range: &KeyRange,
        access: Access,
    ) -> Result<(), PermissionError> {
        match caller {
            _ if !self.enabled => Ok(()),
            Caller::Member => Ok(()),
            Caller::Nobody => Err(PermissionError::Nobody),
            Caller::User { auth_revision, .. } if *auth_revision < self.revision => {
                Err(PermissionError::OldRevision)
            }
            Caller::User { name, .. } => match self.rights(name) {
                Some(rights) if rights.covers(range, access) => Ok(()),
                _ => Err(PermissionError::Denied),
            },
        }
    }

    pub(crate) fn set_enabled(&mut self, enabled: bool) {
        self.enabled = enabled;
    }

    pub(crate) fn set_token_key(&mut self, token_key: Secret) {
        self.token_key = token_key;
    }

    pub(crate) fn raise_revision(&mut self) {
        self.revision = self.revision.next();
    }

    /// The renewed tokens.
    pub(crate) fn tokens(&self) -> &BTreeMap<TokenId, u64> {
        &self.tokens
    }

    pub(crate) fn tokens_mut(&mut self) -> &mut BTreeMap<TokenId, u64> {
        Arc::make_mut(&mut self.tokens)
    }

    pub(crate) fn put_user(&mut self, name: String, user: User) {
        let rights = Rights::of(&user, &self.roles);
        self.users.insert(name, Arc::new(Entry { user, rights }));
    }

    pub(crate) fn remove_user(&mut self, name: &str) {
        self.users.remove(name);
    }

    /// Puts a role and gives those who have it the rights that follow.
    pub(crate) fn put_role(&mut self, name: String, role: Role) {
        self.roles.insert(name.clone(), Arc::new(role));
        for entry in self.users.values_mut().filter(|entry| entry.user.roles.contains(&name)) {
            let rights = Rights::of(&entry.user, &self.roles);
            *entry = Arc::new(Entry { user: entry.user.clone(), rights });
        }
    }

    /// Takes a role away that no user has.
    pub(crate) fn remove_role(&mut self, name: &str) {
        self.roles.remove(name);
    }

    /// The users that have a role.
    pub(crate) fn holders(&self, role: &str) -> Vec<String> {
        let holds = |(_, entry): &(&String, &Arc<Entry>)| entry.user.roles.contains(role);
        self.users.iter().filter(holds).map(|(name, _)| name.clone()).collect()
    }
}
