//! etcd's v2 keys API on the same keyspace: directories, files and their events as what they are in keys. A file `/a`
//! is the key `/a`; a directory `/a` is every key that begins with `/a/`, with or without a row of its own, `/a/`.
//! Must not change anything: changes are made in `apply::v2`.

mod error;
mod event;
mod find;
mod list;
mod mark;
mod node;
mod path;
mod request;
mod walk;
mod watch;

pub use error::{V2Error, V2ReadError, V2Refusal};
pub use list::V2Get;
pub use mark::{V2Mark, V2Role};
pub use node::{V2Action, V2Event, V2Node, V2Tree};
pub use path::{V2Path, V2PathError};
pub use request::{V2Operation, V2Request, V2TimeToLive};
pub use walk::V2Walk;
pub use watch::V2Watch;

pub(crate) use event::primary_event;
pub(crate) use find::{Found, NotFound};
