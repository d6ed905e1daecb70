//! Tests of JSON web tokens, with keys made by openssl for these tests alone.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const NOW: u64 = 4_000_000_000;

/// A pair of keys in files, made by `openssl genpkey` with these arguments.
fn pair(folder: &TempDir, name: &str, arguments: &[&str]) -> (PathBuf, PathBuf) {
    let private = folder.path().join(format!("{name}.key"));
    let public = folder.path().join(format!("{name}.pub"));
    let openssl = |arguments: &[&str]| {
        let status = Command::new("openssl").args(arguments).output().expect("openssl is installed").status;
        assert!(status.success(), "openssl {arguments:?}");
    };
    let (private_text, public_text) = (private.to_str().unwrap(), public.to_str().unwrap());
    openssl(&[&["genpkey"], arguments, &["-out", private_text]].concat());
    openssl(&["pkey", "-in", private_text, "-pubout", "-out", public_text]);
    (public, private)
}

fn settings(algorithm: Algorithm, public: Option<PathBuf>, private: Option<PathBuf>) -> JwtSettings {
    JwtSettings { algorithm, public_key: public, private_key: private, ttl: Duration::from_secs(60) }
}

#[test]
fn tokens_of_every_algorithm_are_made_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let rsa = pair(&folder, "rsa", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
    let p256 = pair(&folder, "p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let p384 = pair(&folder, "p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]);
    let ed = pair(&folder, "ed", &["-algorithm", "ED25519"]);
    let names = [
        ("RS256", &rsa),
        ("RS384", &rsa),
        ("RS512", &rsa),
        ("PS256", &rsa),
        ("PS384", &rsa),
        ("PS512", &rsa),
        ("ES256", &p256),
        ("ES384", &p384),
        ("EdDSA", &ed),
    ];
    for (name, (public, private)) in names {
        let of = algorithm(name).unwrap();
        let both = JwtTokens::load(settings(of, Some(public.clone()), Some(private.clone()))).unwrap();
        let token = both.issue("u", AuthRevision(7), NOW).unwrap();
        let alone = JwtTokens::load(settings(of, None, Some(private.clone()))).unwrap();
        let checking = JwtTokens::load(settings(of, Some(public.clone()), None)).unwrap();
        for tokens in [&both, &alone, &checking] {
            let found = tokens.verify(&token, NOW + 59);
            assert_eq!(found, Ok(("u".to_owned(), AuthRevision(7))), "{name}");
            assert_eq!(tokens.verify(&token, NOW + 60), Err(LoginError::InvalidToken), "{name}");
        }
        assert_eq!(checking.issue("u", AuthRevision(7), NOW), Err(LoginError::VerifyOnly), "{name}");
    }
    assert_eq!(algorithm("none"), None);
}

#[test]
fn a_token_of_another_key_or_algorithm_is_void() {
    let folder = tempfile::tempdir().unwrap();
    let (public, private) = pair(&folder, "one", &["-algorithm", "ED25519"]);
    let (_, other) = pair(&folder, "two", &["-algorithm", "ED25519"]);
    let checking = JwtTokens::load(settings(Algorithm::EdDSA, Some(public.clone()), None)).unwrap();
    let foreign = JwtTokens::load(settings(Algorithm::EdDSA, None, Some(other.clone()))).unwrap();
    let token = foreign.issue("u", AuthRevision(7), NOW).unwrap();
    assert_eq!(checking.verify(&token, NOW), Err(LoginError::InvalidToken));
    // The well-known trick: the public key as the secret of a symmetric algorithm.
    let trick = JwtTokens::load(settings(Algorithm::HS256, None, Some(public.clone()))).unwrap();
    let token = trick.issue("root", AuthRevision(7), NOW).unwrap();
    assert_eq!(checking.verify(&token, NOW), Err(LoginError::InvalidToken));
    let unsigned = "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6InJvb3QiLCJyZXZpc2lvbiI6N30.";
    assert_eq!(checking.verify(unsigned, NOW), Err(LoginError::InvalidToken));
    let mismatch = JwtTokens::load(settings(Algorithm::EdDSA, Some(public), Some(other)));
    assert!(matches!(mismatch, Err(JwtKeyError::Mismatch)));
    let wrong_kind = JwtTokens::load(settings(Algorithm::RS256, None, Some(private)));
    assert!(matches!(wrong_kind, Err(JwtKeyError::Unusable { .. })));
    let nothing = JwtTokens::load(settings(Algorithm::RS256, None, None));
    assert!(matches!(nothing, Err(JwtKeyError::Missing(_))));
}

#[test]
fn keys_that_change_are_taken_up_and_broken_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (_, key) = pair(&folder, "one", &["-algorithm", "ED25519"]);
    let (_, next) = pair(&folder, "two", &["-algorithm", "ED25519"]);
    let tokens = JwtTokens::load(settings(Algorithm::EdDSA, None, Some(key.clone()))).unwrap();
    let old = tokens.issue("u", AuthRevision(7), NOW).unwrap();
    tokens.verify(&old, NOW).unwrap();
    std::fs::write(&key, "no key").unwrap();
    tokens.reload();
    tokens.verify(&old, NOW).unwrap();
    std::fs::copy(&next, &key).unwrap();
    tokens.reload();
    assert_eq!(tokens.verify(&old, NOW), Err(LoginError::InvalidToken));
    let new = tokens.issue("u", AuthRevision(7), NOW).unwrap();
    tokens.verify(&new, NOW).unwrap();
}
