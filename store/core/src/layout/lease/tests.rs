//! Golden bytes and round trips of lease rows.

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::*;

fn record(granted: i64, remaining: i64, expiration_unix_nanos: Option<i64>) -> LeaseRecord {
    LeaseRecord {
        id: LeaseId(258),
        granted_ttl_seconds: granted,
        remaining_ttl_seconds: remaining,
        expiration_unix_nanos,
    }
}

#[test]
fn rows_have_their_bytes() {
    assert_eq!(key(LeaseId(258)), [0, 0, 0, 0, 0, 0, 1, 2]);
    let plain = [60, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 1];
    assert_eq!(encode_value(&record(60, 258, None)), plain.as_slice());
    let of_a_node = [60, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 2, 3, 1, 0, 0, 0, 0, 0, 0];
    assert_eq!(encode_value(&record(60, 258, Some(259))), of_a_node.as_slice());
    assert_eq!(attachment_key(LeaseId(258), b"k\0"), [0, 0, 0, 0, 0, 0, 1, 2, b'k', 0].as_slice());
}

#[test]
fn malformed_rows_are_told() {
    assert!(decode_key(&[0; 7]).is_err());
    assert!(decode_key(&[0; 9]).is_err());
    assert!(decode_attachment_key(&[0; 7]).is_err());
    let mut value = encode_value(&record(60, 60, None)).to_vec();
    assert!(decode_value(LeaseId(1), &value[..16]).is_err());
    value[16] = 2;
    assert!(decode_value(LeaseId(1), &value).is_err(), "no time behind the format");
    value[16] = 3;
    assert!(decode_value(LeaseId(1), &value).is_err(), "a format of the future");
}

proptest! {
    #[test]
    fn rows_come_back(
        id: i64, granted: i64, remaining: i64, expiration: Option<i64>, user_key: Vec<u8>,
    ) {
        let id = LeaseId(id);
        prop_assert_eq!(decode_key(&key(id)).unwrap(), id);
        let record = LeaseRecord { id, ..record(granted, remaining, expiration) };
        prop_assert_eq!(decode_value(id, &encode_value(&record)).unwrap(), record);
        let row_key = attachment_key(id, &user_key);
        prop_assert_eq!(decode_attachment_key(&row_key).unwrap(), (id, user_key.as_slice()));
        let (lower, upper) = attachment_bounds(id);
        prop_assert!(lower.as_slice() <= row_key.as_ref());
        prop_assert!(upper.is_none_or(|upper| row_key.as_ref() < upper.as_slice()));
    }
}
