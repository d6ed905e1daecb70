//! Walks a base cursor and the pending changes above it as one sequence of rows.

use std::cmp::Ordering;
use std::collections::btree_map;

use bytes::Bytes;

use super::{Pending, pending_range};
use crate::rows::{Cursor, Direction, RowsFault};

/// Whose row the cursor stands on.
#[derive(Clone, Copy)]
enum Source {
    Base,
    Pending,
    End,
}

pub(super) struct MergeCursor<'a> {
    base: Box<dyn Cursor + 'a>,
    pending: &'a Pending,
    lower: Vec<u8>,
    upper: Option<Vec<u8>>,
    direction: Direction,
    rest: btree_map::Range<'a, Bytes, Option<Bytes>>,
    next: Option<(&'a Bytes, &'a Option<Bytes>)>,
    source: Source,
}

impl<'a> MergeCursor<'a> {
    pub(super) fn new(
        base: Box<dyn Cursor + 'a>,
        pending: &'a Pending,
        lower: &[u8],
        upper: Option<&[u8]>,
        direction: Direction,
    ) -> Result<MergeCursor<'a>, RowsFault> {
        let mut cursor = MergeCursor {
            base,
            pending,
            lower: lower.to_vec(),
            upper: upper.map(<[u8]>::to_vec),
            direction,
            rest: pending_range(pending, lower, upper),
            next: None,
            source: Source::End,
        };
        cursor.step_pending();
        cursor.settle()?;
        Ok(cursor)
    }

    fn step_pending(&mut self) {
        self.next = match self.direction {
            Direction::Forward => self.rest.next(),
            Direction::Backward => self.rest.next_back(),
        };
    }

    /// Passes over deleted and shadowed rows until both sides agree on whose row comes next.
    fn settle(&mut self) -> Result<(), RowsFault> {
        loop {
            let order = match (self.next, self.base.current()) {
                (None, None) => {
                    self.source = Source::End;
                    return Ok(());
                }
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some((pending, _)), Some((base, _))) => match self.direction {
                    Direction::Forward => pending.as_ref().cmp(base),
                    Direction::Backward => base.cmp(pending.as_ref()),
                },
            };
            match order {
                Ordering::Greater => {
                    self.source = Source::Base;
                    return Ok(());
                }
                Ordering::Equal => self.base.advance()?,
                Ordering::Less if matches!(self.next, Some((_, Some(_)))) => {
                    self.source = Source::Pending;
                    return Ok(());
                }
                Ordering::Less => self.step_pending(),
            }
        }
    }
}

impl Cursor for MergeCursor<'_> {
    fn current(&self) -> Option<(&[u8], &[u8])> {
        match self.source {
            Source::Base => self.base.current(),
            Source::Pending => match self.next {
                Some((key, Some(value))) => Some((key, value)),
                _ => None,
            },
            Source::End => None,
        }
    }

    fn advance(&mut self) -> Result<(), RowsFault> {
        match self.source {
            Source::Base => self.base.advance()?,
            Source::Pending => self.step_pending(),
            Source::End => return Ok(()),
        }
        self.settle()
    }

    fn seek(&mut self, key: &[u8]) -> Result<(), RowsFault> {
        self.base.seek(key)?;
        match self.direction {
            Direction::Forward => {
                let lower = self.lower.as_slice().max(key);
                self.rest = pending_range(self.pending, lower, self.upper.as_deref());
            }
            Direction::Backward => {
                // `key` itself is wanted, so the exclusive bound is the first key behind it.
                let behind = [key, &[0]].concat();
                let upper = match self.upper.as_deref() {
                    Some(upper) if upper < behind.as_slice() => upper,
                    _ => &behind,
                };
                self.rest = pending_range(self.pending, &self.lower, Some(upper));
            }
        }
        self.step_pending();
        self.settle()
    }
}
