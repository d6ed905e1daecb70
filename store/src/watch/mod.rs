//! Watches at run time: the hub hears of applied entries and hands events to client streams; streams that are late
//! read history. The rules are in `holdfast_core::watch`; here are only queues, tasks and encoding.

mod asker;
mod history;
mod hub;
mod inbox;
mod node_wait;
mod recent;
mod requests;
mod revision;
mod stream;
mod wire;

pub use asker::Asker;
pub use hub::Hub;
pub use node_wait::{NodeWait, NodeWaitError};
pub use requests::WatchRequests;
pub use stream::WatchStream;

#[cfg(test)]
mod tests;
