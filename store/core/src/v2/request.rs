//! What a client of the v2 API asks to be changed, already checked at the border.

use bytes::Bytes;

use super::V2Path;
use crate::ids::LeaseId;

/// A change of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct V2Request {
    /// The node.
    pub path: V2Path,
    /// What happens to it.
    pub operation: V2Operation,
}

/// How long a node lives. Whoever proposes reads the clock; the core only carries the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct V2TimeToLive {
    /// The id of the node's lease if it has none of its own yet, positive.
    pub lease: LeaseId,
    /// Seconds to live, 0 or more.
    pub ttl_seconds: i64,
    /// When that ends, in nanoseconds since 1970: what clients are shown.
    pub expiration_unix_nanos: i64,
}

/// A change of a node; without a time to live it lasts from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum V2Operation {
    /// Makes a node in place of the file that was there, if any.
    Set {
        /// The file's value; nothing for a directory.
        value: Bytes,
        /// Make a directory.
        is_directory: bool,
        /// How long it lives.
        time_to_live: Option<V2TimeToLive>,
        /// Keep the value and wake nobody.
        is_refresh: bool,
    },
    /// Makes a node that was not there.
    Create {
        /// The file's value; nothing for a directory.
        value: Bytes,
        /// Make a directory.
        is_directory: bool,
        /// How long it lives.
        time_to_live: Option<V2TimeToLive>,
        /// Make it in the directory `path` under a name that sorts behind all names made so before.
        is_in_order: bool,
    },
    /// Changes a node that is there.
    Update {
        /// The file's new value; must be empty for a directory.
        value: Bytes,
        /// How long it lives.
        time_to_live: Option<V2TimeToLive>,
        /// Keep the value and wake nobody.
        is_refresh: bool,
    },
    /// Changes a file if it is as expected.
    CompareAndSwap {
        /// Its value, empty for any.
        prev_value: Bytes,
        /// Its modified index, 0 for any.
        prev_index: u64,
        /// The new value.
        value: Bytes,
        /// How long it lives.
        time_to_live: Option<V2TimeToLive>,
        /// Keep the value and wake nobody.
        is_refresh: bool,
    },
    /// Deletes a node.
    Delete {
        /// Delete an empty directory, too.
        is_directory: bool,
        /// Delete a directory with everything in it.
        is_recursive: bool,
    },
    /// Deletes a file if it is as expected.
    CompareAndDelete {
        /// Its value, empty for any.
        prev_value: Bytes,
        /// Its modified index, 0 for any.
        prev_index: u64,
    },
}
