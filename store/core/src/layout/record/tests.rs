//! Golden bytes and round trips of records.

use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

use super::*;

fn id(main: i64, sub: u32) -> VersionId {
    VersionId { main: Revision(main), sub }
}

#[test]
fn a_live_record_has_its_bytes() {
    let record =
        Record::live(b"k", b"value", id(300, 2), (Revision(44), 7), LeaseId(0x0102), Some(id(299, 130)));
    let mut expected = vec![0b111];
    expected.extend([0x2c, 0x01, 0, 0, 0, 0, 0, 0]);
    expected.extend([2, 0, 0, 0]);
    expected.extend(record.content_hash.to_le_bytes());
    expected.extend([0x80, 0x02, 7]);
    expected.extend([2, 1, 0, 0, 0, 0, 0, 0]);
    expected.extend([1, 0x82, 0x01]);
    expected.extend(b"value");
    assert_eq!(record.encode(b"value"), expected);
    // Part of the data format: members of two releases must agree on it.
    assert_eq!(record.content_hash, 10_678_188_309_771_875_986);
    assert_eq!(fingerprint::contribution(&record), 159_684_354_952_113_266_945_925_356_755_610_916_059);
}

#[test]
fn a_plain_record_and_a_tombstone_leave_out_what_they_lack() {
    let plain = Record::live(b"k", b"v", id(2, 0), (Revision(2), 1), LeaseId::NONE, None);
    let row = plain.encode(b"v");
    assert_eq!((row[0], &row[21..]), (0b001, [0, 1, b'v'].as_slice()));
    let tombstone = Record::tombstone(b"k", id(9, 1), Some(id(4, 0)));
    let row = tombstone.encode(&[]);
    assert_eq!((row[0], &row[21..]), (0b100, [5, 0].as_slice()));
}

#[test]
fn damage_is_told_and_not_guessed_at() {
    let row = Record::tombstone(b"k", id(9, 1), Some(id(4, 0))).encode(&[]);
    for len in 0..row.len() {
        assert_eq!(Record::decode(&row[..len], Table::History).unwrap_err().table, "hist");
    }
    let mut unknown = row.to_vec();
    unknown[0] |= 0b1000;
    assert!(Record::decode(&unknown, Table::Current).is_err(), "a compressed value cannot be read");
}

#[test]
fn the_hash_tells_key_and_value_apart() {
    let hash = |key: &[u8], value: &[u8]| {
        Record::live(key, value, id(2, 0), (Revision(2), 1), LeaseId::NONE, None).content_hash
    };
    assert_ne!(hash(b"ab", b"c"), hash(b"a", b"bc"));
    assert_ne!(hash(b"a", b""), hash(b"", b"a"));
}

fn any_id() -> impl Strategy<Value = VersionId> {
    (1..=i64::MAX, any::<u32>()).prop_map(|(main, sub)| id(main, sub))
}

proptest! {
    #[test]
    fn records_come_back(
        key: Vec<u8>,
        value: Vec<u8>,
        own in any_id(),
        before in any_id(),
        version in 1..=i64::MAX,
        lease: i64,
        has_previous: bool,
        live: bool,
    ) {
        let previous = has_previous.then(|| VersionId { main: before.main.min(own.main), ..before });
        let record = if live {
            Record::live(&key, &value, own, (before.main.min(own.main), version), LeaseId(lease), previous)
        } else {
            Record::tombstone(&key, own, previous)
        };
        let stored = if live { value } else { Vec::new() };
        let row = record.encode(&stored);
        let (found, found_value) = Record::decode(&row, Table::Current).unwrap();
        prop_assert_eq!((found, found_value), (record, stored.as_slice()));
    }
}
