//! Making, reading and refusing certificates.

use std::collections::BTreeSet;
use std::time::Duration;

use holdfast_plan::trust::Leaf;

use super::making::{LeafContents, LeafUse, Pair, make_authority, make_leaf};
use super::reading;
use super::time::UnixSeconds;
use crate::crd::KeyAlgorithm;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ALGORITHMS: [KeyAlgorithm; 3] =
    [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384, KeyAlgorithm::Ed25519];

fn now() -> UnixSeconds {
    UnixSeconds(1_800_000_000)
}

fn authority(algorithm: KeyAlgorithm) -> Pair {
    make_authority("test authority", 100 * DAY, algorithm, now()).unwrap()
}

fn issued(authority: &Pair, names: &[&str], algorithm: KeyAlgorithm) -> Pair {
    let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let contents = LeafContents {
        common_name: "holdfast-server",
        names: &names,
        purpose: LeafUse::Member,
        lifetime: 10 * DAY,
        algorithm,
    };
    make_leaf(authority, &contents, now()).unwrap()
}

fn read(pair: &Pair, authorities: &[&Pair]) -> Result<Leaf, String> {
    let bundle = bundle(authorities);
    let certificates = reading::certificates(&bundle).unwrap();
    reading::leaf(&pair.certificate, &pair.key, &bundle, &certificates, now())
}

fn bundle(authorities: &[&Pair]) -> String {
    let texts: Vec<&str> = authorities.iter().map(|pair| pair.certificate.as_str()).collect();
    reading::bundle(&texts).unwrap()
}

#[test]
fn what_was_made_is_read_back() {
    for algorithm in ALGORITHMS {
        let (first, second) = (authority(algorithm), authority(algorithm));
        let names = ["*.hf-peers.ns.svc", "::1", "127.0.0.1", "localhost"];
        let leaf = read(&issued(&second, &names, algorithm), &[&first, &second]).unwrap();
        assert_eq!(leaf.common_name, "holdfast-server");
        assert_eq!(
            leaf.names.iter().map(String::as_str).collect::<Vec<_>>(),
            ["*.hf-peers.ns.svc", "127.0.0.1", "::1", "localhost"]
        );
        assert_eq!(leaf.seconds_left, 10 * DAY.as_secs());
        // Both have the same subject, made in the same second: the signature tells them apart.
        let signer = reading::fingerprints(&second.certificate).unwrap();
        assert_eq!(leaf.signed_by.as_ref(), signer.first());
        assert_eq!(leaf.trusts.len(), 2);
    }
}

#[test]
fn a_stranger_is_nobodys_signer() {
    let (own, other) = (authority(KeyAlgorithm::EcdsaP256), authority(KeyAlgorithm::EcdsaP256));
    let leaf = read(&issued(&own, &["localhost"], KeyAlgorithm::EcdsaP256), &[&other]).unwrap();
    assert_eq!(leaf.signed_by, None);
}

#[test]
fn what_cannot_be_used_is_told() {
    let own = authority(KeyAlgorithm::EcdsaP256);
    let (first, second) = (
        issued(&own, &["localhost"], KeyAlgorithm::EcdsaP256),
        issued(&own, &["localhost"], KeyAlgorithm::Ed25519),
    );
    let mixed = Pair { certificate: first.certificate.clone(), key: second.key.clone() };
    assert_eq!(read(&mixed, &[&own]).unwrap_err(), "tls.key does not belong to tls.crt");
    let damaged = Pair { certificate: first.certificate.replace('M', "N"), key: first.key.clone() };
    assert!(read(&damaged, &[&own]).unwrap_err().starts_with("tls.crt: "));
    let empty = Pair { certificate: String::new(), key: first.key.clone() };
    assert_eq!(read(&empty, &[&own]).unwrap_err(), "tls.crt: it holds no certificate");
    let keyless = Pair { certificate: first.certificate.clone(), key: String::new().into() };
    assert!(read(&keyless, &[&own]).unwrap_err().starts_with("tls.key: "));
}

#[test]
fn a_bundle_names_everybody_once() {
    let (first, second) = (authority(KeyAlgorithm::EcdsaP256), authority(KeyAlgorithm::Ed25519));
    let text = bundle(&[&first, &second, &first]);
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
    assert_eq!(reading::fingerprints(&text).unwrap().len(), 2);
}

#[test]
fn an_end_that_has_passed_leaves_nothing() {
    let own = authority(KeyAlgorithm::EcdsaP256);
    let later = UnixSeconds(now().0 + 101 * DAY.as_secs());
    let anchor = reading::anchor(&own.certificate, Some(&own.key), later).unwrap();
    assert_eq!(anchor.seconds_left, 0);
    assert!(anchor.has_key);
}
