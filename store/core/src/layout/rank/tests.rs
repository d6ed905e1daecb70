//! Golden bytes and round trips of rank rows.

use proptest::prelude::{prop_assert_eq, proptest};

use super::*;

#[test]
fn rows_have_their_bytes() {
    assert_eq!(encode_value(258), [2, 1, 0, 0].as_slice());
    assert!(decode_value(&[0; 3]).is_err());
    assert!(decode_value(&[0; 5]).is_err());
}

proptest! {
    #[test]
    fn rows_come_back(live_keys: u32) {
        prop_assert_eq!(decode_value(&encode_value(live_keys)).unwrap(), live_keys);
    }
}
