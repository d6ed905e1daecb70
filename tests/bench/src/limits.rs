//! Every size and time limit of the benchmark in one place. Must hold constants only.

use std::time::Duration;

/// Bytes of every value written.
pub const VALUE_BYTES: u64 = 256;

/// Bytes of every key written; etcd's tool packs a number into them.
pub const KEY_BYTES: u64 = 8;

/// Different keys that the put rows write.
pub const PUT_KEYS: u64 = 100_000;

/// Puts before anything is measured, so that both servers are warm and have data.
pub const WARM_UP_PUTS: u64 = 10_000;

/// Clients that make them. Where users are in force each of their connections costs a login.
pub const WARM_UP_CLIENTS: u64 = 100;

/// Connections that write the files of the v2 rows before anything is measured.
pub const FILL_CLIENTS: u64 = 100;

/// The key that the range rows read; its value has `VALUE_BYTES`.
pub const RANGE_KEY: &str = "benchmark/range";

/// Keys of the load.
pub const LOAD_KEYS: u64 = 1_000_000;

/// Clients of the load.
pub const LOAD_CLIENTS: u64 = 1000;

/// Rounds that also load a million keys, unless asked otherwise.
pub const LOAD_ROUNDS_DEFAULT: u32 = 3;

/// How much smaller the rows are with `--quick`.
pub const QUICK_DIVISOR: u64 = 10;

/// The quota that both servers get.
pub const QUOTA_BYTES: u64 = 32 << 30;

/// Until a cluster must answer its first linearizable read.
pub const START_TIMEOUT: Duration = Duration::from_secs(60);

/// Pause between two tries to reach a server that starts; bounds the error of the restart time.
pub const PROBE_PAUSE: Duration = Duration::from_millis(2);

/// How long one probe may wait for its answer.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// Until a server that was asked to stop is killed.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// Longest time of one run of the load generator.
pub const GENERATOR_TIMEOUT: Duration = Duration::from_secs(900);

/// After the load, before memory and disk are looked at: what is under way may end.
pub const SETTLE_TIME: Duration = Duration::from_secs(2);

/// Lines of a server's log that an error shows.
pub const LOG_TAIL_LINES: usize = 12;
