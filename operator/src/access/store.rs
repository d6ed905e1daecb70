//! The store's calls on users and roles, asked of whichever member answers. Must not decide which calls are due; must not
//! let a password into an error.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rights::{Keys, Right, RightJson};
use crate::store::{Credentials, MemberClient, StoreError};

/// Users and roles of a cluster, by any of its members.
#[derive(Clone, Debug)]
pub struct AccessStore {
    members: Vec<MemberClient>,
    /// Who to be where the operator itself may not: somebody has taken its role away.
    root: Option<Credentials>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusAnswer {
    enabled: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct UserAnswer {
    roles: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RoleAnswer {
    perm: Vec<RightJson>,
}

/// Answers whose contents do not matter.
#[derive(Deserialize)]
struct Done {}

/// Texts of refusals, as etcd has them.
mod refusal {
    pub(super) const NO_USER: &str = "user name not found";
    pub(super) const NO_ROLE: &str = "role name not found";
    pub(super) const NOT_ALLOWED: [&str; 4] =
        ["permission denied", "user name is empty", "invalid auth token", "authentication failed"];
    pub(super) const WRONG_PASSWORD: &str = "authentication failed, invalid user ID or password";
    pub(super) const NOT_ENABLED: &str = "authentication is not enabled";
}

impl AccessStore {
    /// By these members; as root with this password where the operator itself is refused.
    #[must_use]
    pub fn new(members: Vec<MemberClient>, root: Option<Credentials>) -> Self {
        Self { members, root }
    }

    /// Whether clients have to say who they are.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn is_enabled(&self) -> Result<bool, StoreError> {
        Ok(self.post::<StatusAnswer>("status", &json!({})).await?.enabled)
    }

    /// Switches that on. It has to be on for good afterwards: see the rules of the resource.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn enable(&self) -> Result<(), StoreError> {
        self.change("enable", &json!({})).await
    }

    /// The roles of a user; none when there is no such user.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn user(&self, name: &str) -> Result<Option<BTreeSet<String>>, StoreError> {
        match self.post::<UserAnswer>("user/get", &json!({ "name": name })).await {
            Ok(answer) => Ok(Some(answer.roles.into_iter().collect())),
            Err(error) if error.is_refusal_with(refusal::NO_USER) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The rights of a role; none when there is no such role.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn role(&self, name: &str) -> Result<Option<BTreeSet<Right>>, StoreError> {
        match self.post::<RoleAnswer>("role/get", &json!({ "role": name })).await {
            Ok(answer) => Ok(Some(answer.perm.iter().filter_map(Right::read).collect())),
            Err(error) if error.is_refusal_with(refusal::NO_ROLE) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds a user; without a password it is known by its certificate alone.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn add_user(&self, name: &str, password: Option<&str>) -> Result<(), StoreError> {
        let body = match password {
            Some(password) => json!({ "name": name, "password": password }),
            None => json!({ "name": name, "options": { "no_password": true } }),
        };
        self.change("user/add", &body).await
    }

    /// Gives a user another password.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn change_password(&self, name: &str, password: &str) -> Result<(), StoreError> {
        self.change("user/changepw", &json!({ "name": name, "password": password })).await
    }

    /// Deletes a user, if there is one.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn delete_user(&self, name: &str) -> Result<(), StoreError> {
        let deleted = self.change("user/delete", &json!({ "name": name })).await;
        unless(deleted, refusal::NO_USER)
    }

    /// Gives a user a role.
    ///
    /// # Errors
    /// When no member answers, or one refuses: there may be no such role.
    pub async fn grant_role(&self, user: &str, role: &str) -> Result<(), StoreError> {
        self.change("user/grant", &json!({ "user": user, "role": role })).await
    }

    /// Takes a role from a user.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn revoke_role(&self, user: &str, role: &str) -> Result<(), StoreError> {
        self.change("user/revoke", &json!({ "name": user, "role": role })).await
    }

    /// Adds a role without rights.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn add_role(&self, name: &str) -> Result<(), StoreError> {
        self.change("role/add", &json!({ "name": name })).await
    }

    /// Deletes a role, if there is one; users lose it.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn delete_role(&self, name: &str) -> Result<(), StoreError> {
        let deleted = self.change("role/delete", &json!({ "role": name })).await;
        unless(deleted, refusal::NO_ROLE)
    }

    /// Gives a role a right, in place of what it has on the same range.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn grant(&self, role: &str, right: &Right) -> Result<(), StoreError> {
        self.change("role/grant", &json!({ "name": role, "perm": right.json() })).await
    }

    /// Takes what a role has on a range.
    ///
    /// # Errors
    /// When no member answers, or one refuses.
    pub async fn revoke(&self, role: &str, keys: &Keys) -> Result<(), StoreError> {
        let [key, range_end] = keys.json();
        self.change("role/revoke", &json!({ "role": role, "key": key, "range_end": range_end })).await
    }

    /// Whether a user has this password. None while that cannot be asked because authentication is off.
    ///
    /// # Errors
    /// When no member answers, or one refuses for another reason.
    pub async fn has_password(&self, name: &str, password: &str) -> Result<Option<bool>, StoreError> {
        match self.first::<Done>("authenticate", &json!({ "name": name, "password": password }), None).await {
            Ok(Done {}) => Ok(Some(true)),
            Err(error) if error.is_refusal_with(refusal::WRONG_PASSWORD) => Ok(Some(false)),
            Err(error) if error.is_refusal_with(refusal::NOT_ENABLED) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn change(&self, call: &str, body: &Value) -> Result<(), StoreError> {
        self.post::<Done>(call, body).await.map(drop)
    }

    async fn post<Answer: DeserializeOwned>(
        &self,
        call: &str,
        body: &impl Serialize,
    ) -> Result<Answer, StoreError> {
        let answer = self.first(call, body, None).await;
        match (&answer, &self.root) {
            (Err(error), Some(root))
                if refusal::NOT_ALLOWED.iter().any(|text| error.is_refusal_with(text)) =>
            {
                self.first(call, body, Some(root)).await
            }
            _ => answer,
        }
    }

    /// Asks one member after the other until one answers. Asking twice does no harm: every call either sets something to a
    /// value or is refused when it was done before, and what came of it is looked at in the next round.
    async fn first<Answer: DeserializeOwned>(
        &self,
        call: &str,
        body: &impl Serialize,
        credentials: Option<&Credentials>,
    ) -> Result<Answer, StoreError> {
        let path = format!("/holdfast/v1/auth/{call}");
        let mut last = StoreError::Unreachable {
            member: "the cluster".to_owned(),
            cause: "none of its members runs".to_owned(),
        };
        for member in &self.members {
            let asked = match credentials {
                Some(credentials) => member.with_credentials(credentials.clone()).post(&path, body).await,
                None => member.post(&path, body).await,
            };
            match asked {
                Ok(answer) => return Ok(answer),
                Err(error @ StoreError::Refused { status: 503, .. }) => last = error,
                Err(error @ (StoreError::Refused { .. } | StoreError::Unreadable { .. })) => {
                    return Err(error);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Takes a refusal with these words for success: what was asked for was so before.
fn unless(outcome: Result<(), StoreError>, words: &str) -> Result<(), StoreError> {
    match outcome {
        Err(error) if error.is_refusal_with(words) => Ok(()),
        outcome => outcome,
    }
}
