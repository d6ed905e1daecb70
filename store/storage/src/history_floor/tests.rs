//! The floor never passes a living view, an unflushed request or itself.

use super::*;

#[test]
fn a_view_holds_back_what_it_may_read() {
    let floor = Arc::new(HistoryFloor::default());
    let early = floor.claim();
    assert!(floor.request(Revision(10)));
    assert!(!floor.request(Revision(9)), "an older floor is no news");
    let late = floor.claim();
    floor.set_durable(floor.requested());
    assert_eq!(floor.droppable(), Revision(0));
    drop(early);
    assert_eq!(floor.droppable(), Revision(10));
    floor.request(Revision(20));
    assert_eq!(floor.droppable(), Revision(10), "not durable yet");
    floor.set_durable(Revision(20));
    assert_eq!(floor.droppable(), Revision(10), "a view was taken at 10");
    drop(late);
    assert_eq!(floor.droppable(), Revision(20));
}

#[test]
fn a_fresh_store_drops_nothing() {
    let floor = Arc::new(HistoryFloor::default());
    assert!(!floor.request(Revision(-1)));
    floor.set_durable(Revision(-1));
    assert_eq!(floor.droppable(), Revision(0));
}
