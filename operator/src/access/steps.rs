//! Which calls make a user or a role what it should be. Pure; passwords are not in it.

use std::collections::BTreeSet;

use super::rights::{Keys, Right, difference};

/// The role that may do everything; the store's own.
pub const ROOT_ROLE: &str = "root";

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make a role without rights.
    AddRole(String),
    /// Give a role a right.
    Grant(String, Right),
    /// Take what a role has on a range.
    Revoke(String, Keys),
    /// Make a user, with the password that goes with it.
    AddUser(String),
    /// Give a user (the first) a role (the second).
    GrantRole(String, String),
    /// Take a role (the second) from a user (the first).
    RevokeRole(String, String),
}

/// Whether what is there beyond what is wanted is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    /// Somebody else may have given it, and meant it.
    Stays,
    /// The resource says everything.
    Goes,
}

impl std::fmt::Display for Step {
    /// What was done, for people.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::AddRole(role) => write!(formatter, "made the role {role}"),
            Self::Grant(role, _) => write!(formatter, "gave the role {role} a right that it lacked"),
            Self::Revoke(role, _) => {
                write!(formatter, "took from the role {role} a right beyond what is wanted")
            }
            Self::AddUser(user) => write!(formatter, "made the user {user}"),
            Self::GrantRole(user, role) => write!(formatter, "gave the user {user} the role {role}"),
            Self::RevokeRole(user, role) => write!(formatter, "took the role {role} from the user {user}"),
        }
    }
}

/// What makes a role what it should be. `present` are its rights, if there is one.
#[must_use]
pub fn for_role(
    role: &str,
    present: Option<&BTreeSet<Right>>,
    wanted: &BTreeSet<Right>,
    beyond: Beyond,
) -> Vec<Step> {
    let none = BTreeSet::new();
    let mut steps = Vec::new();
    if present.is_none() {
        steps.push(Step::AddRole(role.to_owned()));
    }
    let (granted, revoked) = difference(present.unwrap_or(&none), wanted);
    steps.extend(granted.into_iter().map(|right| Step::Grant(role.to_owned(), right)));
    if beyond == Beyond::Goes {
        steps.extend(revoked.into_iter().map(|keys| Step::Revoke(role.to_owned(), keys)));
    }
    steps
}

/// What makes a user what it should be. `present` are its roles, if there is one.
#[must_use]
pub fn for_user(
    user: &str,
    present: Option<&BTreeSet<String>>,
    wanted: &BTreeSet<String>,
    beyond: Beyond,
) -> Vec<Step> {
    let none = BTreeSet::new();
    let mut steps = Vec::new();
    if present.is_none() {
        steps.push(Step::AddUser(user.to_owned()));
    }
    let present = present.unwrap_or(&none);
    let missing = wanted.difference(present);
    steps.extend(missing.map(|role| Step::GrantRole(user.to_owned(), role.clone())));
    if beyond == Beyond::Goes {
        let further = present.difference(wanted);
        steps.extend(further.map(|role| Step::RevokeRole(user.to_owned(), role.clone())));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn lines(steps: &[Step]) -> Vec<String> {
        steps.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_new_user_is_made_before_it_gets_roles() {
        let steps = for_user("ann", None, &roles(&["a", "b"]), Beyond::Goes);
        let said = ["made the user ann", "gave the user ann the role a", "gave the user ann the role b"];
        assert_eq!(lines(&steps), said);
    }

    #[test]
    fn what_is_right_is_left_and_what_is_beyond_goes_if_the_resource_says_all() {
        let present = roles(&["a", "c"]);
        assert_eq!(for_user("ann", Some(&present), &present, Beyond::Goes), []);
        let wanted = roles(&["a"]);
        assert_eq!(for_user("ann", Some(&present), &wanted, Beyond::Stays), []);
        let steps = for_user("ann", Some(&present), &wanted, Beyond::Goes);
        assert_eq!(lines(&steps), ["took the role c from the user ann"]);
    }

    #[test]
    fn a_role_gets_what_it_lacks_before_it_loses_what_is_beyond() {
        let other = Right {
            keys: Keys { first: b"k".to_vec(), end: Vec::new() },
            kind: super::super::rights::Kind::Read,
        };
        let (present, wanted) = (BTreeSet::from([other]), BTreeSet::from([Right::all()]));
        let steps = for_role("app", Some(&present), &wanted, Beyond::Goes);
        assert!(matches!(steps[..], [Step::Grant(..), Step::Revoke(..)]), "{steps:?}");
        assert!(matches!(for_role("app", Some(&present), &wanted, Beyond::Stays)[..], [Step::Grant(..)]));
        assert!(matches!(
            for_role("app", None, &wanted, Beyond::Goes)[..],
            [Step::AddRole(_), Step::Grant(..)]
        ));
    }
}
