//! Golden bytes and round trips of event rows.

use proptest::prelude::{prop_assert_eq, proptest};

use super::*;

#[test]
fn rows_have_their_bytes() {
    let id = VersionId { main: Revision(258), sub: 3 };
    assert_eq!(key(id), [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 3]);
    assert_eq!(encode_value(ChangeKind::Create, b"a\0b"), b"\0a\0b".as_slice());
    assert_eq!(encode_value(ChangeKind::Update, b"k"), b"\x01k".as_slice());
    assert_eq!(encode_value(ChangeKind::Delete, b""), b"\x02".as_slice());
}

#[test]
fn malformed_rows_are_told() {
    assert!(decode_key(&[0; 11]).is_err());
    assert!(decode_key(&[0; 13]).is_err());
    assert!(decode_value(b"").is_err());
    assert!(decode_value(b"\x03k").is_err());
}

proptest! {
    #[test]
    fn rows_come_back_in_revision_order(
        main in 1..=i64::MAX, sub: u32, other_main in 1..=i64::MAX, other_sub: u32, user_key: Vec<u8>,
    ) {
        let id = VersionId { main: Revision(main), sub };
        let other = VersionId { main: Revision(other_main), sub: other_sub };
        prop_assert_eq!(decode_key(&key(id)).unwrap(), id);
        prop_assert_eq!(key(id).cmp(&key(other)), id.cmp(&other));
        for kind in [ChangeKind::Create, ChangeKind::Update, ChangeKind::Delete] {
            let value = encode_value(kind, &user_key);
            prop_assert_eq!(decode_value(&value).unwrap(), (kind, user_key.as_slice()));
        }
    }
}
