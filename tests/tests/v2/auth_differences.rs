//! What may differ from etcd 3.4's `/v2/auth`, with the reason: there users and roles are those of the v2 API alone, here
//! those of all APIs.

use super::differences::Difference;

/// Of `/v2/auth`, and of `/v2/keys` with users.
pub const AUTH: &[Difference] = &[
    Difference {
        line: "GET /v2/auth/roles/readers",
        ours: "\"read\":[],\"write\":[]",
        theirs: "\"read\":null,\"write\":null",
        reason: "a list that is empty is a list; etcd has null until something was in it",
    },
    Difference {
        line: "GET /v2/auth/roles/twice",
        ours: "\"read\":[\"/q\",\"/z\"]",
        theirs: "\"read\":[\"/z\",\"/q\",\"/q\"]",
        reason: "permissions are kept as what they mean: each once, in order; etcd keeps the document that was sent",
    },
    Difference {
        line: "PUT /v2/auth/users/ann {\"user\":\"ann\"}",
        ours: "400 content-type=application/json",
        theirs: "200 content-type=application/json",
        reason: "nothing would change, which is refused; etcd takes it once, for the step from null to an empty list",
    },
    Difference {
        line: "PUT /v2/auth/users/ann {\"user\":\"ann\",\"grant\":[\"none\"]}",
        ours: "Role none does not exist.",
        theirs: "\"roles\":[\"none\",\"readers\"]",
        reason: "a user can only get roles that are there, as in the v3 API: a role that is made later would have users that nobody remembers",
    },
    Difference {
        line: "PUT /v2/auth/users/ann {\"user\":\"ann\",\"revoke\":[\"none\"]}",
        ours: "Revoking ungranted role none",
        theirs: "\"roles\":[\"readers\"]",
        reason: "follows from the row above",
    },
    Difference {
        line: "GET /v2/auth/users/bob",
        ours: "\"roles\":[{\"role\":\"readers\"",
        theirs: "\"roles\":[{\"role\":\"writers\"",
        reason: "roles are kept as a set, in order",
    },
    Difference {
        line: "PUT /v2/auth/users/root {\"user\":\"root\",\"revoke\":[\"root\"]}",
        ours: "User not updated.",
        theirs: "\"roles\":[]",
        reason: "root has the role of its name, whatever is asked for; etcd says that it is gone and shows it again",
    },
    Difference {
        line: "as root:r GET /v2/auth/roles",
        ours: "\"roles\":[{\"role\":\"readers\"",
        theirs: "\"roles\":[{\"role\":\"guest\"",
        reason: "there are no rights for clients without a name, see decision 0009",
    },
    Difference {
        line: "as ann:p GET /v2/keys/r?recursive=true",
        ours: "200 content-type",
        theirs: "\"errorCode\":110",
        reason: "a directory may be read by whoever may read what is in it; etcd wants the permission on its name unless the path ends with a slash",
    },
    Difference {
        line: "GET /v2/keys/r/x",
        ours: "\"errorCode\":110",
        theirs: "200 content-type",
        reason: "there are no rights for clients without a name, see decision 0009",
    },
    Difference {
        line: "as root:r GET /v2/auth/users/ann",
        ours: "200 content-type",
        theirs: "Role readers does not exist.",
        reason: "a role that is deleted is taken from its users; in etcd a user with such a role cannot be read any more",
    },
    Difference {
        line: "as root:r PUT /v2/auth/users/ann {\"user\":\"ann\",\"password\":\"new\"}",
        ours: "\"roles\":[]",
        theirs: "\"roles\":[\"readers\"]",
        reason: "follows from the row above",
    },
];
