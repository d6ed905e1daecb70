//! Users, roles and logins as the API calls them: passwords are hashed before a change is proposed, so that no log holds
//! one.

use std::sync::Arc;

use holdfast_core::auth::{AuthChange, Secret};
use holdfast_core::command::Operation;
use holdfast_core::read::ReadView;

use super::{Header, Node, NodeError};
use crate::auth::{Claim, LoginError, Password, Peer};

impl Node {
    /// Proposes a change of users or roles.
    ///
    /// # Errors
    /// When the caller may not, or the change is refused.
    pub async fn change_auth(&self, claim: &Claim, change: AuthChange) -> Result<Header, NodeError> {
        Ok(self.propose_as(claim, Operation::Auth(change)).await?.0)
    }

    /// Checks, before anything costly is done for it, that the caller has the role `root` now.
    ///
    /// # Errors
    /// When it has not.
    pub async fn check_administrator(&self, claim: &Claim) -> Result<(), NodeError> {
        self.read_as(claim, true, |guard| Ok(guard.root()?)).await.map(|_| ())
    }

    /// Demands credentials from now on.
    ///
    /// # Errors
    /// When there is no user that could administer.
    pub async fn enable_auth(&self, claim: &Claim) -> Result<Header, NodeError> {
        let token_key = self.authenticator.new_token_key();
        self.change_auth(claim, AuthChange::Enable { token_key }).await
    }

    /// Makes a user; without a password it can only log in by certificate.
    ///
    /// # Errors
    /// When the caller may not, or the change is refused.
    pub async fn add_user(
        &self,
        claim: &Claim,
        name: String,
        password: Option<Password>,
    ) -> Result<Header, NodeError> {
        self.check_administrator(claim).await?;
        let password_hash = match password {
            Some(password) => Some(self.authenticator.hash(password).await?),
            None => None,
        };
        self.change_auth(claim, AuthChange::UserAdd { name, password_hash }).await
    }

    /// Gives a user another password; an empty one is a password that nothing matches (etcd's way).
    ///
    /// # Errors
    /// When the caller may not, or the change is refused.
    pub async fn change_password(
        &self,
        claim: &Claim,
        name: String,
        password: Option<Password>,
    ) -> Result<Header, NodeError> {
        self.check_administrator(claim).await?;
        let password_hash = match password {
            Some(password) => self.authenticator.hash(password).await?,
            None => Secret::default(),
        };
        self.change_auth(claim, AuthChange::UserChangePassword { name, password_hash }).await
    }

    /// Trades a name and a password for a token.
    ///
    /// # Errors
    /// One and the same whatever is wrong with them.
    pub async fn log_in(
        &self,
        name: &str,
        password: &Password,
        peer: &Peer,
    ) -> Result<(Header, String), NodeError> {
        let view = self.enabled_view().await?;
        let user = view.auth().user(name).cloned();
        self.authenticator.check_password(user.clone(), name, password, peer).await?;
        // It took its time: what was checked may be void by now.
        let view = self.enabled_view().await?;
        let now = view.auth().user(name).ok_or(LoginError::Failed)?;
        if user.is_none_or(|before| before.credentials_since != now.credentials_since) {
            return Err(LoginError::Failed.into());
        }
        let token = self.authenticator.issue(name, now, view.auth())?;
        Ok((self.header_at(view.head().revision), token))
    }

    async fn enabled_view(&self) -> Result<Arc<ReadView>, NodeError> {
        let view = self.read(true).await?;
        if view.auth().is_enabled() { Ok(view) } else { Err(LoginError::NotEnabled.into()) }
    }
}
