//! Numbers and durations and the bounds that they must keep. Pure.

use std::time::Duration;

use super::SettingError;
use crate::config::config::{AutoCompaction, Http2Settings};
use crate::config::duration::parse_duration_nanoseconds;
use crate::config::error::ConfigError;
use crate::config::flags::{self, Setting};
use crate::config::given::GivenSettings;
use crate::config::number::parse_count;
use crate::limits::{
    CACHE_BYTES_MAX, CACHE_BYTES_MIN, ELECTION_HEARTBEATS_MIN, ELECTION_TIMEOUT_MS_MAX,
    HTTP2_KEEPALIVE_INTERVAL_MIN, REQUEST_BYTES_LIMIT_MAX, TXN_OPERATIONS_LIMIT_MAX,
    WATCH_PROGRESS_INTERVAL_MIN,
};

/// The two times that elections follow from.
#[derive(Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two heartbeats.
    pub heartbeat_interval: Duration,
    /// Without heartbeat until an election.
    pub election_timeout: Duration,
}

/// The two times, with etcd's bounds.
pub fn timing(given: &GivenSettings) -> Result<Timing, ConfigError> {
    let heartbeat_ms = above_zero(given, Setting::HeartbeatInterval)?;
    let election_ms = above_zero(given, Setting::ElectionTimeout)?;
    let least_ms = heartbeat_ms.saturating_mul(ELECTION_HEARTBEATS_MIN);
    let longest_ms = ELECTION_TIMEOUT_MS_MAX;
    let error = if election_ms > longest_ms {
        SettingError::ElectionTooLong { election_ms, longest_ms }
    } else if election_ms < least_ms {
        SettingError::ElectionTooShort { election_ms, heartbeat_ms, least_ms }
    } else {
        return Ok(Timing {
            heartbeat_interval: Duration::from_millis(heartbeat_ms),
            election_timeout: Duration::from_millis(election_ms),
        });
    };
    Err(ConfigError::Setting { origin: given.origin(Setting::ElectionTimeout), error })
}

/// A count for which 0 means the default, as in etcd.
pub fn or_default(given: &GivenSettings, setting: Setting) -> u64 {
    match given.count(setting) {
        0 => GivenSettings::default().count(setting),
        count => count,
    }
}

/// Memory for caches and write buffers.
pub fn cache_bytes(given: &GivenSettings) -> Result<usize, ConfigError> {
    within(given, Setting::CacheBytes, CACHE_BYTES_MIN, CACHE_BYTES_MAX)
}

/// The largest request.
pub fn request_bytes_max(given: &GivenSettings) -> Result<usize, ConfigError> {
    above_zero(given, Setting::RequestBytesMax)?;
    within(given, Setting::RequestBytesMax, 1, REQUEST_BYTES_LIMIT_MAX)
}

/// Most operations in a transaction.
pub fn txn_operations_max(given: &GivenSettings) -> Result<usize, ConfigError> {
    above_zero(given, Setting::TxnOperationsMax)?;
    within(given, Setting::TxnOperationsMax, 1, TXN_OPERATIONS_LIMIT_MAX)
}

/// How often watchers hear of progress; 0 means the default, as in etcd.
pub fn watch_progress_interval(
    given: &GivenSettings,
    notices: &mut Vec<String>,
) -> Result<Duration, ConfigError> {
    let setting = Setting::WatchProgressInterval;
    let nanoseconds = match given.duration_nanoseconds(setting) {
        0 => GivenSettings::default().duration_nanoseconds(setting),
        nanoseconds => nanoseconds,
    };
    let Ok(nanoseconds) = u64::try_from(nanoseconds) else {
        let error = SettingError::NegativeDuration { text: typed(given, setting) };
        return Err(ConfigError::Setting { origin: given.origin(setting), error });
    };
    let interval = Duration::from_nanos(nanoseconds);
    if interval < WATCH_PROGRESS_INTERVAL_MIN {
        let shortest = WATCH_PROGRESS_INTERVAL_MIN.as_millis();
        notices.push(format!("{} is raised to the shortest interval, {shortest}ms", given.origin(setting)));
    }
    Ok(interval.max(WATCH_PROGRESS_INTERVAL_MIN))
}

/// How connections by HTTP/2 are held. As in etcd, what is not above zero means the default, and a server does not ping
/// more often than once a second.
pub fn http2(given: &GivenSettings) -> Http2Settings {
    let defaults = Http2Settings::default();
    let above_zero = |setting| {
        let nanoseconds = u64::try_from(given.duration_nanoseconds(setting)).unwrap_or(0);
        Some(Duration::from_nanos(nanoseconds)).filter(|duration| !duration.is_zero())
    };
    let streams_max = u32::try_from(given.count(Setting::ConcurrentStreamsMax)).unwrap_or(u32::MAX);
    let keepalive = above_zero(Setting::KeepaliveInterval).zip(above_zero(Setting::KeepaliveTimeout));
    let (keepalive_interval, keepalive_timeout) =
        keepalive.unwrap_or((defaults.keepalive_interval, defaults.keepalive_timeout));
    Http2Settings {
        streams_max: if streams_max == 0 { defaults.streams_max } else { streams_max },
        keepalive_interval: keepalive_interval.max(HTTP2_KEEPALIVE_INTERVAL_MIN),
        keepalive_timeout,
    }
}

/// History that compacts itself away. A number without unit is hours or revisions, by the mode.
pub fn auto_compaction(given: &GivenSettings) -> Result<Option<AutoCompaction>, ConfigError> {
    let text = given.text(Setting::AutoCompactionRetention);
    let is_by_revision = given.text(Setting::AutoCompactionMode) == "revision";
    let number = parse_count(&text).ok();
    let compaction = if is_by_revision {
        number.and_then(|revisions| i64::try_from(revisions).ok()).map(AutoCompaction::Revision)
    } else {
        let hours =
            number.and_then(|hours| i64::try_from(hours).ok()).and_then(|hours| hours.checked_mul(3600));
        let nanoseconds = match hours {
            Some(seconds) => seconds.checked_mul(1_000_000_000),
            None => parse_duration_nanoseconds(&text).ok(),
        };
        nanoseconds
            .and_then(|n| u64::try_from(n).ok())
            .map(Duration::from_nanos)
            .map(AutoCompaction::Periodic)
    };
    match compaction {
        Some(AutoCompaction::Periodic(Duration::ZERO) | AutoCompaction::Revision(0)) => Ok(None),
        Some(compaction) => Ok(Some(compaction)),
        // An empty text is etcd's way to leave it off.
        None if text.is_empty() => Ok(None),
        None => {
            let error = if is_by_revision {
                SettingError::RevisionRetention { text }
            } else {
                SettingError::PeriodicRetention { text }
            };
            Err(ConfigError::Setting { origin: given.origin(Setting::AutoCompactionRetention), error })
        }
    }
}

fn above_zero(given: &GivenSettings, setting: Setting) -> Result<u64, ConfigError> {
    let count = given.count(setting);
    if count == 0 {
        let error = SettingError::Zero { default: flags::of(setting).default };
        return Err(ConfigError::Setting { origin: given.origin(setting), error });
    }
    Ok(count)
}

fn within(
    given: &GivenSettings,
    setting: Setting,
    smallest: u64,
    largest: u64,
) -> Result<usize, ConfigError> {
    let number = given.count(setting);
    let error = if number < smallest {
        SettingError::TooSmall { number, smallest }
    } else if number > largest {
        SettingError::TooLarge { number, largest }
    } else {
        return Ok(usize::try_from(number).expect("the largest number fits the machine"));
    };
    Err(ConfigError::Setting { origin: given.origin(setting), error })
}

fn typed(given: &GivenSettings, setting: Setting) -> String {
    given.get(flags::of(setting).name).map(|given| given.text.clone()).unwrap_or_default()
}
