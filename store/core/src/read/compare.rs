//! The conditions of transactions.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use super::KeyValueRef;
use super::state::State;
use crate::ids::LeaseId;
use crate::request::{Compare, CompareResult, CompareTarget};
use crate::rows::{Direction, RowsFault};

impl State<'_> {
    /// Whether all compares hold at the newest revision.
    pub fn all_hold(&self, compares: &[Compare]) -> Result<bool, RowsFault> {
        for compare in compares {
            if !self.holds(compare)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether every key of the range satisfies the compare. A range without keys counts as one key with all numbers
    /// zero and no value, which no compare of values can be satisfied by.
    pub fn holds(&self, compare: &Compare) -> Result<bool, RowsFault> {
        let mut found = false;
        let mut holds = true;
        self.walk(&compare.range, self.revision, Direction::Forward, &mut |_, kv| {
            found = true;
            holds = satisfies(compare, kv);
            if holds { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if found {
            return Ok(holds);
        }
        Ok(!matches!(compare.target, CompareTarget::Value(_)) && satisfies(compare, KeyValueRef::default()))
    }
}

fn satisfies(compare: &Compare, kv: KeyValueRef<'_>) -> bool {
    let order = match &compare.target {
        CompareTarget::Version(version) => kv.version.cmp(version),
        CompareTarget::Create(revision) => kv.create_revision.0.cmp(revision),
        CompareTarget::Mod(revision) => kv.mod_revision.0.cmp(revision),
        CompareTarget::Value(value) => kv.value.cmp(value),
        CompareTarget::Lease(id) => kv.lease.cmp(&LeaseId(*id)),
    };
    match compare.result {
        CompareResult::Equal => order == Ordering::Equal,
        CompareResult::NotEqual => order != Ordering::Equal,
        CompareResult::Greater => order == Ordering::Greater,
        CompareResult::Less => order == Ordering::Less,
    }
}
