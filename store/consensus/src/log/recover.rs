//! Reads at start what the log on disk holds. Must not repair anything: what does not fit is an error.

use holdfast_storage::engine::EngineFault;
use holdfast_storage::log_engine::{LogEngine, LogMeta};

use super::tail::LogTail;
use crate::entry_codec::{DamagedLog, decode_position, decode_vote, entry_term};
use crate::limits::TAIL_BYTES_MAX;
use crate::types::{LogId, log_id};

/// Why the log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineFault),
    /// What it holds makes no sense.
    #[error(transparent)]
    Damaged(#[from] DamagedLog),
}

/// The log's state as the disk has it.
pub fn recover(engine: &dyn LogEngine) -> Result<LogTail, RecoverError> {
    let purged = position(engine, LogMeta::Purged)?;
    let mut last = purged;
    if let Some((_, highest)) = engine.bounds()? {
        let newest = engine.read(highest, highest + 1, usize::MAX)?;
        let (index, bytes) = newest.into_iter().next().ok_or(DamagedLog("the newest entry is missing"))?;
        let newest = log_id(entry_term(bytes)?, index - 1);
        if last.is_none_or(|purged| purged.index < newest.index) {
            last = Some(newest);
        }
    }
    let vote = engine.meta(LogMeta::Vote)?.map(decode_vote).transpose()?;
    let committed = position(engine, LogMeta::Committed)?;
    Ok(LogTail::new(purged, last, vote, committed, TAIL_BYTES_MAX))
}

fn position(engine: &dyn LogEngine, name: LogMeta) -> Result<Option<LogId>, RecoverError> {
    let bytes = engine.meta(name)?;
    Ok(bytes.map(decode_position).transpose()?.flatten())
}
