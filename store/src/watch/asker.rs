//! On whose behalf is watched. Asked when a watcher is made and again whenever users or roles change, so that a watcher
//! lives as long as its client could make it anew. A token's end does not end it: what counts is that the user is there,
//! has the same password as then, and may read.

use std::sync::Arc;

use holdfast_core::auth::{AuthState, Caller, PermissionError};
use holdfast_core::ids::AuthRevision;
use holdfast_core::watch::WatchRefusal;

use crate::auth::{Authenticator, Claim, LoginError, RefusalReason};

/// A client of the hub.
#[derive(Default)]
pub struct Asker {
    /// None where nobody is asked, as in tests.
    claim: Option<(Arc<Authenticator>, Claim)>,
    /// The user that the claim turned out to be, with its credentials of then.
    user: Option<(String, AuthRevision)>,
}

impl Asker {
    /// Somebody who claims to be this.
    pub fn new(authenticator: Arc<Authenticator>, claim: Claim) -> Asker {
        Asker { claim: Some((authenticator, claim)), user: None }
    }

    /// Who it is by now.
    pub(super) fn caller(&mut self, auth: &AuthState) -> Result<Caller, WatchRefusal> {
        if !auth.is_enabled() {
            return Ok(Caller::Nobody);
        }
        let Some((name, since)) = &self.user else { return self.identify(auth) };
        match auth.user(name) {
            Some(user) if user.credentials_since == *since => {
                Ok(Caller::User { name: name.clone(), auth_revision: auth.revision() })
            }
            _ => Err(WatchRefusal::InvalidToken),
        }
    }

    /// Looks at the claim itself, as for a new watcher.
    pub(super) fn identify(&mut self, auth: &AuthState) -> Result<Caller, WatchRefusal> {
        let Some((authenticator, claim)) = &self.claim else { return Ok(Caller::Nobody) };
        let caller = authenticator.caller(claim, auth).map_err(|error| match error {
            LoginError::NotEnabled => WatchRefusal::Nobody,
            LoginError::Failed
            | LoginError::InvalidToken
            | LoginError::VerifyOnly
            | LoginError::PasswordTooLong
            | LoginError::TooMany => {
                authenticator.count_refusal(RefusalReason::Token);
                WatchRefusal::InvalidToken
            }
        })?;
        let user = caller.name().and_then(|name| Some((name, auth.user(name)?.credentials_since)));
        self.user = user.map(|(name, since)| (name.to_owned(), since));
        Ok(caller)
    }
}

/// Why a watcher is not made, or ends.
pub(super) fn refusal(error: PermissionError) -> WatchRefusal {
    match error {
        PermissionError::Nobody => WatchRefusal::Nobody,
        PermissionError::OldRevision => WatchRefusal::OldAuthRevision,
        PermissionError::Denied | PermissionError::UserNotFound => WatchRefusal::Denied,
    }
}
