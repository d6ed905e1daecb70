//! Environment variables `HOLDFAST_<FLAG>` and `ETCD_<FLAG>`. Pure: the variables are handed in.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::flags::{self, Flag};
use super::given::GivenSettings;
use super::origin::Origin;

/// Prefixes, the weaker first.
const PREFIXES: [&str; 2] = ["ETCD_", "HOLDFAST_"];

/// Variables of the build, which say nothing to the server.
const BUILD_VARIABLES: [&str; 2] = ["HOLDFAST_CACHE_DIR", "HOLDFAST_TARGET_DIR"];

/// Settings from the environment, and what is to be said about the variables.
#[derive(Debug, Default)]
pub struct Environment {
    /// The settings.
    pub given: GivenSettings,
    /// Sentences for the log.
    pub notices: Vec<String>,
}

/// Reads the variables with one of the prefixes; those of flags in `typed` are passed over.
///
/// # Errors
/// `Malformed` when a value does not have its flag's form.
pub fn read_environment(
    variables: &BTreeMap<String, String>,
    typed: &GivenSettings,
) -> Result<Environment, ConfigError> {
    let mut environment = Environment::default();
    let mut unknown: Vec<&str> = Vec::new();
    for prefix in PREFIXES {
        for (variable, text) in variables {
            // As in etcd, an empty variable is one that is not set.
            let Some(rest) = variable.strip_prefix(prefix).filter(|_| !text.is_empty()) else { continue };
            if BUILD_VARIABLES.contains(&variable.as_str()) {
                continue;
            }
            let Some(flag) = flag_of(rest) else {
                unknown.push(variable);
                continue;
            };
            if typed.get(flag.name).is_some() {
                environment.notices.push(format!("{variable} has no effect: --{} is given", flag.name));
                continue;
            }
            if let Some(weaker) = environment.given.get(flag.name) {
                environment.notices.push(format!("{} has no effect: {variable} is set", weaker.origin));
            }
            environment.given.give(flag, text, Origin::Environment(variable.clone()))?;
        }
    }
    if !unknown.is_empty() {
        environment.notices.push(format!("no setting is called by these variables: {}", unknown.join(", ")));
    }
    Ok(environment)
}

/// The variable that sets `flag`, the stronger one if both do.
pub fn variable_of<'a>(
    variables: &'a BTreeMap<String, String>,
    flag: &'static Flag,
) -> Option<(&'a str, &'a str)> {
    let suffix = flag.name.to_ascii_uppercase().replace('-', "_");
    let set =
        PREFIXES.iter().rev().filter_map(|prefix| variables.get_key_value(&format!("{prefix}{suffix}")));
    set.map(|(variable, text)| (variable.as_str(), text.as_str())).find(|(_, text)| !text.is_empty())
}

/// All variables that set something, with the flag of each.
pub fn setting_variables(
    variables: &BTreeMap<String, String>,
) -> impl Iterator<Item = (&'static Flag, &str)> {
    variables.iter().filter(|(_, text)| !text.is_empty()).filter_map(|(variable, _)| {
        let rest = PREFIXES.iter().find_map(|prefix| variable.strip_prefix(prefix))?;
        Some((flag_of(rest)?, variable.as_str()))
    })
}

/// The flag that a variable without its prefix stands for.
fn flag_of(rest: &str) -> Option<&'static Flag> {
    // A variable is written in capitals only, so that `Etcd_name` does not count.
    if rest.contains(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    flags::find(&rest.to_ascii_lowercase().replace('_', "-")).filter(|flag| flag.is_a_setting())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::read_environment;
    use crate::config::flags::{self, Setting};
    use crate::config::given::GivenSettings;
    use crate::config::origin::Origin;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn flags_win_then_holdfast_then_etcd() {
        let variables = variables(&[
            ("ETCD_NAME", "weakest"),
            ("HOLDFAST_NAME", "stronger"),
            ("ETCD_DATA_DIR", "dir"),
            ("ETCD_HEARTBEAT_INTERVAL", "50"),
        ]);
        let mut typed = GivenSettings::default();
        typed.give(flags::of(Setting::HeartbeatInterval), "70", Origin::Flag("heartbeat-interval")).unwrap();
        let environment = read_environment(&variables, &typed).unwrap();
        assert_eq!(environment.given.text(Setting::Name), "stronger");
        assert_eq!(environment.given.text(Setting::DataDir), "dir");
        assert!(!environment.given.is_given(Setting::HeartbeatInterval));
        assert_eq!(
            environment.notices,
            [
                "ETCD_HEARTBEAT_INTERVAL has no effect: --heartbeat-interval is given",
                "ETCD_NAME has no effect: HOLDFAST_NAME is set",
            ]
        );
    }

    #[test]
    fn unknown_variables_are_named_once() {
        let variables = variables(&[
            ("ETCDCTL_API", "3"),
            ("ETCD_VERSION", "3.7.3"),
            ("HOLDFAST_CACHE_DIR", "/c"),
            ("HOLDFAST_NAME", ""),
            ("HOLDFAST_NAMES", "a"),
            ("HOLDFAST_TARGET_DIR", "/t"),
            ("HOLDFAST_name", "a"),
        ]);
        let environment = read_environment(&variables, &GivenSettings::default()).unwrap();
        assert!(environment.given.iter().next().is_none());
        assert_eq!(
            environment.notices,
            ["no setting is called by these variables: ETCD_VERSION, HOLDFAST_NAMES, HOLDFAST_name"]
        );
    }
}
