//! What the data folder promises over restarts and crashes.

use super::*;

#[test]
fn a_new_folder_is_private_and_starts_with_the_first_tables() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("deep/data");
    let dir = DataDir::open(&path).unwrap();
    assert_eq!(dir.active_state_path(), path.join("sm-1"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!holds_member(&path), "nobody has run on it yet");
    dir.mark_used().unwrap();
    assert!(holds_member(&path));
    assert_eq!(std::fs::read_to_string(path.join("SM")).unwrap(), "1 1\n");
}

#[test]
fn a_folder_has_one_owner_at_a_time() {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::open(root.path()).unwrap();
    assert!(matches!(DataDir::open(root.path()), Err(DataDirError::InUse { .. })));
    drop(dir);
    DataDir::open(root.path()).unwrap();
}

#[test]
fn unfinished_and_replaced_folders_go_at_start() {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::open(root.path()).unwrap();
    for folder in ["sm-1", "sm-9", "receive-4.tmp", "other"] {
        std::fs::create_dir(root.path().join(folder)).unwrap();
    }
    drop(dir);
    let _dir = DataDir::open(root.path()).unwrap();
    let left = |folder: &str| root.path().join(folder).exists();
    assert!(left("sm-1") && left("other"), "only its own leftovers go");
    assert!(!left("sm-9") && !left("receive-4.tmp"));
}

#[test]
fn adopted_tables_are_in_use_only_once_activated() {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::open(root.path()).unwrap();
    let received = dir.new_receive_path();
    std::fs::create_dir(&received).unwrap();
    let number = dir.adopt_state(&received).unwrap();
    assert_eq!(number, 2);
    assert_eq!(dir.active_state(), 1);
    dir.activate_state(number).unwrap();
    assert_eq!(dir.active_state_path(), root.path().join("sm-2"));
    drop(dir);
    let dir = DataDir::open(root.path()).unwrap();
    assert_eq!(dir.active_state(), 2);
    assert!(dir.active_state_path().exists());
}

#[test]
fn a_removal_is_remembered() {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::open(root.path()).unwrap();
    assert!(!dir.is_removed());
    dir.mark_removed().unwrap();
    drop(dir);
    assert!(DataDir::open(root.path()).unwrap().is_removed());
}

#[test]
fn a_newer_or_damaged_folder_is_refused() {
    let root = tempfile::tempdir().unwrap();
    drop(DataDir::open(root.path()).unwrap());
    std::fs::write(root.path().join("SM"), "3 2\n").unwrap();
    assert!(matches!(DataDir::open(root.path()), Err(DataDirError::NewerFormat { found: 2 })));
    std::fs::write(root.path().join("SM"), "what\n").unwrap();
    let refusal = DataDir::open(root.path()).unwrap_err().to_string();
    assert!(refusal.contains("is damaged"), "{refusal}");
}

#[test]
fn the_reserve_can_be_given_up() {
    let root = tempfile::tempdir().unwrap();
    let dir = DataDir::open(root.path()).unwrap();
    dir.release_reserve();
    assert!(!root.path().join("reserve").exists());
}
