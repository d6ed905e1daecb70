//! The rank index: live keys per chunk of the key space, in memory as a persistent tree and on disk in `rank`, so that
//! a count costs the logarithm of the number of keys. Chunk bounds follow from the live keys alone, never from
//! tombstones, which background filters drop at different times on different members.

use std::collections::BTreeSet;

use bytes::Bytes;

use crate::layout::damaged;
use crate::layout::rank::{decode_value, encode_value};
use crate::layout::record::Record;
use crate::limits::{RANK_CHUNK_KEYS_JOINED_MAX, RANK_CHUNK_KEYS_MAX, RANK_CHUNK_KEYS_MIN};
use crate::overlay::Overlay;
use crate::rows::{Direction, Rows, RowsFault, Table};

pub mod tree;

use tree::{Chunk, ChunkTree};

/// Reads the tree from its rows.
pub fn load(rows: &dyn Rows) -> Result<ChunkTree, RowsFault> {
    let mut chunks = Vec::new();
    let mut cursor = rows.scan(Table::Rank, &[], None, Direction::Forward)?;
    while let Some((first_key, value)) = cursor.current() {
        chunks.push((Bytes::copy_from_slice(first_key), decode_value(value)?));
        cursor.advance()?;
    }
    Ok(ChunkTree::from_sorted(chunks))
}

/// The tree while a run of commands changes it, with the chunks whose rows must be written.
pub struct RankUpdate {
    tree: ChunkTree,
    changed: BTreeSet<Bytes>,
}

impl RankUpdate {
    /// Begins on top of `tree`.
    pub fn new(tree: ChunkTree) -> RankUpdate {
        RankUpdate { tree, changed: BTreeSet::new() }
    }

    /// The tree with all changes so far.
    pub fn tree(&self) -> &ChunkTree {
        &self.tree
    }

    /// Counts a key that was not there before; `rows` must hold it already.
    pub fn created(&mut self, key: &[u8], rows: &dyn Rows) -> Result<(), RowsFault> {
        let chunk = self.tree.locate(key);
        let live_keys = chunk.live_keys + 1;
        if live_keys > RANK_CHUNK_KEYS_MAX {
            return self.split(&chunk, live_keys, rows);
        }
        self.set(&chunk.first_key, live_keys);
        Ok(())
    }

    /// Discounts a key that was there before.
    pub fn deleted(&mut self, key: &[u8]) -> Result<(), RowsFault> {
        let chunk = self.tree.locate(key);
        let Some(live_keys) = chunk.live_keys.checked_sub(1) else {
            return Err(damaged(Table::Rank, "a chunk counts fewer keys than it has"));
        };
        self.set(&chunk.first_key, live_keys);
        if live_keys < RANK_CHUNK_KEYS_MIN {
            self.join(&chunk, live_keys);
        }
        Ok(())
    }

    /// Ends the update: puts the changed rows into `overlay` and gives the tree back.
    pub fn finish(self, overlay: &mut Overlay<'_>) -> ChunkTree {
        for first_key in self.changed {
            let chunk = self.tree.locate(&first_key);
            if chunk.first_key == first_key {
                overlay.put(Table::Rank, first_key, encode_value(chunk.live_keys));
            } else {
                overlay.delete(Table::Rank, first_key);
            }
        }
        self.tree
    }

    fn set(&mut self, first_key: &Bytes, live_keys: u32) {
        self.tree.set(first_key, live_keys);
        if !self.changed.contains(first_key) {
            self.changed.insert(first_key.clone());
        }
    }

    fn split(&mut self, chunk: &Chunk, live_keys: u32, rows: &dyn Rows) -> Result<(), RowsFault> {
        let left_keys = live_keys / 2;
        let mut seen = 0;
        let mut cursor =
            rows.scan(Table::Current, &chunk.first_key, chunk.end.as_deref(), Direction::Forward)?;
        while let Some((key, row)) = cursor.current() {
            if Record::decode(row, Table::Current)?.0.live {
                if seen == left_keys {
                    let middle = Bytes::copy_from_slice(key);
                    self.set(&chunk.first_key, left_keys);
                    self.set(&middle, live_keys - left_keys);
                    return Ok(());
                }
                seen += 1;
            }
            cursor.advance()?;
        }
        Err(damaged(Table::Rank, "a chunk counts more keys than it has"))
    }

    /// Joins a chunk that became small with a neighbour, unless the result would soon be split again.
    fn join(&mut self, chunk: &Chunk, live_keys: u32) {
        let fits = |other: u32| live_keys == 0 || live_keys + other <= RANK_CHUNK_KEYS_JOINED_MAX;
        if let Some(end) = &chunk.end {
            let right = self.tree.locate(end);
            if fits(right.live_keys) {
                self.remove(&right.first_key);
                self.set(&chunk.first_key, live_keys + right.live_keys);
                return;
            }
        }
        if let Some(left) = self.tree.before(&chunk.first_key)
            && fits(left.live_keys)
        {
            self.remove(&chunk.first_key);
            self.set(&left.first_key, left.live_keys + live_keys);
        }
    }

    fn remove(&mut self, first_key: &Bytes) {
        self.tree.remove(first_key);
        self.changed.insert(first_key.clone());
    }
}

#[cfg(test)]
mod tests;
