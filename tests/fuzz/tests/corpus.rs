//! A short run of every target with a stable compiler: its corpus as it is, and as many inputs again that a dice makes
//! out of it. A run is the same each time; `HOLDFAST_FUZZ_SEED` and `HOLDFAST_FUZZ_INPUTS` make it another or longer.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]
#![allow(clippy::print_stderr, reason = "an input that is too much must be named")]

use std::path::{Path, PathBuf};

use fastrand::Rng;
use holdfast_fuzz_bodies::{TARGETS, Target};

/// Inputs for each target; a second or two each.
const INPUTS: u64 = 3_000;

/// Longest input: much longer ones find little more.
const BYTES_MAX: usize = 4096;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

fn corpus(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target.name);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Inputs that had better not lie in a repository, since they look like what must not: a private key, which everybody
/// knows, and a chain with it.
fn made(target: &Target, corpus: &[(PathBuf, Vec<u8>)]) -> Vec<(PathBuf, Vec<u8>)> {
    if target.name != "tls_file" {
        return Vec::new();
    }
    // An Ed25519 key as PKCS#8 (RFC 8410) has it: what it is, and the key, 32 bytes.
    let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let der: Vec<u8> = head.into_iter().chain(1..=32).collect();
    let key = pem::encode(&pem::Pem::new("PRIVATE KEY", der.clone())).into_bytes();
    let texts = corpus.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "pem"));
    let chain = texts.flat_map(|(_, text)| text.clone()).chain(key.clone()).collect();
    [der, key, chain].map(|bytes| (PathBuf::from("made here"), bytes)).to_vec()
}

/// One input made of others.
fn mutated(random: &mut Rng, inputs: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = random.choice(inputs).unwrap().1.clone();
    for _ in 0..=random.usize(0..6) {
        let at = random.usize(0..=bytes.len());
        match random.u8(0..7) {
            0 if !bytes.is_empty() => {
                let last = bytes.len() - 1;
                bytes[at.min(last)] ^= 1 << random.u8(0..8);
            }
            1 if !bytes.is_empty() => {
                let last = bytes.len() - 1;
                bytes[at.min(last)] = *random.choice(&[0, 1, 0x7f, 0x80, 0xff, b'0', b'"', b'%']).unwrap();
            }
            2 => bytes.truncate(at),
            3 => bytes.insert(at, random.u8(..)),
            4 => {
                let other = &random.choice(inputs).unwrap().1;
                let from = random.usize(0..=other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            5 => {
                let end = random.usize(at..=bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let end = (at + 8).min(bytes.len());
                bytes.splice(at..end, random.u64(..).to_le_bytes());
            }
        }
        bytes.truncate(BYTES_MAX);
    }
    bytes
}

/// Names the input when its target panics.
struct Named<'a> {
    target: &'a str,
    bytes: &'a [u8],
    seed: u64,
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let path = std::env::temp_dir().join(format!("holdfast-fuzz-{}", self.target));
            let written = std::fs::write(&path, self.bytes);
            eprintln!(
                "{} failed with seed {}; its input is in {} {written:?}",
                self.target,
                self.seed,
                path.display()
            );
        }
    }
}

#[test]
fn no_input_is_too_much() {
    let (seed, inputs) = (number("HOLDFAST_FUZZ_SEED", 1), number("HOLDFAST_FUZZ_INPUTS", INPUTS));
    for target in &TARGETS {
        let mut corpus = corpus(target);
        assert!(!corpus.is_empty(), "{} has no corpus", target.name);
        corpus.extend(made(target, &corpus));
        for (_, bytes) in &corpus {
            let _named = Named { target: target.name, bytes, seed };
            (target.run)(bytes);
        }
        let mut random = Rng::with_seed(seed);
        for _ in 0..inputs {
            let bytes = mutated(&mut random, &corpus);
            let _named = Named { target: target.name, bytes: &bytes, seed };
            (target.run)(&bytes);
        }
    }
}
