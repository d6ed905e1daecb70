//! Golden bytes and round trips of system rows.

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

use super::*;

fn position(term: u64, index: u64) -> LogPosition {
    LogPosition { term: Term(term), index: LogIndex(index) }
}

#[test]
fn rows_have_their_bytes() {
    assert_eq!(
        encode_position(position(258, 3)),
        [2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0].as_slice()
    );
    assert_eq!(encode_revision(Revision(258)), [2, 1, 0, 0, 0, 0, 0, 0].as_slice());
    assert_eq!(encode_accumulator(258), [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].as_slice());
    let alarms = [
        Alarm { member: MemberId(1), kind: AlarmKind::NoSpace },
        Alarm { member: MemberId(2), kind: AlarmKind::Corrupt },
    ];
    let expected = [1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 2];
    assert_eq!(encode_alarms(&alarms), expected.as_slice());
    assert_eq!(member_key(MemberId(258)), b"member/\0\0\0\0\0\0\x01\x02".as_slice());
    assert_eq!(removed_key(MemberId(258)), b"removed/\0\0\0\0\0\0\x01\x02".as_slice());
    let membership = encode_membership(position(1, 2), b"xy");
    assert_eq!(membership, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, b'x', b'y'].as_slice());
}

#[test]
fn malformed_rows_are_told() {
    assert!(decode_position(&[0; 15]).is_err());
    assert!(decode_position(&[0; 17]).is_err());
    assert!(decode_revision(&[0; 9]).is_err());
    assert!(decode_accumulator(&[0; 15]).is_err());
    assert!(decode_alarms(b"").is_err());
    assert!(decode_alarms(&[2]).is_err());
    assert!(decode_alarms(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 3]).is_err());
    assert!(decode_membership(&[0; 15]).is_err());
    assert!(decode_member_key(b"membership").is_err());
    assert!(decode_removed_key(b"removed/").is_err());
    assert!(decode_cluster_version(&[0xff]).is_err());
}

proptest! {
    #[test]
    fn rows_come_back(term: u64, index: u64, revision: i64, accumulator: u128, encoded: Vec<u8>, member: u64) {
        let position = position(term, index);
        prop_assert_eq!(decode_position(&encode_position(position)).unwrap(), position);
        prop_assert_eq!(decode_revision(&encode_revision(Revision(revision))).unwrap(), Revision(revision));
        prop_assert_eq!(decode_accumulator(&encode_accumulator(accumulator)).unwrap(), accumulator);
        let membership = encode_membership(position, &encoded);
        prop_assert_eq!(decode_membership(&membership).unwrap(), (position, encoded.as_slice()));
        let alarms = [AlarmKind::NoSpace, AlarmKind::Corrupt].map(|kind| Alarm { member: MemberId(member), kind });
        prop_assert_eq!(decode_alarms(&encode_alarms(&alarms)).unwrap(), alarms);
        let row_key = member_key(MemberId(member));
        let (lower, upper) = member_bounds();
        prop_assert!(lower <= row_key.as_ref() && row_key.as_ref() < upper);
        prop_assert_eq!(decode_member_key(&row_key).unwrap(), MemberId(member));
        let row_key = removed_key(MemberId(member));
        let (lower, upper) = removed_bounds();
        prop_assert!(lower <= row_key.as_ref() && row_key.as_ref() < upper);
        prop_assert_eq!(decode_removed_key(&row_key).unwrap(), MemberId(member));
    }
}
