//! From what was given to a valid `Config`: what values mean, alone and together. Pure.

mod auth;
mod cluster;
mod error;
mod first_start;
mod listeners;
mod logs;
mod numbers;
mod tls;

use std::path::{Path, PathBuf};

use holdfast_consensus::handle::{ConsensusConfig, MembershipRules};

use super::config::{Config, HttpSettings};
use super::error::ConfigError;
use super::flags::Setting;
use super::given::GivenSettings;
use super::persona::Persona;
use crate::node::NodeSettings;

pub use error::{ClusterError, SettingError};

/// Makes the configuration; `notices` come before those found here. What concerns a first start alone is not held
/// against a member whose folder `holds_member` already.
///
/// # Errors
/// The first thing that is wrong.
pub fn validate(
    given: &GivenSettings,
    persona: Persona,
    mut notices: Vec<String>,
    holds_member: &dyn Fn(&Path) -> bool,
) -> Result<Config, ConfigError> {
    notices.extend(given.notices()?);
    let name = member_name(given)?;
    let listeners = listeners::listeners(given)?;
    let data_dir = data_dir(given, persona, &name);
    let tls = tls::tls(given, &listeners, &data_dir, &mut notices)?;
    let has_data = holds_member(&data_dir);
    let advertised = cluster::advertised(given, persona, &name, has_data, &mut notices)?;
    let first_start = match first_start::first_start(given, &name, &advertised.peers, &mut notices) {
        Ok(first_start) => Some(first_start),
        Err(error) if has_data => {
            notices
                .push(format!("{error} (without effect now: the member in {} decides)", data_dir.display()));
            None
        }
        Err(error) => return Err(error),
    };
    let timing = numbers::timing(given)?;
    let consensus = ConsensusConfig {
        founding: None,
        expected_cluster: first_start::expected_cluster(given)?,
        membership: MembershipRules {
            is_strict: given.is_on(Setting::StrictReconfigCheck),
            learners_max: usize::try_from(given.integer(Setting::LearnersMax)).unwrap_or(0),
        },
        data_dir,
        heartbeat_interval: timing.heartbeat_interval,
        election_timeout: timing.election_timeout,
        snapshot_entries: numbers::or_default(given, Setting::SnapshotCount),
        catch_up_entries: numbers::or_default(given, Setting::SnapshotCatchUpEntries),
        cache_bytes: numbers::cache_bytes(given)?,
        secure_dial: None,
    };
    let node = NodeSettings {
        has_own_name: persona == Persona::Etcd || given.is_given(Setting::Name),
        name,
        advertise_client_urls: advertised.clients.into_iter().map(|url| url.text).collect(),
        quota_bytes: u64::try_from(given.integer(Setting::QuotaBytes)).unwrap_or(0),
        election_timeout: timing.election_timeout,
        heartbeat_interval: timing.heartbeat_interval,
        request_bytes_max: numbers::request_bytes_max(given)?,
        txn_operations_max: numbers::txn_operations_max(given)?,
        auth: auth::auth(given, &mut notices)?,
        watch_progress_interval: numbers::watch_progress_interval(given, &mut notices)?,
    };
    Ok(Config {
        node,
        consensus,
        first_start,
        is_first_start_given: first_start::is_given(given),
        listeners,
        tls,
        auto_compaction: numbers::auto_compaction(given)?,
        logs: logs::logs(given, persona, &mut notices),
        http: http(given),
        http2: numbers::http2(given),
        is_etcd: persona == Persona::Etcd,
        notices,
    })
}

fn member_name(given: &GivenSettings) -> Result<String, ConfigError> {
    let name = given.text(Setting::Name);
    let origin = || given.origin(Setting::Name);
    if name.is_empty() {
        return Err(ConfigError::Setting { origin: origin(), error: SettingError::NameEmpty });
    }
    if name.contains(|c: char| matches!(c, ',' | '=') || c.is_control()) {
        return Err(ConfigError::Setting { origin: origin(), error: SettingError::NameCharacter { name } });
    }
    Ok(name)
}

fn data_dir(given: &GivenSettings, persona: Persona, name: &str) -> PathBuf {
    let typed = given.text(Setting::DataDir);
    if typed.is_empty() { PathBuf::from(format!("{name}.{}", persona.name())) } else { PathBuf::from(typed) }
}

fn http(given: &GivenSettings) -> HttpSettings {
    HttpSettings {
        has_gateway: given.is_on(Setting::HasGateway),
        cors_origins: all_or(given.list(Setting::Cors)),
        host_whitelist: all_or(given.list(Setting::HostWhitelist)),
        has_extensive_metrics: given.text(Setting::Metrics) == "extensive",
    }
}

/// An empty list and one with `*` in it allow everything.
fn all_or(list: Vec<String>) -> Vec<String> {
    if list.is_empty() || list.iter().any(|entry| entry == "*") { vec!["*".to_owned()] } else { list }
}
