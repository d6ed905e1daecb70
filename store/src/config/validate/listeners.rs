//! Which addresses are listened on. Pure: whether a port is free shows when it is bound.

use super::SettingError;
use crate::config::config::{ListenAddress, ListenUrl, Listeners};
use crate::config::error::ConfigError;
use crate::config::flags::Setting;
use crate::config::given::GivenSettings;
use crate::config::urls::Url;

/// All listeners.
pub fn listeners(given: &GivenSettings) -> Result<Listeners, ConfigError> {
    let mut taken: Vec<(Url, Setting)> = Vec::new();
    let mut of = |setting| -> Result<Vec<ListenUrl>, ConfigError> {
        let urls = given.urls(setting);
        check_hosts(given, setting, &urls)?;
        for url in &urls {
            check_free(given, setting, url, &taken)?;
        }
        taken.extend(urls.iter().map(|url| (url.clone(), setting)));
        let listen =
            |url: Url| ListenUrl { text: url.text, address: url.address, is_encrypted: url.is_encrypted };
        Ok(urls.into_iter().map(listen).collect())
    };
    let client = of(Setting::ListenClientUrls)?;
    let client_http = of(Setting::ListenClientHttpUrls)?;
    let peer = of(Setting::ListenPeerUrls)?;
    let metrics = of(Setting::ListenMetricsUrls)?;
    check_tcp(given, Setting::ListenPeerUrls, &given.urls(Setting::ListenPeerUrls))?;
    Ok(Listeners { client, client_http, peer, metrics })
}

/// Refuses Unix sockets.
pub fn check_tcp(given: &GivenSettings, setting: Setting, urls: &[Url]) -> Result<(), ConfigError> {
    let Some(url) = urls.iter().find(|url| url.host().is_none()) else { return Ok(()) };
    let error = SettingError::SocketBetweenMembers { url: url.text.clone() };
    Err(ConfigError::Setting { origin: given.origin(setting), error })
}

/// As etcd does, takes no host names: what a name resolves to can change between two starts.
fn check_hosts(given: &GivenSettings, setting: Setting, urls: &[Url]) -> Result<(), ConfigError> {
    for url in urls {
        let ListenAddress::Tcp { host, port } = &url.address else { continue };
        if host != "localhost" && url.ip().is_none() {
            let error = SettingError::ListenHost { url: url.text.clone(), host: host.clone(), port: *port };
            return Err(ConfigError::Setting { origin: given.origin(setting), error });
        }
    }
    Ok(())
}

fn check_free(
    given: &GivenSettings,
    setting: Setting,
    url: &Url,
    taken: &[(Url, Setting)],
) -> Result<(), ConfigError> {
    // Port 0 is a different one each time.
    let clash = taken.iter().find(|(other, _)| other.address == url.address && url.port() != Some(0));
    let Some((_, other)) = clash else { return Ok(()) };
    let error = SettingError::SameAddress { url: url.text.clone(), other: given.origin(*other).to_string() };
    Err(ConfigError::Setting { origin: given.origin(setting), error })
}
