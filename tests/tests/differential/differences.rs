//! What may differ between etcd and Holdfast, as a table: where, how, and why. A row that is not needed any more fails
//! the test, so that the table shrinks as the project grows.

use std::collections::BTreeSet;

use crate::rewrites;

/// One allowed difference.
struct Difference {
    /// Part of the names of the requests that it is about.
    request: &'static str,
    /// Turns our answer into what it would be without the difference, which etcd's answer may be asked about; `None`
    /// where the difference is another one.
    without: fn(&str, &str) -> Option<String>,
    /// Why it is right to differ, or when it will end.
    reason: &'static str,
}

const fn row(
    request: &'static str,
    without: fn(&str, &str) -> Option<String>,
    reason: &'static str,
) -> Difference {
    Difference { request, without, reason }
}

const DIFFERENCES: &[Difference] = &[
    row(
        " /",
        rewrites::error_copy,
        "clients of etcd 3.5 and older read an error's text from `error`, newer ones from `message`: errors carry both",
    ),
    row(
        "keys_only",
        rewrites::lease,
        "etcd 3.7 loses the lease in answers without values (etcd issue 22209)",
    ),
    row("tatus", rewrites::quota, "the default quota is 8 GiB instead of 2 GiB"),
    row("/version ", rewrites::own_version, "`/version` also tells Holdfast's own version"),
    row(
        " /v3",
        rewrites::method_not_allowed,
        "405 with `Allow` for other methods than POST, as etcd 3.5 did: 501 would say that the server lacks the call",
    ),
    row("OPTIONS ", rewrites::allow, "OPTIONS is also answered with the methods that there are"),
    row(
        "",
        rewrites::redirect,
        "a path that is not clean is not found, instead of redirected to a clean one",
    ),
    row(
        " /v3/ ",
        rewrites::gateway_root,
        "below the gateway's root alone nothing is found, in either's words",
    ),
    row("/v3alpha/", rewrites::as_expected, "the prefix of etcd 3.2 goes on to work, as `/v3beta` does"),
    row("%72ange", rewrites::as_expected, "gateway paths are plain ASCII and are not percent-decoded"),
    row(
        "POST /v3",
        rewrites::words_about_json,
        "what is wrong in a JSON body is said in other words, with the same code and status",
    ),
    row(
        "POST /v3",
        rewrites::enum_value,
        "an unknown value of an enum is refused; etcd takes an unknown name for the default without a word",
    ),
    row("\"01\"", rewrites::as_expected, "numbers in strings may have leading zeroes"),
    row("\"+1\"", rewrites::as_expected, "numbers in strings may have a sign"),
    row("\"1e0\"", rewrites::as_expected, "numbers in strings may not have an exponent"),
    row(
        "\"x\":\"",
        rewrites::passed_over,
        "the text of an unknown field is passed over and need not be valid",
    ),
    row(
        "/v3/lease/keepalive stream",
        rewrites::said_instead_of_silence,
        "a JSON document that cannot be read is answered with an error; etcd ends the answer without a word",
    ),
    row(
        "/v3/watch stream",
        rewrites::said_instead_of_silence,
        "a body that begins no watch is answered with an error; etcd says nothing until the client goes away",
    ),
    row(
        "stream",
        rewrites::type_of_nothing,
        "the type of an answer does not depend on whether it has any lines",
    ),
    row(
        "an id again after its cancellation",
        rewrites::as_expected,
        "the id of a watch that was cancelled for a compaction is free again; etcd keeps it taken",
    ),
    row(
        "gRPC Range of a ",
        rewrites::wire_type,
        "a known field with another wire type is refused; Go's protobuf passes it over as unknown",
    ),
    row(
        "\"revision\":\"-1\"",
        rewrites::hash_revision,
        "a hash up to a negative revision is one up to the newest",
    ),
    row(
        "\"revision\":\"3\"",
        rewrites::hash_compaction,
        "etcd tells the compaction before the one at the revision asked for, as it stored the hash before it",
    ),
    row("owngrade", rewrites::unknown_method, "downgrades are not there yet"),
    row("eader ", rewrites::unknown_service, "the election service is not there yet"),
    row("ock ", rewrites::unknown_service, "the lock service is not there yet"),
];

/// Whether the two answers are equal but for rows of the table; else what is left of ours.
pub fn judge(
    request: &str,
    expected: &str,
    answered: &str,
    used: &mut BTreeSet<usize>,
) -> Result<(), String> {
    let mut left = answered.to_owned();
    let mut applied = Vec::new();
    for (index, row) in DIFFERENCES.iter().enumerate() {
        if left == expected {
            break;
        }
        if !request.contains(row.request) {
            continue;
        }
        if let Some(without) = (row.without)(&left, expected).filter(|without| *without != left) {
            left = without;
            applied.push(index);
        }
    }
    if left != expected {
        return Err(left);
    }
    used.extend(applied);
    Ok(())
}

/// The two answers from shortly before the place where they part.
pub fn excerpt(expected: &str, answered: &str) -> String {
    const BEFORE: usize = 60;
    const SHOWN: usize = 300;
    let common = expected.chars().zip(answered.chars()).take_while(|(one, other)| one == other).count();
    let cut = |text: &str| text.chars().skip(common.saturating_sub(BEFORE)).take(SHOWN).collect::<String>();
    format!("  etcd:     {}\n  holdfast: {}", cut(expected), cut(answered))
}

/// Reasons of rows that no answer needed.
pub fn unused(used: &BTreeSet<usize>) -> Vec<&'static str> {
    let rows = DIFFERENCES.iter().enumerate();
    rows.filter(|(index, _)| !used.contains(index)).map(|(_, row)| row.reason).collect()
}
