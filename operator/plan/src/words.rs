//! How things are called in lines and messages for people: members by the number at the end of their pod's name.

use crate::{MemberId, Ordinal};

/// `member 2`, `members 1 and 2`, `members 1, 2 and 4`.
pub(crate) fn members(ordinals: impl IntoIterator<Item = Ordinal>) -> String {
    let numbers: Vec<String> = ordinals.into_iter().map(|ordinal| ordinal.to_string()).collect();
    match numbers.as_slice() {
        [] => "no member".to_owned(),
        [one] => format!("member {one}"),
        [first @ .., last] => format!("members {} and {last}", first.join(", ")),
    }
}

/// `1 voter`, `3 voters`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A member that has no ordinal.
pub(crate) fn stranger(id: MemberId) -> String {
    format!("a member {id} that no pod belongs to")
}

/// Seconds as people say them.
pub(crate) fn seconds(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
