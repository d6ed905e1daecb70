//! Golden bytes, order and round trips of history rows.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::*;

fn id(main: i64, sub: u32) -> VersionId {
    VersionId { main: Revision(main), sub }
}

#[test]
fn rows_have_their_bytes() {
    let expected = [
        b"a".as_slice(),
        &[0x00, 0xff],
        b"b",
        &[0x00, 0x01],
        &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xfd],
        &[0xff, 0xff, 0xff, 0xfc],
    ]
    .concat();
    assert_eq!(key(b"a\0b", id(258, 3)), expected);
    assert_eq!(
        encode_value(Revision(258), b"record"),
        [&[2, 1, 0, 0, 0, 0, 0, 0], b"record".as_slice()].concat()
    );
}

#[test]
fn malformed_rows_are_told() {
    let row_key = key(b"a\0b", id(258, 3));
    for len in 0..row_key.len() {
        assert!(decode_key(&row_key[..len]).is_err());
    }
    assert!(decode_key(&[row_key.as_slice(), b"x"].concat()).is_err());
    assert!(decode_key(b"a\0\x02").is_err());
    assert!(decode_value(&[0; 7]).is_err());
}

proptest! {
    #[test]
    fn rows_come_back(user_key: Vec<u8>, main in 1..=i64::MAX, sub: u32, record: Vec<u8>) {
        let row_key = key(&user_key, id(main, sub));
        prop_assert_eq!(decode_key(&row_key).unwrap(), (user_key, id(main, sub)));
        let value = encode_value(Revision(main), &record);
        prop_assert_eq!(decode_value(&value).unwrap(), (Revision(main), record.as_slice()));
    }

    #[test]
    fn rows_lie_in_key_order_and_newest_first(
        one in proptest::collection::vec(0u8..3, 0..4),
        other in proptest::collection::vec(0u8..3, 0..4),
        newer in 1..1000i64,
        older in 1..1000i64,
        sub: u32,
    ) {
        let by_key = one.cmp(&other).then((older, 0).cmp(&(newer, 0)));
        prop_assert_eq!(key(&one, id(newer, sub)).cmp(&key(&other, id(older, sub))), by_key);
        prop_assert_eq!(is_same_key(&key(&one, id(newer, sub)), &key(&other, id(older, 0))), one == other);
        prop_assert!(seek_key(&one, Revision(newer)) <= key(&one, id(newer, sub)));
        prop_assert!(key(&one, id(1, 0)) < end_key(&key(&one, id(newer, sub))));
        if one < other {
            prop_assert!(end_key(&key(&one, id(newer, sub))) <= key(&other, id(i64::MAX, u32::MAX)));
        }
    }

    #[test]
    fn damage_never_panics(row: Vec<u8>) {
        let _ = decode_key(&row);
        let _ = decode_value(&row);
        let _ = any::<u8>();
    }
}
