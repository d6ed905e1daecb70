//! Golden bytes and round trips of event rows.

use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

use super::*;

#[test]
fn rows_have_their_bytes() {
    let id = VersionId { main: Revision(258), sub: 3 };
    assert_eq!(key(id), [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 3]);
    assert_eq!(encode_value(ChangeKind::Create, None, b"a\0b"), b"\0a\0b".as_slice());
    assert_eq!(encode_value(ChangeKind::Update, None, b"k"), b"\x01k".as_slice());
    assert_eq!(encode_value(ChangeKind::Delete, None, b""), b"\x02".as_slice());
}

#[test]
fn marks_have_their_bytes() {
    let part = encode_value(ChangeKind::Create, Some(&V2Mark::PART), b"/a/");
    assert_eq!(part, b"\x80\x00/a/".as_slice());
    let swap = V2Mark {
        is_refresh: true,
        expiration_unix_nanos: Some(258),
        previous_expiration_unix_nanos: Some(3),
        ..V2Mark::of(V2Action::CompareAndSwap)
    };
    let expected = b"\x81\x3c\x02\x01\0\0\0\0\0\0\x03\0\0\0\0\0\0\0/a".as_slice();
    assert_eq!(encode_value(ChangeKind::Update, Some(&swap), b"/a"), expected);
    let expiry = V2Mark { directory_len: Some(2), replaces_file: true, ..V2Mark::of(V2Action::Expire) };
    assert_eq!(encode_value(ChangeKind::Delete, Some(&expiry), b"/a/b"), b"\x82\xc7\x02/a/b".as_slice());
}

#[test]
fn malformed_rows_are_told() {
    assert!(decode_key(&[0; 11]).is_err());
    assert!(decode_key(&[0; 13]).is_err());
    assert!(decode_value(b"").is_err());
    assert!(decode_value(b"\x03k").is_err());
    assert!(decode_value(b"\x83\x00k").is_err());
    assert!(decode_value(b"\x80").is_err());
    assert!(decode_value(b"\x81\x11\0\0\0\0\0\0\0").is_err(), "half a time");
    assert!(decode_value(b"\x82\x46\x03/a").is_err(), "a directory longer than the key");
}

fn any_mark() -> impl Strategy<Value = Option<V2Mark>> {
    let role = (0_u8..8).prop_map(read_role);
    let times = (any::<Option<i64>>(), any::<Option<i64>>());
    let mark = (role, any::<bool>(), any::<bool>(), proptest::option::of(0_u32..3), times).prop_map(
        |(role, is_refresh, replaces_file, directory_len, times)| V2Mark {
            role,
            is_refresh,
            directory_len,
            replaces_file,
            expiration_unix_nanos: times.0,
            previous_expiration_unix_nanos: times.1,
        },
    );
    proptest::option::of(mark)
}

proptest! {
    #[test]
    fn rows_come_back_in_revision_order(
        main in 1..=i64::MAX, sub in any::<u32>(), other_main in 1..=i64::MAX, other_sub in any::<u32>(),
        user_key in proptest::collection::vec(any::<u8>(), 2..20), mark in any_mark(),
    ) {
        let id = VersionId { main: Revision(main), sub };
        let other = VersionId { main: Revision(other_main), sub: other_sub };
        prop_assert_eq!(decode_key(&key(id)).unwrap(), id);
        prop_assert_eq!(key(id).cmp(&key(other)), id.cmp(&other));
        for kind in [ChangeKind::Create, ChangeKind::Update, ChangeKind::Delete] {
            let value = encode_value(kind, mark.as_ref(), &user_key);
            prop_assert_eq!(decode_value(&value).unwrap(), (kind, mark, user_key.as_slice()));
        }
    }

    #[test]
    fn damage_never_panics(value: Vec<u8>) {
        let _ = decode_value(&value);
    }
}
