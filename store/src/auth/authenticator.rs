//! Finds out who a client is: tokens against the replicated state of a moment, passwords on their own threads. What it
//! finds is a `Caller`, which the core judges. Must not decide what anybody may do.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use holdfast_core::auth::{AuthChange, AuthState, Caller, Secret, TokenId, TokenRenewal, User};
use holdfast_core::ids::AuthRevision;
use holdfast_core::limits::TOKENS_RENEWED_MAX;
use parking_lot::Mutex;
use ring::rand::{SecureRandom, SystemRandom};

use super::failed_logins::FailedLogins;
use super::password_threads::PasswordThreads;
use super::refusals::RefusalCounts;
use super::simple_token::SimpleToken;
use super::tokens::{Token, Tokens};
use super::verified_logins::VerifiedLogins;
use super::{
    AuditLog, AuthSettings, AuthStartError, Claim, LoginError, Password, Peer, RefusalReason, Shown,
};

/// By what part of its time a token lasts longer than promised.
const TOKEN_TTL_SLACK_DIVISOR: u64 = 10;

/// Length of the key that simple tokens are signed with.
const TOKEN_KEY_LEN: usize = 32;

/// One for each member.
pub struct Authenticator {
    settings: AuthSettings,
    tokens: Tokens,
    audit_log: Option<AuditLog>,
    random: SystemRandom,
    passwords: PasswordThreads,
    failed_logins: FailedLogins,
    refusals: RefusalCounts,
    verified_logins: VerifiedLogins,
    /// Tokens whose time is to be extended, and until when.
    renewals: Mutex<BTreeMap<TokenId, u64>>,
}

impl Authenticator {
    /// Reads the keys of tokens, opens the audit log and starts the threads for passwords.
    ///
    /// # Errors
    /// When the keys or the audit log cannot be used.
    pub fn start(settings: AuthSettings) -> Result<Authenticator, AuthStartError> {
        let open = |path: &PathBuf| {
            AuditLog::open(path).map_err(|source| AuthStartError::AuditLog { path: path.clone(), source })
        };
        Ok(Authenticator {
            audit_log: settings.audit_log.as_ref().map(open).transpose()?,
            tokens: Tokens::load(&settings.tokens)?,
            passwords: PasswordThreads::start(settings.bcrypt_cost),
            settings,
            random: SystemRandom::new(),
            failed_logins: FailedLogins::default(),
            refusals: RefusalCounts::default(),
            verified_logins: VerifiedLogins::new(),
            renewals: Mutex::default(),
        })
    }

    /// Where is written who did what.
    pub fn audit_log(&self) -> Option<&AuditLog> {
        self.audit_log.as_ref()
    }

    /// How many credentials were refused since the start, by reason.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.refusals.all()
    }

    /// Counts credentials that were refused.
    pub fn count_refusal(&self, reason: RefusalReason) {
        self.refusals.add(reason);
    }

    /// Takes up keys of tokens that were changed.
    pub fn reload_keys(&self) {
        self.tokens.reload();
    }

    /// Who asks, by the users of `auth`. A password must have been checked before.
    ///
    /// # Errors
    /// When a token or a login is void.
    pub fn caller(&self, claim: &Claim, auth: &AuthState) -> Result<Caller, LoginError> {
        if !auth.is_enabled() {
            return Ok(Caller::Nobody);
        }
        match &claim.shown {
            Shown::Token(token) => self.bearer(token, auth),
            Shown::CheckedLogin { user, credentials_since } => {
                same_credentials(user, *credentials_since, auth)
            }
            Shown::Login { .. } => Err(LoginError::InvalidToken),
            Shown::Nothing => {
                let name = claim.peer.certificate.as_ref();
                Ok(name.map_or(Caller::Nobody, |name| Caller::User {
                    name: name.as_str().to_owned(),
                    auth_revision: auth.revision(),
                }))
            }
        }
    }

    fn bearer(&self, token: &str, auth: &AuthState) -> Result<Caller, LoginError> {
        let now = unix_seconds();
        match self.tokens.verify(token, auth, now)? {
            Token::Simple(token) => {
                self.use_simple(&token, auth, now)?;
                same_credentials(&token.user, token.credentials_since, auth)
            }
            Token::Jwt { user: name, revision } => match auth.user(&name) {
                Some(user) if user.credentials_since <= revision => {
                    Ok(Caller::User { name, auth_revision: revision })
                }
                _ => Err(LoginError::InvalidToken),
            },
        }
    }

    /// A token is good until its end, or the one that its use has earned it since.
    fn use_simple(&self, token: &SimpleToken, auth: &AuthState, now: u64) -> Result<(), LoginError> {
        let until = token.expires_unix_seconds.max(auth.renewed_until(&token.id).unwrap_or(0));
        if until < now {
            return Err(LoginError::InvalidToken);
        }
        if until - now < self.settings.token_ttl.as_secs() {
            let mut renewals = self.renewals.lock();
            if renewals.len() < TOKENS_RENEWED_MAX {
                renewals.insert(token.id, self.token_end(now));
            }
        }
        Ok(())
    }

    /// When a token ends that is used now. A little later than promised, so that one in constant use is renewed now and
    /// then only, not with every request.
    fn token_end(&self, now_unix_seconds: u64) -> u64 {
        let ttl_seconds = self.settings.token_ttl.as_secs();
        now_unix_seconds
            .saturating_add(ttl_seconds)
            .saturating_add(ttl_seconds.div_ceil(TOKEN_TTL_SLACK_DIVISOR))
    }

    /// The change that extends the tokens which were used of late, if any is due.
    pub fn take_renewals(&self) -> Option<AuthChange> {
        let renewals = std::mem::take(&mut *self.renewals.lock());
        let renewal = |(id, until_unix_seconds)| TokenRenewal { id, until_unix_seconds };
        (!renewals.is_empty()).then(|| AuthChange::RenewTokens {
            now_unix_seconds: unix_seconds(),
            renewals: renewals.into_iter().map(renewal).collect(),
        })
    }

    /// Checks a user's password; failures of one user from one address are counted and soon cost time.
    ///
    /// # Errors
    /// One and the same whatever is wrong with it.
    pub async fn check_password(
        &self,
        user: Option<User>,
        name: &str,
        password: &Password,
        peer: &Peer,
    ) -> Result<(), LoginError> {
        if !self.failed_logins.admits(name, peer.address, Instant::now()) {
            self.refusals.add(RefusalReason::Limited);
            return Err(LoginError::TooMany);
        }
        let hash = user.and_then(|user| user.password_hash);
        let checked = self.passwords.verify(password.clone(), hash).await;
        match checked {
            Ok(()) => self.failed_logins.succeeded(name, peer.address),
            Err(LoginError::Failed) => {
                tracing::info!(user = name, address = ?peer.address, "a login failed");
                self.refusals.add(RefusalReason::Password);
                self.failed_logins.failed(name, peer.address, Instant::now());
            }
            Err(_) => self.refusals.add(RefusalReason::Busy),
        }
        checked
    }

    /// Checks the Basic credentials of a request, so that `caller` can go by their user. Anything else stays as it is.
    ///
    /// # Errors
    /// When they are wrong.
    pub async fn check_login(&self, claim: &mut Claim, auth: &AuthState) -> Result<(), LoginError> {
        let Shown::Login { user: name, password } = &claim.shown else { return Ok(()) };
        let user = auth.user(name).cloned();
        let credentials_since = user.as_ref().map(|user| user.credentials_since).unwrap_or_default();
        self.check_password(user, name, password, &claim.peer).await?;
        self.verified_logins.remember(name, password, credentials_since, Instant::now());
        claim.shown = Shown::CheckedLogin { user: name.clone(), credentials_since };
        Ok(())
    }

    /// Whether there is nothing to check about a claim: it has no password, or one that was right a moment ago.
    pub fn knows_login(&self, claim: &mut Claim, auth: &AuthState) -> bool {
        let Shown::Login { user: name, password } = &claim.shown else { return true };
        let Some(user) = auth.user(name) else { return false };
        let credentials_since = user.credentials_since;
        let is_known = self.verified_logins.knows(name, password, credentials_since, Instant::now());
        if is_known {
            claim.shown = Shown::CheckedLogin { user: name.clone(), credentials_since };
        }
        is_known
    }

    /// A token for a user whose password was checked.
    ///
    /// # Errors
    /// When this member makes none.
    pub fn issue(&self, name: &str, user: &User, auth: &AuthState) -> Result<String, LoginError> {
        let mut id = TokenId::default();
        self.fill(&mut id.0);
        let now = unix_seconds();
        self.tokens.issue((name, user.credentials_since), auth, now, (id, self.token_end(now)))
    }

    /// The hash of a new password.
    ///
    /// # Errors
    /// When it is too long or too many wait.
    pub async fn hash(&self, password: Password) -> Result<Secret, LoginError> {
        self.passwords.hash(password).await
    }

    /// A new key for simple tokens.
    pub fn new_token_key(&self) -> Secret {
        let mut key = vec![0; TOKEN_KEY_LEN];
        self.fill(&mut key);
        Secret::new(key.into())
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.fill(bytes).expect("the system gives random bytes");
    }
}

/// The user, if it still is the one with these credentials.
fn same_credentials(name: &str, since: AuthRevision, auth: &AuthState) -> Result<Caller, LoginError> {
    match auth.user(name) {
        Some(user) if user.credentials_since == since => {
            Ok(Caller::User { name: name.to_owned(), auth_revision: auth.revision() })
        }
        _ => Err(LoginError::InvalidToken),
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
