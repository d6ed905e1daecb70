//! Remembers for a moment which Basic credentials were right, so that a client of curl does not pay for bcrypt with every
//! request. Holds a keyed hash in place of a password, and the credentials that it was checked against: with another
//! password of the user it counts no more.

use std::collections::BTreeMap;
use std::time::Instant;

use holdfast_core::ids::AuthRevision;
use parking_lot::Mutex;
use ring::hmac;

use super::Password;
use crate::limits::{VERIFIED_LOGIN_ENTRIES_MAX, VERIFIED_LOGIN_TIME};

type Fingerprint = [u8; 32];

/// Credentials that were right a moment ago.
pub(super) struct VerifiedLogins {
    /// Drawn at the start and never written down.
    key: hmac::Key,
    until: Mutex<BTreeMap<(Fingerprint, AuthRevision), Instant>>,
}

impl VerifiedLogins {
    /// Remembers nothing yet.
    pub fn new() -> VerifiedLogins {
        let random = ring::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).expect("the system gives random bytes");
        VerifiedLogins { key, until: Mutex::default() }
    }

    /// Whether these were right for these credentials.
    pub fn knows(&self, user: &str, password: &Password, since: AuthRevision, now: Instant) -> bool {
        let key = (self.fingerprint(user, password), since);
        self.until.lock().get(&key).is_some_and(|until| *until > now)
    }

    /// Remembers that they are.
    pub fn remember(&self, user: &str, password: &Password, since: AuthRevision, now: Instant) {
        let key = (self.fingerprint(user, password), since);
        let mut until = self.until.lock();
        if until.len() >= VERIFIED_LOGIN_ENTRIES_MAX {
            until.retain(|_, until| *until > now);
        }
        if until.len() < VERIFIED_LOGIN_ENTRIES_MAX {
            until.insert(key, now + VERIFIED_LOGIN_TIME);
        }
    }

    fn fingerprint(&self, user: &str, password: &Password) -> Fingerprint {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&user.len().to_le_bytes());
        context.update(user.as_bytes());
        context.update(password.as_bytes());
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(context.sign().as_ref());
        fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bound_to_user_password_credentials_and_time() {
        let logins = VerifiedLogins::new();
        let now = Instant::now();
        let password = |text: &str| Password::new(text.to_owned());
        let since = AuthRevision(3);
        logins.remember("u", &password("p"), since, now);
        assert!(logins.knows("u", &password("p"), since, now));
        assert!(!logins.knows("u", &password("q"), since, now));
        assert!(!logins.knows("up", &password(""), since, now));
        assert!(!logins.knows("u", &password("p"), AuthRevision(4), now));
        assert!(!logins.knows("u", &password("p"), since, now + VERIFIED_LOGIN_TIME));
    }
}
