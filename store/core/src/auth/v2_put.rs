//! What a PUT to a user or a role of the v2 API comes to: made anew, or merged into what is there, all of it or
//! nothing. Pure; must not write anything.

use super::v2_pattern::V2Patterns;
use super::{Access, AuthState, ROOT, Role, Secret, User};
use crate::ids::AuthRevision;

/// A PUT to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2UserPut {
    /// Its name.
    pub name: String,
    /// The hash of its new password, if it is to have one.
    pub password_hash: Option<Secret>,
    /// What is to become of its roles.
    pub roles: V2UserRoles,
}

/// What is to become of a user's roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum V2UserRoles {
    /// The user is new, with these. Without any, it may also be one that is there and gets another password.
    Make(Vec<String>),
    /// The user is there.
    Merge {
        /// Roles that it gets and does not have.
        grant: Vec<String>,
        /// Roles that it has, or gets here, and loses.
        revoke: Vec<String>,
    },
}

/// A PUT to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2RolePut {
    /// Its name.
    pub name: String,
    /// What is to become of its permissions.
    pub permissions: V2RolePermissions,
}

/// What is to become of a role's permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum V2RolePermissions {
    /// The role is new, with these.
    Make(V2Patterns),
    /// The role is there.
    Merge {
        /// What it gets and does not have.
        grant: V2Patterns,
        /// What it loses; nothing happens for what it does not have.
        revoke: V2Patterns,
    },
}

/// Why such a PUT is refused. The words are etcd's where it has them, since they go to clients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum V2AuthError {
    /// Users log in by password here.
    #[error("Cannot create user {0} with an empty password")]
    PasswordEmpty(String),
    /// The name is taken.
    #[error("User {0} already exists.")]
    UserExists(String),
    /// There is no such user.
    #[error("User {0} does not exist.")]
    UserNotFound(String),
    /// Nothing would change.
    #[error("User not updated. Use grant/revoke/password to update the user.")]
    UserUnchanged,
    /// The user has the role.
    #[error("Granting duplicate role {role} for user {user}")]
    RoleHeld {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// The user does not have the role.
    #[error("Revoking ungranted role {role} for user {user}")]
    RoleNotHeld {
        /// The user.
        user: String,
        /// The role.
        role: String,
    },
    /// The role may do everything, whatever is granted.
    #[error("Cannot modify role {ROOT}: is root role.")]
    RootRole,
    /// The name is taken.
    #[error("Role {0} already exists.")]
    RoleExists(String),
    /// There is no such role.
    #[error("Role {0} does not exist.")]
    RoleNotFound(String),
    /// Nothing would change.
    #[error("Role not updated. Use grant/revoke to update the role.")]
    RoleUnchanged,
    /// The role has the permission.
    #[error("Granting duplicate {} permission {pattern}", word(.access))]
    PermissionHeld {
        /// Reading or writing.
        access: Access,
        /// On which keys.
        pattern: String,
    },
}

fn word(access: &Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
    }
}

/// The user that a PUT leaves behind, and whether it is new. Its credentials are as old as before; whoever writes it
/// dates a new password.
pub(crate) fn put_user(state: &AuthState, put: &V2UserPut) -> Result<(User, bool), V2AuthError> {
    let name = || put.name.clone();
    let held = state.user(&put.name);
    match &put.roles {
        V2UserRoles::Make(roles) => match (held, &put.password_hash) {
            (Some(user), _) if roles.is_empty() => Ok((merge_user(state, user, put, &[], &[])?, false)),
            (_, None) => Err(V2AuthError::PasswordEmpty(name())),
            (Some(_), Some(_)) => Err(V2AuthError::UserExists(name())),
            (None, Some(_)) => {
                let mut user = User {
                    password_hash: None,
                    roles: [].into(),
                    credentials_since: AuthRevision::default(),
                };
                for role in roles {
                    expect_role(state, role)?;
                    user.roles.insert(role.clone());
                }
                Ok((finished(put, user), true))
            }
        },
        V2UserRoles::Merge { grant, revoke } => {
            let user = held.ok_or_else(|| V2AuthError::UserNotFound(name()))?;
            Ok((merge_user(state, user, put, grant, revoke)?, false))
        }
    }
}

fn merge_user(
    state: &AuthState,
    held: &User,
    put: &V2UserPut,
    grant: &[String],
    revoke: &[String],
) -> Result<User, V2AuthError> {
    let mut user = held.clone();
    for role in grant {
        if !user.roles.insert(role.clone()) {
            return Err(V2AuthError::RoleHeld { user: put.name.clone(), role: role.clone() });
        }
        expect_role(state, role)?;
    }
    for role in revoke {
        if !user.roles.remove(role) {
            return Err(V2AuthError::RoleNotHeld { user: put.name.clone(), role: role.clone() });
        }
    }
    let user = finished(put, user);
    if user.roles == held.roles && put.password_hash.is_none() {
        return Err(V2AuthError::UserUnchanged);
    }
    Ok(user)
}

/// The user `root` always has the role of that name, as in etcd's v2 API.
fn finished(put: &V2UserPut, mut user: User) -> User {
    if put.name == ROOT {
        user.roles.insert(ROOT.to_owned());
    }
    if put.password_hash.is_some() {
        user.password_hash.clone_from(&put.password_hash);
    }
    user
}

fn expect_role(state: &AuthState, role: &str) -> Result<(), V2AuthError> {
    if role == ROOT || state.role(role).is_some() {
        return Ok(());
    }
    Err(V2AuthError::RoleNotFound(role.to_owned()))
}

/// The role that a PUT leaves behind.
pub(crate) fn put_role(state: &AuthState, put: &V2RolePut) -> Result<Role, V2AuthError> {
    if put.name == ROOT {
        return Err(V2AuthError::RootRole);
    }
    let held = state.role(&put.name);
    match (&put.permissions, held) {
        (V2RolePermissions::Make(_), Some(_)) => Err(V2AuthError::RoleExists(put.name.clone())),
        (V2RolePermissions::Make(patterns), None) => {
            let mut role = Role::default();
            for access in [Access::Read, Access::Write] {
                patterns.of(access).iter().for_each(|pattern| role.add(pattern, access));
            }
            Ok(role)
        }
        (V2RolePermissions::Merge { .. }, None) => Err(V2AuthError::RoleNotFound(put.name.clone())),
        (V2RolePermissions::Merge { grant, revoke }, Some(held)) => merge_role(held, grant, revoke),
    }
}

fn merge_role(held: &Role, grant: &V2Patterns, revoke: &V2Patterns) -> Result<Role, V2AuthError> {
    let mut role = held.clone();
    for access in [Access::Read, Access::Write] {
        for pattern in grant.of(access) {
            if role.holds(pattern, access) {
                let pattern = String::from_utf8_lossy(pattern.as_bytes()).into_owned();
                return Err(V2AuthError::PermissionHeld { access, pattern });
            }
            role.add(pattern, access);
        }
    }
    for access in [Access::Read, Access::Write] {
        revoke.of(access).iter().for_each(|pattern| role.take(pattern, access));
    }
    if role == *held { Err(V2AuthError::RoleUnchanged) } else { Ok(role) }
}

#[cfg(test)]
mod tests {
    use super::super::V2Pattern;
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn patterns(read: &[&'static str], write: &[&'static str]) -> V2Patterns {
        let parse =
            |words: &[&'static str]| words.iter().map(|it| V2Pattern::new((*it).into()).unwrap()).collect();
        V2Patterns { read: parse(read), write: parse(write) }
    }

    fn user(
        state: &mut AuthState,
        name: &str,
        password: bool,
        roles: V2UserRoles,
    ) -> Result<String, V2AuthError> {
        let password_hash = password.then(|| Secret::new("hash".into()));
        let put = V2UserPut { name: name.to_owned(), password_hash, roles };
        let (user, is_new) = put_user(state, &put)?;
        state.put_user(name.to_owned(), user.clone());
        let roles: Vec<String> = user.roles.into_iter().collect();
        Ok(format!("{}{}", if is_new { "new " } else { "" }, roles.join(" ")))
    }

    fn role(
        state: &mut AuthState,
        name: &str,
        permissions: V2RolePermissions,
    ) -> Result<String, V2AuthError> {
        let role = put_role(state, &V2RolePut { name: name.to_owned(), permissions })?;
        state.put_role(name.to_owned(), role.clone());
        let shown = |held: &super::super::Permission| {
            format!("{:?} {}", held.kind, String::from_utf8_lossy(&V2Pattern::shown(held)))
        };
        Ok(role.permissions.iter().map(shown).collect::<Vec<_>>().join(", "))
    }

    fn refused(outcome: Result<String, V2AuthError>) -> String {
        outcome.unwrap_err().to_string()
    }

    #[test]
    fn users_are_made_and_merged() {
        let make = |roles: &[&str]| V2UserRoles::Make(texts(roles));
        let merge = |grant: &[&str], revoke: &[&str]| V2UserRoles::Merge {
            grant: texts(grant),
            revoke: texts(revoke),
        };
        let mut state = AuthState::default();
        state.put_role("a".to_owned(), Role::default());
        state.put_role("b".to_owned(), Role::default());
        let state = &mut state;
        assert_eq!(
            refused(user(state, "ann", false, make(&[]))),
            "Cannot create user ann with an empty password"
        );
        assert_eq!(refused(user(state, "ann", true, make(&["c"]))), "Role c does not exist.");
        assert_eq!(user(state, "ann", true, make(&[])).unwrap(), "new ");
        assert_eq!(user(state, "ann", true, make(&[])).unwrap(), "");
        assert_eq!(refused(user(state, "ann", true, make(&["a"]))), "User ann already exists.");
        assert_eq!(user(state, "ann", false, merge(&["b", "a"], &[])).unwrap(), "a b");
        let unchanged = "User not updated. Use grant/revoke/password to update the user.";
        assert_eq!(refused(user(state, "ann", false, make(&[]))), unchanged);
        assert_eq!(refused(user(state, "ann", false, merge(&["root"], &["root"]))), unchanged);
        let held = "Granting duplicate role a for user ann";
        assert_eq!(refused(user(state, "ann", true, merge(&["root", "a"], &["b"]))), held);
        assert_eq!(
            state.user("ann").unwrap().roles,
            ["a".to_owned(), "b".to_owned()].into(),
            "all or nothing"
        );
        assert_eq!(
            refused(user(state, "ann", false, merge(&[], &["c"]))),
            "Revoking ungranted role c for user ann"
        );
        assert_eq!(refused(user(state, "bob", true, merge(&["a"], &[]))), "User bob does not exist.");
        assert_eq!(user(state, "bob", true, make(&["a", "root"])).unwrap(), "new a root");
    }

    #[test]
    fn root_keeps_the_role_of_its_name() {
        let mut state = AuthState::default();
        assert_eq!(user(&mut state, ROOT, true, V2UserRoles::Make(Vec::new())).unwrap(), "new root");
        let revoke = V2UserRoles::Merge { grant: Vec::new(), revoke: texts(&[ROOT]) };
        assert_eq!(user(&mut state, ROOT, false, revoke), Err(V2AuthError::UserUnchanged));
        assert_eq!(
            role(&mut state, ROOT, V2RolePermissions::Make(V2Patterns::default())),
            Err(V2AuthError::RootRole)
        );
    }

    #[test]
    fn roles_are_made_and_merged() {
        let merge = |grant, revoke| V2RolePermissions::Merge { grant, revoke };
        let none = V2Patterns::default;
        let mut state = AuthState::default();
        let state = &mut state;
        assert_eq!(
            refused(role(state, "r", merge(patterns(&["/a"], &[]), none()))),
            "Role r does not exist."
        );
        let made = V2RolePermissions::Make(patterns(&["/a", "/b/*"], &["/a"]));
        assert_eq!(role(state, "r", made.clone()).unwrap(), "ReadWrite /a, Read /b/*");
        assert_eq!(refused(role(state, "r", made)), "Role r already exists.");
        let outcome = role(state, "r", merge(patterns(&["/c", "/a"], &[]), none()));
        assert_eq!(refused(outcome), "Granting duplicate read permission /a");
        let outcome = role(state, "r", merge(patterns(&["/c"], &["/b/*"]), patterns(&["/a", "/none"], &[])));
        assert_eq!(outcome.unwrap(), "Write /a, ReadWrite /b/*, Read /c");
        let outcome = role(state, "r", merge(none(), patterns(&["/none"], &["/c"])));
        assert_eq!(refused(outcome), "Role not updated. Use grant/revoke to update the role.");
    }
}
