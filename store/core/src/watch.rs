//! Watches as pure logic: which watchers an event concerns (`WatchIndex`), and what one client stream is told and in
//! which order (`StreamWatches`). Must not know about queues, tasks, clocks or wire formats.

mod fragment;
mod index;
mod interval_tree;
mod message;
mod stream;
mod watcher;

pub use fragment::fragments;
pub use index::WatchIndex;
pub use message::{EventList, WatchMessage, WatchRefusal};
pub use stream::{Moment, StreamWatches};
pub use watcher::{WatchCreate, WatchId};
