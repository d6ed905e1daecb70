//! What a sender may not make this member do.

use bytes::Bytes;

use super::*;

fn file(name: &str, size_bytes: u64) -> peer::snapshot_start::File {
    peer::snapshot_start::File { name: name.to_owned(), size_bytes }
}

#[test]
fn only_plain_names_in_order_are_taken() {
    assert!(check_names(&[file("000012.sst", 1), file("CURRENT", 1)]).is_ok());
    for name in ["", ".", "..", "../SM", "a/b", "a\\b", "a\0b", "/etc/passwd", &"x".repeat(256)] {
        assert!(check_names(&[file(name, 1)]).is_err(), "{name:?}");
    }
    assert!(check_names(&[file("b", 1), file("a", 1)]).is_err(), "out of order");
    assert!(check_names(&[file("a", 1), file("a", 1)]).is_err(), "twice");
    assert!(check_names(&[]).is_err());
}

#[test]
fn sizes_that_do_not_fit_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    assert!(check_room(folder.path(), &[file("a", 1)]).is_ok());
    let refusal = check_room(folder.path(), &[file("a", u64::MAX), file("b", 5)]).unwrap_err();
    assert!(matches!(refusal, ReceiveError::NoRoom { size_bytes: u64::MAX, .. }), "{refusal}");
}

#[test]
fn a_chunk_must_match_its_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    let data = Bytes::from_static(b"some bytes");
    let checksum = crc32c::crc32c(&data);
    let file = write_chunk(File::create_new(&path).unwrap(), &data, checksum, false).unwrap();
    assert!(write_chunk(file.unwrap(), &data, checksum ^ 1, true).unwrap().is_none());
    assert_eq!(std::fs::read(&path).unwrap(), b"some bytes", "the wrong chunk was not written");
}
