//! Hashes of versions and their sum over the live keys, by which members compare their data at no cost. Must give the
//! same numbers on every member and in every release: the seeds are part of the data format.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::layout::record::Record;

const LANE_SEEDS: [u64; 2] = [0x686f_6c64_6661_7374, 0x7374_6174_6568_6173];

/// Hash over everything that a version consists of. Key and value are hashed apart, each under the hash of what comes
/// before, so no byte can move from one to the other unnoticed.
pub fn content_hash(key: &[u8], value: &[u8], record: &Record) -> u64 {
    let mut fixed = [0; 36];
    fixed[..8].copy_from_slice(&record.id.main.0.to_le_bytes());
    fixed[8..12].copy_from_slice(&record.id.sub.to_le_bytes());
    fixed[12..20].copy_from_slice(&record.create_revision.0.to_le_bytes());
    fixed[20..28].copy_from_slice(&record.version.to_le_bytes());
    fixed[28..].copy_from_slice(&record.lease.0.to_le_bytes());
    xxh3_64_with_seed(value, xxh3_64_with_seed(key, xxh3_64(&fixed)))
}

/// What a live version adds to the accumulator: two independent 64-bit lanes over its identity. Sums are taken
/// modulo 2^128, so versions can be added and taken away in any order.
pub fn contribution(record: &Record) -> u128 {
    let mut identity = [0; 20];
    identity[..8].copy_from_slice(&record.content_hash.to_le_bytes());
    identity[8..16].copy_from_slice(&record.id.main.0.to_le_bytes());
    identity[16..].copy_from_slice(&record.id.sub.to_le_bytes());
    let [high, low] = LANE_SEEDS.map(|seed| u128::from(xxh3_64_with_seed(&identity, seed)));
    high << 64 | low
}

/// Takes a row up into a hash over rows in order. Key and value are hashed apart, as in `content_hash`.
pub fn chain(hash: u64, key: &[u8], value: &[u8]) -> u64 {
    xxh3_64_with_seed(value, xxh3_64_with_seed(key, hash ^ LANE_SEEDS[0]))
}

/// Folds an accumulator to the 32 bits of etcd's HashKV answer.
pub fn fold(accumulator: u128) -> u32 {
    let folded = xxh3_64(&accumulator.to_le_bytes());
    u32::try_from(folded >> 32).expect("the upper half of 64 bits fits 32")
}
