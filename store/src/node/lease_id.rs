//! Chooses lease ids for clients that leave the choice to the server. Must not touch replicated state: the chosen
//! id travels in the command.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use holdfast_core::ids::{LeaseId, MemberId};

/// Hands out positive ids that no other member and no later run of this one hands out: 16 bits of the member,
/// 40 bits of milliseconds at start, 8 bits that carry over into them.
#[derive(Debug)]
pub(super) struct LeaseIds {
    member: u64,
    next: AtomicU64,
}

const COUNTER_BITS: u32 = 48;
const COUNTER_MASK: u64 = (1 << COUNTER_BITS) - 1;

impl LeaseIds {
    /// Starts at the present time.
    pub(super) fn new(member: MemberId) -> LeaseIds {
        let milliseconds =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        LeaseIds::starting_at(member, milliseconds)
    }

    fn starting_at(member: MemberId, milliseconds: u64) -> LeaseIds {
        LeaseIds { member: member.0 & 0x7fff, next: AtomicU64::new(milliseconds << 8) }
    }

    /// The next id, never 0.
    pub(super) fn choose(&self) -> LeaseId {
        loop {
            let counter = self.next.fetch_add(1, Ordering::Relaxed) & COUNTER_MASK;
            let id = (self.member << COUNTER_BITS) | counter;
            if id != 0 {
                return LeaseId(i64::try_from(id).expect("15 + 48 bits fit below the sign bit"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_positive_and_differ() {
        let ids = LeaseIds::starting_at(MemberId(u64::MAX), u64::MAX >> 8);
        let first = ids.choose();
        let second = ids.choose();
        assert!(first.0 > 0 && second.0 > 0);
        assert_ne!(first, second);
    }

    #[test]
    fn members_choose_from_different_ranges() {
        let one = LeaseIds::starting_at(MemberId(1), 7).choose();
        let two = LeaseIds::starting_at(MemberId(2), 7).choose();
        assert_ne!(one, two);
    }
}
