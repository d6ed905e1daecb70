//! What may differ from etcd 3.4's v2 API, with the reason. A row that is not needed any more fails the test.

use std::collections::BTreeSet;

/// One allowed difference.
pub struct Difference {
    /// The line of the script.
    pub line: &'static str,
    /// What our answer contains and etcd's does not.
    pub ours: &'static str,
    /// What etcd's answer contains instead.
    pub theirs: &'static str,
    /// Why it is right to differ.
    pub reason: &'static str,
}

/// Of `/v2/keys` and the other routes without users.
pub const KEYS: &[Difference] = &[
    Difference {
        line: "GET /v2/keys/../keys/a",
        ours: "404 content-type=application/json",
        theirs: "301 content-type=text/html",
        reason: "paths are cleaned below /v2/keys instead of redirected: a client that follows a redirect turns its \
                 PUT into a GET",
    },
    Difference {
        line: "DELETE /v2/keys/newdir?dir=true",
        ours: "\"prevNode\":{\"key\":\"/newdir\",\"dir\":true,\"modifiedIndex\":+27",
        theirs: "\"prevNode\":{\"key\":\"/newdir\",\"dir\":true,\"modifiedIndex\":+26",
        reason: "an update of a directory changes its modifiedIndex, since it is the mod revision of its key; etcd \
                 tells the new index in the answer and forgets it",
    },
    Difference {
        line: "GET /v2/keys/%zz",
        ours: "400 content-type=text/plain; charset=utf-8 access-control-allow-origin=*",
        theirs: "400 content-type=text/plain; charset=utf-8 400 Bad Request",
        reason: "a URL with a broken escape passes through the same guard as any other and says which origins may call; in etcd \
                 Go's server answers before any handler sees it",
    },
    Difference {
        line: "GET /v2/keys/a%4",
        ours: "400 content-type=text/plain; charset=utf-8 access-control-allow-origin=*",
        theirs: "400 content-type=text/plain; charset=utf-8 400 Bad Request",
        reason: "as above",
    },
];

/// Whether the two answers are equal, but for a row of the table.
pub fn judge(
    table: &[Difference],
    line: &str,
    (expected, answered): (&str, &str),
    used: &mut BTreeSet<usize>,
) -> bool {
    if expected == answered {
        return true;
    }
    let row = table
        .iter()
        .position(|row| row.line == line && answered.contains(row.ours) && expected.contains(row.theirs));
    used.extend(row);
    row.is_some()
}

/// Reasons of rows that no answer needed.
pub fn unused(table: &[Difference], used: &BTreeSet<usize>) -> Vec<&'static str> {
    let rows = table.iter().enumerate();
    rows.filter(|(index, _)| !used.contains(index)).map(|(_, row)| row.reason).collect()
}
