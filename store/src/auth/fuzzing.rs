//! The readers of what clients show, for the crate's `fuzzing`: headers, simple tokens and JSON web tokens, these also
//! behind a signature that is right.

use std::sync::LazyLock;

use holdfast_core::apply::Machine;
use holdfast_core::auth::{AuthChange, AuthState, Secret};
use holdfast_core::command::{Command, Operation};
use holdfast_core::ids::{LogIndex, LogPosition, Term};
use holdfast_core::memory_rows::MemoryRows;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::jwt::JwtTokens;
use super::simple_token::SimpleToken;
use super::{Claim, Peer, Shown};

/// Long after every token that a fuzzer will think of begins, and long before it ends.
const NOW_UNIX_SECONDS: u64 = 2_000_000_000;

/// Users in force, with a key for simple tokens.
static AUTH: LazyLock<AuthState> = LazyLock::new(|| {
    let root = || "root".to_owned();
    let changes = [
        AuthChange::RoleAdd { name: root() },
        AuthChange::UserAdd { name: root(), password_hash: None },
        AuthChange::UserGrantRole { user: root(), role: root() },
        AuthChange::Enable { token_key: Secret::new(vec![7; 32].into()) },
    ];
    let mut rows = MemoryRows::default();
    let mut machine = Machine::load(&rows).expect("an empty store");
    for (index, change) in (1..).zip(changes) {
        let position = LogPosition { term: Term(1), index: LogIndex(index) };
        let mut batch = machine.begin(&rows);
        let command = Command::from(Operation::Auth(change));
        batch.apply(position, &command).expect("a store in memory does not fail");
        let effects = batch.finish().expect("a store in memory does not fail");
        rows.apply(&effects.rows);
    }
    let auth = AuthState::load(&rows).expect("a store in memory does not fail");
    assert!(auth.is_enabled(), "users are in force");
    auth
});

static JWT: LazyLock<JwtTokens> = LazyLock::new(JwtTokens::for_fuzzing);

/// The first byte says what the rest is.
pub(crate) fn read(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => header(AUTHORIZATION, rest),
        1 => header(HeaderName::from_static("token"), rest),
        2 => {
            if let Some(token) = SimpleToken::read(rest) {
                let found = SimpleToken::verify(&token.sign(&AUTH), &AUTH);
                assert_eq!(found.as_ref(), Some(&token), "what was signed is what is read");
            }
        }
        _ => drop(JWT.verify(&JWT.signed(rest), NOW_UNIX_SECONDS)),
    }
}

fn header(name: HeaderName, value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else { return };
    let headers: HeaderMap = [(name, value)].into_iter().collect();
    for claim in [Claim::of_grpc(&headers, &Peer::default()), Claim::of_http(&headers, &Peer::default())] {
        if let Shown::Token(token) = claim.shown {
            assert_eq!(SimpleToken::verify(&token, &AUTH), None, "nobody guesses a signature");
            assert!(JWT.verify(&token, NOW_UNIX_SECONDS).is_err(), "nobody guesses a signature");
        }
    }
}
