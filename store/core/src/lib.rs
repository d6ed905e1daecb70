//! The replicated state machine of Holdfast, as plain synchronous code: a command and a view of the rows go in;
//! changed rows, watch events and an answer come out. It never reads a clock, a random source, a file or a socket,
//! and the same commands give the same bytes on every member. `store/core/clippy.toml` and the manifest guard that.

pub mod apply;
pub mod auth;
pub mod brief;
pub mod codec;
pub mod command;
pub mod error;
mod fingerprint;
mod hash_history;
pub mod head;
pub mod ids;
pub mod key_range;
pub mod layout;
pub mod limits;
pub mod memory_rows;
mod overlay;
pub mod quota;
mod rank;
pub mod read;
pub mod request;
pub mod response;
pub mod rows;
#[cfg(test)]
mod test_store;
pub mod txn_check;
pub mod v2;
pub mod watch;
