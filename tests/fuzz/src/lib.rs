//! The fuzz targets: a name, which is also that of the folder with its corpus, and what is done with the bytes. Must not
//! look at what comes out: a target fails by a panic, or by never ending.

use bytes::Bytes;
use holdfast_core::apply::Machine;
use holdfast_core::codec;
use holdfast_core::ids::{LogIndex, LogPosition, Term};
use holdfast_core::memory_rows::MemoryRows;

/// A target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it does with any bytes.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "command", run: command },
    Target { name: "config_file", run: holdfast::fuzzing::config_file },
    Target { name: "gateway_json", run: holdfast::fuzzing::gateway_json },
    Target { name: "log_row", run: holdfast_consensus::fuzzing::log_row },
    Target { name: "peer_message", run: holdfast_consensus::fuzzing::peer_message },
    Target { name: "snapshot", run: snapshot },
    Target { name: "tls_file", run: holdfast::fuzzing::tls_file },
    Target { name: "token", run: holdfast::fuzzing::token },
    Target { name: "v2_parameters", run: holdfast::fuzzing::v2_parameters },
];

/// A command as a member forwards it: read, written again, and applied twice to an empty store.
///
/// # Panics
///
/// When the command is not the same after it was written and read, or cannot be applied.
pub fn command(bytes: &[u8]) {
    let Ok(command) = codec::decode(Bytes::copy_from_slice(bytes)) else { return };
    let again = codec::decode(codec::encode(&command)).expect("what was written can be read");
    assert_eq!(again, command);
    let mut rows = MemoryRows::default();
    let mut machine = Machine::load(&rows).expect("an empty store");
    for index in 1..=2 {
        let position = LogPosition { term: Term(1), index: LogIndex(index) };
        let mut batch = machine.begin(&rows);
        batch.apply(position, &command).expect("a store in memory does not fail");
        let effects = batch.finish().expect("a store in memory does not fail");
        rows.apply(&effects.rows);
    }
}

/// A snapshot as a leader would stream it.
///
/// # Panics
///
/// When it leaves files elsewhere, or the machine has no room for a folder.
pub fn snapshot(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    holdfast_consensus::fuzzing::snapshot(bytes, folder.path());
}
