//! Tests of the rows of authentication: golden bytes, round trips, damage.

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;

use super::*;

fn permission(key: &'static str, range_end: &'static str, kind: PermissionKind) -> Permission {
    Permission { key: key.into(), range_end: range_end.into(), kind }
}

#[test]
fn rows_have_the_bytes_they_always_had() {
    assert_eq!(user_key("root"), "user/root");
    assert_eq!(role_key("r"), "role/r");
    let id = TokenId(*b"0123456789abcdef");
    assert_eq!(renewed_token_key(&id), "token/0123456789abcdef");
    assert_eq!(decode_key(&renewed_token_key(&id)).unwrap(), AuthKey::Token(id));
    assert_eq!(encode_token(258).as_ref(), [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(decode_token(&encode_token(258)).unwrap(), 258);
    assert_eq!(encode_enabled(true).as_ref(), [1]);
    assert_eq!(encode_revision(AuthRevision(258)).as_ref(), [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(encode_token_key(&Secret::new("key".into())), "\x01key");
    let user = User {
        password_hash: Some(Secret::new("$2b$".into())),
        roles: ["a".to_owned(), "root".to_owned()].into(),
        credentials_since: AuthRevision(3),
    };
    assert_eq!(encode_user(&user).as_ref(), b"\x01\x03\0\0\0\0\0\0\0\x01\x04$2b$\x02\x01a\x04root");
    let bare = User { password_hash: None, roles: [].into(), credentials_since: AuthRevision(2) };
    assert_eq!(encode_user(&bare).as_ref(), b"\x01\x02\0\0\0\0\0\0\0\0\0");
    let role = Role {
        permissions: vec![
            permission("a", "", PermissionKind::Read),
            permission("b", "c", PermissionKind::Write),
            permission("d", "\0", PermissionKind::ReadWrite),
        ],
    };
    assert_eq!(encode_role(&role).as_ref(), b"\x01\x03\0\x01a\0\x01\x01b\x01c\x02\x01d\x01\0");
}

#[test]
fn what_no_encoder_wrote_is_damage() {
    assert!(decode_key(b"group/a").is_err());
    assert!(decode_key(b"user/\xff").is_err());
    assert!(decode_key(b"token/short").is_err());
    assert!(decode_enabled(&[2]).is_err());
    assert!(decode_revision(&[1]).is_err());
    assert!(decode_token_key(&[2, 7]).is_err());
    assert!(decode_user(b"\x02\x02\0\0\0\0\0\0\0\0\0").is_err());
    assert!(decode_user(b"\x01\x02\0\0\0\0\0\0\0\0\x01").is_err());
    assert!(decode_role(b"\x01\x01\x03\x01a\0").is_err());
    assert!(decode_role(b"\x01\x01\0\x09a\0").is_err());
    assert!(decode_role(b"\x01\0\0").is_err());
}

fn any_bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..6).prop_map(Bytes::from)
}

fn any_permission() -> impl Strategy<Value = Permission> {
    let kinds = vec![PermissionKind::Read, PermissionKind::Write, PermissionKind::ReadWrite];
    (any_bytes(), any_bytes(), prop::sample::select(kinds)).prop_map(|(key, range_end, kind)| Permission {
        key,
        range_end,
        kind,
    })
}

proptest! {
    #[test]
    fn users_and_roles_are_read_as_they_were_written(
        hash in prop::option::of(any_bytes()),
        roles in btree_set("\\PC{0,5}", 0..4),
        since in any::<u64>(),
        permissions in vec(any_permission(), 0..4),
        name in "\\PC{0,5}",
    ) {
        let user =
            User { password_hash: hash.map(Secret::new), roles, credentials_since: AuthRevision(since) };
        prop_assert_eq!(decode_user(&encode_user(&user)).unwrap(), user);
        let role = Role { permissions };
        prop_assert_eq!(decode_role(&encode_role(&role)).unwrap(), role);
        prop_assert_eq!(decode_key(&user_key(&name)).unwrap(), AuthKey::User(name.clone()));
        prop_assert_eq!(decode_key(&role_key(&name)).unwrap(), AuthKey::Role(name));
    }

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in vec(any::<u8>(), 0..60)) {
        let _ = (decode_key(&bytes), decode_user(&bytes), decode_role(&bytes), decode_token_key(&bytes));
    }
}
