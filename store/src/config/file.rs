//! The configuration file: YAML with the keys of etcd's. Pure: the text is handed in.

use serde_yaml::{Mapping, Value as Yaml};

use super::error::ConfigError;
use super::flags::{self, Flag};
use super::given::GivenSettings;
use super::origin::Origin;
use super::value::{Kind, Value};

/// Keys of a section and the flags that say the same.
type SectionKeys = &'static [(&'static str, &'static str)];

/// Sections with their keys.
const SECTIONS: &[(&str, SectionKeys)] = &[
    (
        "client-transport-security",
        &[
            ("cert-file", "cert-file"),
            ("key-file", "key-file"),
            ("client-cert-file", "client-cert-file"),
            ("client-key-file", "client-key-file"),
            ("client-cert-auth", "client-cert-auth"),
            ("trusted-ca-file", "trusted-ca-file"),
            ("auto-tls", "auto-tls"),
            ("allowed-cn", "client-cert-allowed-cn"),
            ("allowed-hostname", "client-cert-allowed-hostname"),
        ],
    ),
    (
        "peer-transport-security",
        &[
            ("cert-file", "peer-cert-file"),
            ("key-file", "peer-key-file"),
            ("client-cert-file", "peer-client-cert-file"),
            ("client-key-file", "peer-client-key-file"),
            ("client-cert-auth", "peer-client-cert-auth"),
            ("trusted-ca-file", "peer-trusted-ca-file"),
            ("auto-tls", "peer-auto-tls"),
            ("allowed-cn", "peer-cert-allowed-cn"),
            ("skip-client-san-verification", "peer-skip-client-san-verification"),
            ("allowed-hostname", "peer-cert-allowed-hostname"),
        ],
    ),
    ("socket-options", &[("reuse-port", "socket-reuse-port"), ("reuse-address", "socket-reuse-address")]),
    ("discovery-config", &[("token", "discovery-token"), ("endpoints", "discovery-endpoints")]),
];

/// Keys of files written for etcd before 3.6 that never changed what a server keeps.
const KEYS_OF_OLD: [&str; 5] = [
    "proxy-failure-wait",
    "proxy-refresh-interval",
    "proxy-dial-timeout",
    "proxy-write-timeout",
    "proxy-read-timeout",
];

/// A key that etcd takes for both sections and heeds in the other.
const ADDRESSES_OF_CLIENTS: (&str, &str) = ("client-transport-security", "skip-client-san-verification");

/// Settings from a file, and what is to be said about it.
#[derive(Debug, Default)]
pub struct FileSettings {
    /// The settings.
    pub given: GivenSettings,
    /// Sentences for the log.
    pub notices: Vec<String>,
}

/// Reads the text of the configuration file at `path`.
///
/// # Errors
/// When it is no YAML, has an unknown key, or a value that does not have its setting's form.
pub fn read_file(path: &str, text: &str) -> Result<FileSettings, ConfigError> {
    let syntax = |reason: String| ConfigError::FileSyntax { path: path.to_owned(), reason };
    let document: Yaml = serde_yaml::from_str(text).map_err(|error| syntax(error.to_string()))?;
    let reader = Reader { path, text };
    let mut settings = FileSettings::default();
    match document {
        Yaml::Null => {}
        Yaml::Mapping(mapping) => reader.read_top(&mapping, &mut settings)?,
        _ => return Err(syntax("it is no list of keys and values".to_owned())),
    }
    Ok(settings)
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn read_top(&self, mapping: &Mapping, settings: &mut FileSettings) -> Result<(), ConfigError> {
        for (key, value) in mapping {
            let key = self.key(None, key)?;
            let origin = self.origin(None, &key);
            if let Some((section, keys)) = SECTIONS.iter().find(|(section, _)| *section == key) {
                match value {
                    Yaml::Null => {}
                    Yaml::Mapping(inner) => self.read_section(section, keys, inner, settings)?,
                    _ => {
                        return Err(ConfigError::FileValue {
                            origin,
                            expected: "keys and values, indented below it",
                        });
                    }
                }
            } else if KEYS_OF_OLD.contains(&key.as_str()) {
                settings.notices.push(format!("{origin} has no effect: etcd dropped this long ago"));
            } else {
                let Some(flag) = find(&key) else {
                    // `config-file` and the like are flags and still no keys.
                    let nearest = flags::nearest(&key).filter(|nearest| *nearest != key);
                    return Err(ConfigError::UnknownKey { origin, nearest });
                };
                give(flag, value, origin, &mut settings.given)?;
            }
        }
        Ok(())
    }

    fn read_section(
        &self,
        section: &str,
        keys: SectionKeys,
        mapping: &Mapping,
        settings: &mut FileSettings,
    ) -> Result<(), ConfigError> {
        for (key, value) in mapping {
            let key = self.key(Some(section), key)?;
            let origin = self.origin(Some(section), &key);
            if (section, key.as_str()) == ADDRESSES_OF_CLIENTS {
                settings
                    .notices
                    .push(format!("{origin} has no effect: clients may connect from any address"));
                continue;
            }
            let flag = keys.iter().find(|(known, _)| *known == key).and_then(|(_, name)| flags::find(name));
            let Some(flag) = flag else { return Err(ConfigError::UnknownKey { origin, nearest: None }) };
            give(flag, value, origin, &mut settings.given)?;
        }
        Ok(())
    }

    fn key(&self, section: Option<&str>, key: &Yaml) -> Result<String, ConfigError> {
        let Some(text) = scalar(key) else {
            let origin = self.origin(None, section.unwrap_or("a key"));
            return Err(ConfigError::FileValue { origin, expected: "a word for a key" });
        };
        Ok(text)
    }

    fn origin(&self, section: Option<&str>, key: &str) -> Origin {
        let full_key = section.map_or_else(|| key.to_owned(), |section| format!("{section}.{key}"));
        Origin::File { path: self.path.to_owned(), key: full_key, line: line_of(self.text, section, key) }
    }
}

fn find(key: &str) -> Option<&'static Flag> {
    flags::find(key).filter(|flag| flag.is_a_setting() && flag.name != "config-file")
}

fn give(
    flag: &'static Flag,
    value: &Yaml,
    origin: Origin,
    given: &mut GivenSettings,
) -> Result<(), ConfigError> {
    let is_list = matches!(flag.kind, Kind::List | Kind::Urls | Kind::Gates);
    let text = match value {
        // A key without value is one that is not there.
        Yaml::Null => return Ok(()),
        // etcd writes durations as whole nanoseconds.
        Yaml::Number(number) if flag.kind == Kind::Duration && number.is_i64() => {
            let nanoseconds = number.as_i64().unwrap_or_default();
            given.give_value(flag, Value::Duration(nanoseconds), &number.to_string(), origin);
            return Ok(());
        }
        Yaml::Sequence(entries) if is_list => {
            entries.iter().map(scalar).collect::<Option<Vec<_>>>().map(|all| all.join(","))
        }
        value => scalar(value),
    };
    let expected = if is_list { "a text or a list of texts" } else { "a single value" };
    let text = text.ok_or_else(|| ConfigError::FileValue { origin: origin.clone(), expected })?;
    given.give(flag, &text, origin)
}

fn scalar(value: &Yaml) -> Option<String> {
    match value {
        Yaml::String(text) => Some(text.clone()),
        Yaml::Number(number) => Some(number.to_string()),
        Yaml::Bool(is_on) => Some(is_on.to_string()),
        _ => None,
    }
}

/// The line that begins with `key`, inside `section` if there is one. `None` where the file is written in another style
/// than a key a line.
fn line_of(text: &str, section: Option<&str>, key: &str) -> Option<usize> {
    let mut lines = text.lines().enumerate();
    if let Some(section) = section {
        lines.find(|(_, line)| begins_with_key(line, section))?;
        let is_inside = |line: &str| line.starts_with([' ', '\t', '#']) || line.trim().is_empty();
        let mut inside = lines.take_while(|(_, line)| is_inside(line));
        return inside.find(|(_, line)| begins_with_key(line.trim_start(), key)).map(|(index, _)| index + 1);
    }
    lines.find(|(_, line)| begins_with_key(line, key)).map(|(index, _)| index + 1)
}

fn begins_with_key(line: &str, key: &str) -> bool {
    let bare = line.trim_start_matches(['"', '\'']);
    bare.strip_prefix(key)
        .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::read_file;
    use crate::config::flags::Setting;

    fn message(text: &str) -> String {
        match read_file("c.yaml", text) {
            Ok(settings) => settings.given.notices().unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn reads_etcds_keys() {
        let text = "\
name: 7
data-dir:
listen-client-urls: http://localhost:1,http://localhost:2
listen-peer-urls: [http://localhost:3]
heartbeat-interval: 50
watch-progress-notify-interval: 600000000
auto-compaction-retention: 5
enable-grpc-gateway: false
log-outputs: [stderr, /var/log/a]
cors: \"*\"
proxy-failure-wait: 5000
socket-options:
  reuse-port: false
client-transport-security:
  cert-file:
  client-cert-auth: false
  allowed-cn: [a, b]
  skip-client-san-verification: true
";
        let settings = read_file("c.yaml", text).unwrap();
        let given = &settings.given;
        assert_eq!(given.text(Setting::Name), "7");
        assert!(!given.is_given(Setting::DataDir));
        assert_eq!(given.urls(Setting::ListenClientUrls).len(), 2);
        assert_eq!(given.urls(Setting::ListenPeerUrls)[0].text, "http://localhost:3");
        assert_eq!(given.count(Setting::HeartbeatInterval), 50);
        assert_eq!(given.duration_nanoseconds(Setting::WatchProgressInterval), 600_000_000);
        assert_eq!(given.text(Setting::AutoCompactionRetention), "5");
        assert!(!given.is_on(Setting::HasGateway));
        assert_eq!(given.list(Setting::ClientCertAllowedCn), ["a", "b"]);
        assert!(given.list(Setting::PeerCertAllowedCn).is_empty());
        assert_eq!(given.list(Setting::LogOutputs), ["stderr", "/var/log/a"]);
        assert_eq!(given.notices().unwrap(), Vec::<String>::new());
        assert_eq!(
            settings.notices,
            [
                "proxy-failure-wait (c.yaml, line 11) has no effect: etcd dropped this long ago",
                "client-transport-security.skip-client-san-verification (c.yaml, line 18) has no effect: clients may \
                 connect from any address",
            ]
        );
        assert!(read_file("c.yaml", "# nothing\n").unwrap().given.iter().next().is_none());
        let text = "watch-progress-notify-interval: 10m\n";
        let settings = read_file("c.yaml", text).unwrap();
        assert_eq!(settings.given.duration_nanoseconds(Setting::WatchProgressInterval), 600_000_000_000);
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, expected) in [
            (
                "name: a\nnam: b\n",
                "nam (c.yaml, line 2): unknown key, did you mean name?; keys are the names of flags without dashes",
            ),
            (
                "{name: a, version: true}",
                "version (c.yaml): unknown key; keys are the names of flags without dashes",
            ),
            (
                "name: a\n\n\"heartbeat-interval\": fast\n",
                "heartbeat-interval (c.yaml, line 3): \"fast\" is not a whole number; write digits only, such as 1000",
            ),
            ("name: [a]\n", "name (c.yaml, line 1): expected a single value"),
            ("cors: {a: b}\n", "cors (c.yaml, line 1): expected a text or a list of texts"),
            (
                "peer-transport-security: yes\n",
                "peer-transport-security (c.yaml, line 1): expected keys and values, indented below it",
            ),
            (
                "name: a\npeer-transport-security:\n  # keys\n  auto-tls: maybe\n",
                "peer-transport-security.auto-tls (c.yaml, line 4): \"maybe\" is neither true nor false",
            ),
            (
                "peer-transport-security:\n  certfile: p.pem\n",
                "peer-transport-security.certfile (c.yaml, line 2): unknown key; keys are the names of flags without \
                 dashes",
            ),
            (
                "just words",
                "configuration file \"c.yaml\": it is no list of keys and values; expected lines such as \"name: node1\"",
            ),
            (
                "name: a\nname: b\n",
                "configuration file \"c.yaml\": duplicate entry with key \"name\"; expected lines such as \"name: node1\"",
            ),
        ] {
            assert_eq!(message(text), expected);
        }
        assert!(message("name: [a\n").contains("at line 2"), "{}", message("name: [a\n"));
    }
}
