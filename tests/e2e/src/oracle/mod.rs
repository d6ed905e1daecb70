//! Who judges: writers that log what was acknowledged, and an audit that reads all of it back and compares the members.
//! Does not change the cluster but by writing keys.

mod address;
mod audit;
mod connection;
mod credentials;
mod ledger;
mod load;
mod store;

pub use address::{CLIENT_PORT, Door, MemberDoor, PEER_PORT};
pub use audit::{audit_members, audit_writes};
pub use connection::{RequestError, is_let_in};
pub use credentials::{Credentials, Identity, client_config};
pub use ledger::Ledger;
pub use load::{Load, LoadKind};
pub use store::Store;
