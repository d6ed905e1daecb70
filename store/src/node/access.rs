//! The node's door: who asks, and whether it may. Reads are checked against the very view that they are made from;
//! changes are only given their caller here, and checked where they are applied.

use std::sync::Arc;

use holdfast_core::auth::{AccessError, Caller, Guard};
use holdfast_core::read::ReadView;

use super::{Node, NodeError};
use crate::auth::{Authenticator, Claim, LoginError, RefusalReason};
use crate::watch::{Asker, WatchRequests, WatchStream};

impl Node {
    /// Passwords, tokens.
    pub fn authenticator(&self) -> &Authenticator {
        &self.authenticator
    }

    /// Whether callers have to say who they are, as far as this member knows.
    pub fn is_guarded(&self) -> bool {
        self.view().auth().is_enabled()
    }

    /// Opens a watch stream for a client.
    pub fn open_watch(&self, claim: Claim) -> (WatchRequests, WatchStream) {
        self.hub.open(self.asker(claim))
    }

    /// A client that wants to watch.
    pub fn asker(&self, claim: Claim) -> Asker {
        Asker::new(Arc::clone(&self.authenticator), claim)
    }

    /// Who asks. A token that this member does not know may be of a user that it has not heard of yet, so that it asks
    /// the leader before it refuses.
    ///
    /// # Errors
    /// When what is shown is worth nothing.
    pub async fn caller(&self, claim: &Claim) -> Result<Caller, NodeError> {
        match self.authenticator.caller(claim, self.view().auth()) {
            Err(LoginError::InvalidToken) => {
                let view = self.read(true).await?;
                Ok(self.counted(self.authenticator.caller(claim, view.auth()))?)
            }
            found => Ok(found?),
        }
    }

    /// Checks the Basic credentials of a request, if it has any that matter.
    ///
    /// # Errors
    /// When they are wrong.
    pub async fn check_credentials(&self, claim: &mut Claim) -> Result<(), NodeError> {
        let view = self.view();
        if !view.auth().is_enabled() || self.authenticator.knows_login(claim, view.auth()) {
            return Ok(());
        }
        let view = self.read(true).await?;
        Ok(self.authenticator.check_login(claim, view.auth()).await?)
    }

    /// A view to read from, when `check` allows it to the caller.
    ///
    /// # Errors
    /// When there is no view, or the caller may not.
    pub async fn read_as(
        &self,
        claim: &Claim,
        is_linearizable: bool,
        check: impl FnOnce(&Guard<'_>) -> Result<(), AccessError>,
    ) -> Result<Arc<ReadView>, NodeError> {
        let mut view = self.read(is_linearizable).await?;
        if view.auth().is_enabled() {
            let mut caller = self.authenticator.caller(claim, view.auth());
            if caller == Err(LoginError::InvalidToken) && !is_linearizable {
                view = self.read(true).await?;
                caller = self.authenticator.caller(claim, view.auth());
            }
            check(&view.guard(&self.counted(caller)?))?;
        }
        Ok(view)
    }

    /// Counts a token that is found to be void in the end.
    fn counted(&self, caller: Result<Caller, LoginError>) -> Result<Caller, LoginError> {
        if caller == Err(LoginError::InvalidToken) {
            self.authenticator.count_refusal(RefusalReason::Token);
        }
        caller
    }

    /// Checks a caller against the newest view of this member.
    ///
    /// # Errors
    /// When it may not.
    pub async fn check_access(
        &self,
        claim: &Claim,
        check: impl FnOnce(&Guard<'_>) -> Result<(), AccessError>,
    ) -> Result<(), NodeError> {
        self.read_as(claim, false, check).await.map(|_| ())
    }

    /// Checks that the caller is a user.
    ///
    /// # Errors
    /// When it is not.
    pub async fn check_login(&self, claim: &Claim) -> Result<(), NodeError> {
        self.check_access(claim, |guard| Ok(guard.login()?)).await
    }

    /// Checks that the caller has the role `root`.
    ///
    /// # Errors
    /// When it has not.
    pub async fn check_root(&self, claim: &Claim) -> Result<(), NodeError> {
        self.check_access(claim, |guard| Ok(guard.root()?)).await
    }
}
