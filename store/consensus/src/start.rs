//! Opens what a member needs, in the order in which one depends on the other, and checks that it belongs together.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_core::apply::Machine;
use holdfast_core::ids::{ClusterId, MemberId};
use holdfast_core::rows::Rows;
use holdfast_storage::engine::{Engine, EngineFault};
use holdfast_storage::log_engine::{LogBatch, LogEngine, LogMeta};
use holdfast_storage::open_error::OpenError;

use crate::data_dir::{DataDir, DataDirError};
use crate::entry_codec::Identity;
use crate::handle::{ConsensusConfig, Founding, MemberIdentity, StartError};
use crate::limits::DATA_FORMAT;
use crate::log::recover::recover;
use crate::log::tail::LogTail;
use crate::state::engines::Engines;
use crate::state::flush::StatePosition;
use crate::state::worker::load_position;
use crate::types::{MemberNode, position_or_none};

/// What lies on disk, opened.
pub struct Opened {
    /// Whose data it is.
    pub identity: MemberIdentity,
    /// The data folder.
    pub data_dir: Arc<DataDir>,
    /// The log's engine.
    pub log: Arc<dyn LogEngine>,
    /// What the log holds.
    pub tail: LogTail,
    /// The tables' engine.
    pub engine: Arc<dyn Engine>,
    /// The tables as they are now.
    pub rows: Arc<dyn Rows>,
    /// The core on these tables.
    pub machine: Machine,
    /// Members that were removed.
    pub removed: Vec<u64>,
    /// Where they stand.
    pub position: StatePosition,
    /// The log came back shorter than what was committed or applied.
    pub is_log_short: bool,
}

/// Opens the data folder and both engines.
pub fn open(engines: &dyn Engines, config: &ConsensusConfig) -> Result<Opened, StartError> {
    let data_dir = DataDir::open(&config.data_dir).map_err(|error| data_dir_error(config, error))?;
    let log = open_with_room(&data_dir, || engines.open_log(&data_dir.log_path()));
    let log = log.map_err(|error| open_error(config, &error))?;
    let identity = check_identity(log.as_ref(), config)?;
    data_dir.mark_used().map_err(|error| data_dir_error(config, error))?;
    if data_dir.is_removed() {
        return Err(StartError::Removed(identity));
    }
    let tail = recover(log.as_ref()).map_err(|error| damaged(config, &error))?;
    let state_path = data_dir.active_state_path();
    let engine = open_with_room(&data_dir, || engines.open_state(&state_path));
    let engine = engine.map_err(|error| open_error(config, &error))?;
    let rows = engine.view();
    let machine = Machine::load(rows.as_ref()).map_err(|error| damaged(config, &error))?;
    let position = load_position(&machine, &rows).map_err(|error| damaged(config, &error))?;
    let removed = machine.read_view(Arc::clone(&rows)).removed_members();
    let removed = removed.map_err(|error| damaged(config, &error))?.into_iter().map(|id| id.0).collect();
    let last = position_or_none(tail.last().as_ref()).index;
    let committed = position_or_none(tail.committed().as_ref()).index;
    let is_log_short = last < committed || last < machine.head().applied.index;
    Ok(Opened {
        identity,
        data_dir: Arc::new(data_dir),
        log,
        tail,
        engine,
        rows,
        machine,
        removed,
        position,
        is_log_short,
    })
}

/// Opens an engine, on a full disk once more with the room of the ballast: recovery writes, and a member that cannot
/// start cannot free space either.
fn open_with_room<T>(data_dir: &DataDir, open: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    match open() {
        Err(OpenError::OutOfSpace { .. }) if data_dir.release_reserve() => open(),
        outcome => outcome,
    }
}

/// The members of a new cluster as openraft wants them.
pub fn initial_nodes(founding: &Founding) -> BTreeMap<u64, MemberNode> {
    let members = founding.members.iter();
    members
        .map(|peer| {
            let (name, peer_urls) = (peer.name.clone(), peer.peer_urls.clone());
            (peer.id.0, MemberNode { name, peer_urls, is_joining: false })
        })
        .collect()
}

/// Whose data the log's engine holds. Marks a new folder as the founding member's; refuses data of another cluster than
/// the expected one, and a newer format.
fn check_identity(log: &dyn LogEngine, config: &ConsensusConfig) -> Result<MemberIdentity, StartError> {
    let identity = match log.meta(LogMeta::Identity)? {
        Some(bytes) => {
            let found = Identity::decode(bytes).map_err(|error| damaged(config, &error))?;
            if found.format > DATA_FORMAT {
                return Err(StartError::NewerFormat { found: found.format, supported: DATA_FORMAT });
            }
            MemberIdentity { cluster_id: ClusterId(found.cluster), member_id: MemberId(found.member) }
        }
        None => {
            let founding = config.founding.as_ref().ok_or(StartError::NoMember)?.identity;
            let (cluster, member) = (founding.cluster_id.0, founding.member_id.0);
            let own = Identity { cluster, member, format: DATA_FORMAT };
            let batch = LogBatch { meta: vec![(LogMeta::Identity, own.encode())], ..LogBatch::default() };
            log.write(batch, true)?;
            founding
        }
    };
    match config.expected_cluster {
        Some(expected) if expected != identity.cluster_id => {
            Err(StartError::OtherCluster { found: identity.cluster_id.0, expected: expected.0 })
        }
        _ => Ok(identity),
    }
}

fn damaged(config: &ConsensusConfig, error: &dyn std::fmt::Display) -> StartError {
    StartError::DataDir { path: config.data_dir.clone(), reason: error.to_string() }
}

fn open_error(config: &ConsensusConfig, error: &OpenError) -> StartError {
    damaged(config, error)
}

fn data_dir_error(config: &ConsensusConfig, error: DataDirError) -> StartError {
    match error {
        DataDirError::NewerFormat { found } => StartError::NewerFormat { found, supported: DATA_FORMAT },
        DataDirError::File { doing, path, source } => {
            let reason = format!(
                "{doing} it failed: {source}. Check its owner and permissions and the file system it is on, or choose another folder with --data-dir"
            );
            StartError::DataDir { path, reason }
        }
        DataDirError::InUse { ref path } => {
            StartError::DataDir { path: path.clone(), reason: error.to_string() }
        }
        other => damaged(config, &other),
    }
}

/// A thread could not be started.
pub fn no_thread(error: std::io::Error) -> StartError {
    StartError::Engine(EngineFault {
        doing: "starting a thread",
        reason: error.to_string(),
        out_of_space: false,
    })
}
