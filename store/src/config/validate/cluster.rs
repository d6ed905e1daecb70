//! What this member tells others about itself, and how `--initial-cluster` is read. Pure; resolves no name.

use std::collections::{BTreeMap, BTreeSet};

use super::listeners::check_tcp;
use super::{ClusterError, SettingError};
use crate::config::error::ConfigError;
use crate::config::flags::Setting;
use crate::config::given::GivenSettings;
use crate::config::origin::Origin;
use crate::config::persona::Persona;
use crate::config::urls::Url;
use crate::config::value::ValueError;

const DEFAULT_PEER_URL: &str = "http://localhost:2380";
const DEFAULT_CLIENT_URL: &str = "http://localhost:2379";

/// What this member tells others about itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Advertised {
    /// Where other members reach it.
    pub peers: Vec<Url>,
    /// Where clients reach it.
    pub clients: Vec<Url>,
}

/// Where others reach this member: as given, else as listened on. etcd takes its defaults instead, and wants to be told
/// where clients reach a member that listens elsewhere.
pub fn advertised(
    given: &GivenSettings,
    persona: Persona,
    name: &str,
    has_data: bool,
    notices: &mut Vec<String>,
) -> Result<Advertised, ConfigError> {
    let peers = peer_urls(given, persona, name, has_data, notices)?;
    let clients = client_urls(given, persona)?;
    Ok(Advertised { peers, clients })
}

fn peer_urls(
    given: &GivenSettings,
    persona: Persona,
    name: &str,
    has_data: bool,
    notices: &mut Vec<String>,
) -> Result<Vec<Url>, ConfigError> {
    if given.is_given(Setting::AdvertisePeerUrls) {
        let urls = given.urls(Setting::AdvertisePeerUrls);
        check_advertised(given, Setting::AdvertisePeerUrls, &urls)?;
        check_tcp(given, Setting::AdvertisePeerUrls, &urls)?;
        return Ok(urls);
    }
    let default = vec![known_url(DEFAULT_PEER_URL)];
    if persona == Persona::Etcd {
        return Ok(default);
    }
    if given.is_given(Setting::InitialCluster) {
        let mut listed = match parse_initial_cluster(given, name) {
            Err(_) if has_data => BTreeMap::new(),
            listed => listed?,
        };
        // Without this member in it, the cluster is refused later and these URLs are not used.
        return Ok(listed.remove(name).unwrap_or(default));
    }
    let listened = given.urls(Setting::ListenPeerUrls);
    if !listened.iter().any(Url::is_wildcard) {
        return Ok(listened);
    }
    let port = listened.first().and_then(Url::port).unwrap_or_default();
    let scheme = if listened.iter().any(|url| url.is_encrypted) { "https" } else { "http" };
    let url = known_url(&format!("{scheme}://localhost:{port}"));
    if !has_data {
        notices.push(format!(
            "other members cannot reach {}; give --initial-advertise-peer-urls before this cluster gets more members",
            url.text
        ));
    }
    Ok(vec![url])
}

fn client_urls(given: &GivenSettings, persona: Persona) -> Result<Vec<Url>, ConfigError> {
    if given.is_given(Setting::AdvertiseClientUrls) {
        let urls = given.urls(Setting::AdvertiseClientUrls);
        check_advertised(given, Setting::AdvertiseClientUrls, &urls)?;
        return Ok(urls);
    }
    if !given.is_given(Setting::ListenClientUrls) {
        return Ok(vec![known_url(DEFAULT_CLIENT_URL)]);
    }
    let origin = given.origin(Setting::ListenClientUrls);
    // etcd asks for them on the command line only.
    if persona == Persona::Etcd && matches!(origin, Origin::File { .. }) {
        return Ok(vec![known_url(DEFAULT_CLIENT_URL)]);
    }
    let listened = given.urls(Setting::ListenClientUrls);
    if persona == Persona::Etcd || listened.iter().any(Url::is_wildcard) {
        let port = listened.iter().find_map(Url::port).unwrap_or(2379);
        let error = SettingError::AdvertiseClientUrlsMissing { port };
        return Err(ConfigError::Setting { origin, error });
    }
    Ok(listened)
}

/// Says when other members are likely not to reach this one. Only a notice: ports and addresses may be mapped on the way.
pub fn notice_unreachable(given: &GivenSettings, advertised: &[Url], notices: &mut Vec<String>) {
    let listened = given.urls(Setting::ListenPeerUrls);
    let reaches = |advertised: &Url, listened: &Url| {
        let is_port = listened.port() == Some(0) || listened.port() == advertised.port();
        is_port && (!listened.is_loopback() || advertised.is_loopback())
    };
    let unreachable = advertised.iter().find(|url| !listened.iter().any(|listened| reaches(url, listened)));
    if let Some(url) = unreachable {
        notices.push(format!(
            "other members are told {}, and this one listens on {}; if nothing forwards from there, change {}",
            url.text,
            joined(&listened),
            given.origin(Setting::ListenPeerUrls)
        ));
    }
}

fn known_url(text: &str) -> Url {
    Url::parse(text).expect("a URL written here is one")
}

fn check_advertised(given: &GivenSettings, setting: Setting, urls: &[Url]) -> Result<(), ConfigError> {
    for url in urls {
        let error = match (url.host(), url.port()) {
            (Some(""), _) => SettingError::AdvertisedHost { url: url.text.clone() },
            (_, Some(0)) => SettingError::AdvertisedPort { url: url.text.clone() },
            _ => continue,
        };
        return Err(ConfigError::Setting { origin: given.origin(setting), error });
    }
    Ok(())
}

/// URLs by name; a name that comes several times has several URLs.
pub fn parse_initial_cluster(
    given: &GivenSettings,
    own_name: &str,
) -> Result<BTreeMap<String, Vec<Url>>, ConfigError> {
    let origin = given.origin(Setting::InitialCluster);
    let text = given.text(Setting::InitialCluster);
    let mut owners: BTreeMap<Url, &str> = BTreeMap::new();
    let mut members: BTreeMap<String, Vec<Url>> = BTreeMap::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let Some((name, url)) =
            entry.split_once('=').filter(|(name, url)| !name.is_empty() && !url.is_empty())
        else {
            return Err(bad_entry(given, entry, own_name).into());
        };
        let url = Url::parse(url).map_err(|error| ConfigError::Malformed {
            origin: origin.clone(),
            error: ValueError::Url(error),
        })?;
        check_advertised(given, Setting::InitialCluster, std::slice::from_ref(&url))?;
        check_tcp(given, Setting::InitialCluster, std::slice::from_ref(&url))?;
        if let Some(first) = owners.insert(url.clone(), name) {
            let error = ClusterError::DuplicateUrl {
                origin: origin.to_string(),
                url: url.text,
                first: first.to_owned(),
                second: name.to_owned(),
            };
            return Err(error.into());
        }
        members.entry(name.to_owned()).or_default().push(url);
    }
    for urls in members.values_mut() {
        urls.sort();
    }
    Ok(members)
}

fn bad_entry(given: &GivenSettings, entry: &str, own_name: &str) -> ClusterError {
    let typed_name = entry.trim_end_matches('=');
    let is_a_name = !typed_name.is_empty() && !typed_name.contains(['=', ':', '/']);
    let name = if is_a_name { typed_name } else { own_name };
    ClusterError::Entry {
        origin: given.origin(Setting::InitialCluster).to_string(),
        entry: entry.to_owned(),
        name: name.to_owned(),
    }
}

pub fn check_own(
    given: &GivenSettings,
    name: &str,
    own_urls: &[Url],
    listed: &BTreeMap<String, Vec<Url>>,
) -> Result<(), ClusterError> {
    let origin = given.origin(Setting::InitialCluster).to_string();
    let Some(urls) = listed.get(name) else {
        let cluster = given.text(Setting::InitialCluster);
        return Err(ClusterError::OwnNameMissing { origin, name: name.to_owned(), cluster });
    };
    if comparable(urls) == comparable(own_urls) {
        return Ok(());
    }
    let name = name.to_owned();
    Err(ClusterError::OwnUrlsDiffer { origin, name, listed: joined(urls), advertised: joined(own_urls) })
}

/// etcd resolves names before it compares; `localhost` is the only one that can be resolved without asking anyone.
fn comparable(urls: &[Url]) -> BTreeSet<String> {
    urls.iter()
        .map(|url| match (url.host(), url.port()) {
            (Some("localhost"), Some(port)) => {
                let scheme = if url.is_encrypted { "https" } else { "http" };
                format!("{scheme}://127.0.0.1:{port}")
            }
            _ => url.text.clone(),
        })
        .collect()
}

fn joined(urls: &[Url]) -> String {
    urls.iter().map(|url| url.text.as_str()).collect::<Vec<_>>().join(",")
}
