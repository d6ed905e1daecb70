//! What may differ between the two servers, each with its reason. A row that never applies makes the test fail.

/// A difference that is meant.
pub struct Row {
    /// The call's name begins with this.
    pub call: &'static str,
    /// The outcome at etcd.
    pub etcd: &'static str,
    /// The outcome at Holdfast.
    pub holdfast: &'static str,
    pub reason: &'static str,
}

pub const ROWS: &[Row] = &[
    Row {
        call: "log in as a user without a password",
        etcd: "Unknown: auth: authentication failed, password was given for no password user",
        holdfast: "InvalidArgument: etcdserver: authentication failed, invalid user ID or password",
        reason: "one text for every failure: nobody learns which users there are",
    },
    Row {
        call: "log in as a user without a password",
        etcd: "500 \"auth: authentication failed, password was given for no password user\"",
        holdfast: "400 \"etcdserver: authentication failed, invalid user ID or password\"",
        reason: "the same through the gateway",
    },
    Row {
        call: "txn empty",
        etcd: "done",
        holdfast: "InvalidArgument: etcdserver: user name is empty",
        reason: "a transaction that does nothing is answered to users only",
    },
    Row {
        call: "txn empty",
        etcd: "done",
        holdfast: "400 \"etcdserver: user name is empty\"",
        reason: "a transaction that does nothing is answered to users only, through the gateway, too",
    },
];

/// A call that Holdfast does not have yet. It says so to root only.
pub fn is_missing(call: &str, holdfast: &str) -> bool {
    call.contains(" by root") && (holdfast.starts_with("Unimplemented: ") || holdfast.starts_with("501 "))
}

/// Whether a difference is meant; answers the row.
pub fn allowed(call: &str, etcd: &str, holdfast: &str) -> Option<usize> {
    ROWS.iter().position(|row| call.starts_with(row.call) && row.etcd == etcd && row.holdfast == holdfast)
}
