//! The overlay against a plain map.

use proptest::prelude::{Strategy, prop_assert_eq, proptest};

use super::*;
use crate::memory_rows::MemoryRows;

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

fn any_key() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(0u8..3, 0..3)
}

fn rows_of(model: &Model) -> MemoryRows {
    let mut rows = MemoryRows::default();
    let change = |(key, value): (&Vec<u8>, &Vec<u8>)| RowChange {
        table: Table::Current,
        key: key.clone().into(),
        value: Some(value.clone().into()),
    };
    rows.apply(&model.iter().map(change).collect::<Vec<_>>());
    rows
}

fn collect(mut cursor: Box<dyn Cursor + '_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    while let Some((key, value)) = cursor.current() {
        found.push((key.to_vec(), value.to_vec()));
        cursor.advance().unwrap();
    }
    found
}

proptest! {
    #[test]
    fn base_and_changes_read_as_one(
        base in proptest::collection::btree_map(any_key(), any_key(), 0..8),
        changes in proptest::collection::vec((any_key(), proptest::option::of(any_key())), 0..8),
        lower in any_key(),
        upper in proptest::option::of(any_key()),
        seek in any_key(),
    ) {
        let rows = rows_of(&base);
        let mut overlay = Overlay::new(&rows);
        let mut model = base.clone();
        for (key, value) in changes {
            match value {
                Some(value) => {
                    overlay.put(Table::Current, key.clone().into(), value.clone().into());
                    model.insert(key, value);
                }
                None => {
                    overlay.delete(Table::Current, key.clone().into());
                    model.remove(&key);
                }
            }
        }
        for key in model.keys().chain(base.keys()) {
            let found = overlay.get(Table::Current, key).unwrap();
            prop_assert_eq!(found.as_deref(), model.get(key).map(Vec::as_slice));
        }
        let inside = |key: &Vec<u8>| *key >= lower && upper.as_ref().is_none_or(|upper| key < upper);
        let mut expected: Vec<_> =
            model.iter().filter(|(key, _)| inside(key)).map(|(key, value)| (key.clone(), value.clone())).collect();
        let scan = |direction| overlay.scan(Table::Current, &lower, upper.as_deref(), direction).unwrap();
        prop_assert_eq!(&collect(scan(Direction::Forward)), &expected);
        let mut cursor = scan(Direction::Forward);
        let _ = cursor.advance();
        cursor.seek(&seek).unwrap();
        let behind: Vec<_> = expected.iter().filter(|(key, _)| *key >= seek).cloned().collect();
        prop_assert_eq!(collect(cursor), behind);
        expected.reverse();
        prop_assert_eq!(&collect(scan(Direction::Backward)), &expected);
        let mut cursor = scan(Direction::Backward);
        let _ = cursor.advance();
        cursor.seek(&seek).unwrap();
        let behind: Vec<_> = expected.iter().filter(|(key, _)| *key <= seek).cloned().collect();
        prop_assert_eq!(collect(cursor), behind);
        let mut written = rows.clone();
        let changes = overlay.into_changes();
        prop_assert_eq!(changes.windows(2).all(|pair| pair[0].key < pair[1].key), true);
        written.apply(&changes);
        let everything = written.scan(Table::Current, &[], None, Direction::Forward).unwrap();
        prop_assert_eq!(collect(everything), model.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn tables_do_not_mix() {
    let rows = MemoryRows::default();
    let mut overlay = Overlay::new(&rows);
    for table in Table::ALL {
        overlay.put(table, "k".into(), table.name().into());
    }
    for table in Table::ALL {
        assert_eq!(overlay.get(table, b"k").unwrap().unwrap(), table.name());
    }
    let tables: Vec<Table> = overlay.into_changes().iter().map(|change| change.table).collect();
    assert_eq!(tables, Table::ALL);
}
