//! What was given for each flag, with its default beside it. Must not know where the texts came from, nor what they
//! mean together.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::flags::{self, Effect, Flag, Setting};
use super::origin::Origin;
use super::urls::Url;
use super::value::Value;

/// One value that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The value.
    pub value: Value,
    /// The text it was read from.
    pub text: String,
    /// Where it was given.
    pub origin: Origin,
}

/// All values that were given, at most one for each flag.
#[derive(Debug, Clone, Default)]
pub struct GivenSettings {
    by_name: BTreeMap<&'static str, (&'static Flag, Given)>,
}

impl GivenSettings {
    /// Takes a value for `flag`; an earlier one is forgotten.
    ///
    /// # Errors
    /// `Malformed` when `text` does not have the flag's form.
    pub fn give(&mut self, flag: &'static Flag, text: &str, origin: Origin) -> Result<(), ConfigError> {
        let value = flag
            .kind
            .parse(text)
            .map_err(|error| ConfigError::Malformed { origin: origin.clone(), error })?;
        self.give_value(flag, value, text, origin);
        Ok(())
    }

    /// Takes a value that has been read already.
    pub fn give_value(&mut self, flag: &'static Flag, value: Value, text: &str, origin: Origin) {
        self.by_name.insert(flag.name, (flag, Given { value, text: text.to_owned(), origin }));
    }

    /// Everything that was given, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Flag, &Given)> {
        self.by_name.values().map(|(flag, given)| (*flag, given))
    }

    /// What was given for the flag of this name.
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.by_name.get(name).map(|(_, given)| given)
    }

    /// Takes everything from `stronger`; what was given for the same flags is forgotten.
    pub fn extend(&mut self, stronger: GivenSettings) {
        self.by_name.extend(stronger.by_name);
    }

    /// Whether a value that is not empty was given.
    pub fn is_given(&self, setting: Setting) -> bool {
        self.get(flags::of(setting).name).is_some_and(|given| !given.text.trim().is_empty())
    }

    /// Where `setting` was given; its flag when it was not.
    pub fn origin(&self, setting: Setting) -> Origin {
        let name = flags::of(setting).name;
        self.get(name).map_or(Origin::Flag(name), |given| given.origin.clone())
    }

    /// The value of `setting`, its default when none was given. As in etcd, an empty list of URLs is no value.
    fn value(&self, setting: Setting) -> Value {
        let flag = flags::of(setting);
        match self.get(flag.name) {
            Some(given) if given.value != Value::Urls(Vec::new()) => given.value.clone(),
            _ => {
                flag.kind.parse(flag.default).expect("defaults have the form of their flag; a test reads all")
            }
        }
    }

    /// A text, path or word.
    pub fn text(&self, setting: Setting) -> String {
        match self.value(setting) {
            Value::Text(text) => text,
            other => mismatch(setting, &other),
        }
    }

    /// Texts that were separated by commas.
    pub fn list(&self, setting: Setting) -> Vec<String> {
        match self.value(setting) {
            Value::List(list) => list,
            other => mismatch(setting, &other),
        }
    }

    /// URLs, sorted.
    pub fn urls(&self, setting: Setting) -> Vec<Url> {
        match self.value(setting) {
            Value::Urls(urls) => urls,
            other => mismatch(setting, &other),
        }
    }

    /// Yes or no.
    pub fn is_on(&self, setting: Setting) -> bool {
        match self.value(setting) {
            Value::Bool(is_on) => is_on,
            other => mismatch(setting, &other),
        }
    }

    /// A number from 0 on.
    pub fn count(&self, setting: Setting) -> u64 {
        match self.value(setting) {
            Value::Count(count) => count,
            other => mismatch(setting, &other),
        }
    }

    /// A number of either sign.
    pub fn integer(&self, setting: Setting) -> i64 {
        match self.value(setting) {
            Value::Integer(integer) => integer,
            other => mismatch(setting, &other),
        }
    }

    /// A duration in nanoseconds.
    pub fn duration_nanoseconds(&self, setting: Setting) -> i64 {
        match self.value(setting) {
            Value::Duration(nanoseconds) => nanoseconds,
            other => mismatch(setting, &other),
        }
    }

    /// Refuses what cannot be done without, and says what has no effect.
    ///
    /// # Errors
    /// `Refused` for the first flag by name that is refused.
    pub fn notices(&self) -> Result<Vec<String>, ConfigError> {
        let mut notices = Vec::new();
        for (flag, given) in self.iter() {
            let default = flag.kind.parse(flag.default);
            match flag.effect {
                Effect::Sets { .. } => {}
                _ if default.as_ref() == Ok(&given.value) && flag.kind.has_default() => {}
                Effect::Ignored(reason) => notices.push(format!("{} has no effect: {reason}", given.origin)),
                Effect::Refused(reason) => {
                    return Err(ConfigError::Refused { origin: given.origin.clone(), reason });
                }
            }
        }
        Ok(notices)
    }
}

fn mismatch(setting: Setting, value: &Value) -> ! {
    unreachable!("{setting:?} is read in another form than its flag's, {value:?}; a test reads every setting")
}
