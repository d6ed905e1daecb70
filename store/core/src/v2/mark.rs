//! What an event row says beyond "written" or "deleted", so that watchers of the v2 API are told from history what
//! they would have been told at once. Must be a fact of the change itself: nothing here is looked up later.

use super::V2Action;

/// What a row is for the node that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum V2Role {
    /// Its change is told by this row.
    Primary(V2Action),
    /// It goes along with another row of the revision: a parent that had to be made, or what lay in a directory.
    Part,
}

/// The mark of a row; rows without one were written through the v3 API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct V2Mark {
    /// What the row is.
    pub role: V2Role,
    /// Watchers are not to be told.
    pub is_refresh: bool,
    /// The changed node is the directory whose path is this much of the key.
    pub directory_len: Option<u32>,
    /// The node before is a file of the same name whose end is the row before this.
    pub replaces_file: bool,
    /// When the node ends, in nanoseconds since 1970.
    pub expiration_unix_nanos: Option<i64>,
    /// When the node before would have ended.
    pub previous_expiration_unix_nanos: Option<i64>,
}

impl V2Mark {
    /// A row that goes along with another.
    pub const PART: V2Mark = V2Mark {
        role: V2Role::Part,
        is_refresh: false,
        directory_len: None,
        replaces_file: false,
        expiration_unix_nanos: None,
        previous_expiration_unix_nanos: None,
    };

    /// The row of a change of a file.
    pub fn of(action: V2Action) -> V2Mark {
        V2Mark { role: V2Role::Primary(action), ..V2Mark::PART }
    }
}
