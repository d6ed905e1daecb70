//! What the TLS settings mean together. Pure: whether the files are any good shows when they are read.

use std::path::{Path, PathBuf};

use rustls_pki_types::ServerName;

use super::SettingError;
use crate::config::config::{ListenUrl, Listeners};
use crate::config::error::ConfigError;
use crate::config::flags::{self, Setting};
use crate::config::given::GivenSettings;
use crate::config::tls::{
    CertificateFiles, CertificateSource, CertificateUser, PortTls, SelfSigned, TlsProtocol, TlsSettings,
};
use crate::limits::SELF_SIGNED_YEARS_MAX;
use crate::tls::{Suite, find_suite};

/// The flags of one kind of port.
struct PortFlags {
    urls: Setting,
    certificate: Setting,
    key: Setting,
    auto: Setting,
    trusted_ca: Setting,
    demand: Setting,
    revoked: Setting,
    common_names: Setting,
    hostnames: Setting,
    outgoing: Option<(Setting, Setting)>,
    prefix: &'static str,
    folder: &'static str,
}

const CLIENTS: PortFlags = PortFlags {
    urls: Setting::ListenClientUrls,
    certificate: Setting::CertFile,
    key: Setting::KeyFile,
    auto: Setting::AutoTls,
    trusted_ca: Setting::TrustedCaFile,
    demand: Setting::ClientCertAuth,
    revoked: Setting::ClientCrlFile,
    common_names: Setting::ClientCertAllowedCn,
    hostnames: Setting::ClientCertAllowedHostname,
    outgoing: None,
    prefix: "",
    folder: "clients",
};

const PEERS: PortFlags = PortFlags {
    urls: Setting::ListenPeerUrls,
    certificate: Setting::PeerCertFile,
    key: Setting::PeerKeyFile,
    auto: Setting::PeerAutoTls,
    trusted_ca: Setting::PeerTrustedCaFile,
    demand: Setting::PeerClientCertAuth,
    revoked: Setting::PeerCrlFile,
    common_names: Setting::PeerCertAllowedCn,
    hostnames: Setting::PeerCertAllowedHostname,
    outgoing: Some((Setting::PeerClientCertFile, Setting::PeerClientKeyFile)),
    prefix: "peer-",
    folder: "peers",
};

/// TLS on all ports of `listeners`; certificates that this member makes are kept below `data_dir`.
pub fn tls(
    given: &GivenSettings,
    listeners: &Listeners,
    data_dir: &Path,
    notices: &mut Vec<String>,
) -> Result<TlsSettings, ConfigError> {
    let mut clients = port(given, &CLIENTS, &listeners.client, data_dir, notices)?;
    clients.user_name = user_name(given, notices);
    let mut peers = port(given, &PEERS, &listeners.peer, data_dir, notices)?;
    peers.checks_addresses = !given.is_on(Setting::PeerSkipClientSanVerification);
    if !peers.allowed_common_names.is_empty() && !peers.allowed_hostnames.is_empty() {
        let error = SettingError::Both { other: flags::of(Setting::PeerCertAllowedHostname).name };
        return Err(ConfigError::Setting { origin: given.origin(Setting::PeerCertAllowedCn), error });
    }
    for (setting, urls) in [
        (Setting::ListenMetricsUrls, &listeners.metrics),
        (Setting::ListenClientHttpUrls, &listeners.client_http),
    ] {
        check_has_certificate(given, setting, &CLIENTS, urls, &clients)?;
    }
    Ok(TlsSettings { clients, peers, protocol: protocol(given, notices)? })
}

fn port(
    given: &GivenSettings,
    flags: &PortFlags,
    urls: &[ListenUrl],
    data_dir: &Path,
    notices: &mut Vec<String>,
) -> Result<PortTls, ConfigError> {
    let files = pair(given, flags.certificate, flags.key)?;
    let is_auto = given.is_on(flags.auto);
    if is_auto && files.is_some() {
        notices.push(format!("{} has no effect: a certificate was given", given.origin(flags.auto)));
    }
    let certificate = match files {
        Some(files) => Some(CertificateSource::Files(files)),
        None if is_auto => Some(CertificateSource::SelfSigned(self_signed(given, flags, urls, data_dir)?)),
        None => None,
    };
    let port = PortTls {
        certificate,
        trusted_ca: path(given, flags.trusted_ca),
        user_name: None,
        revoked: path(given, flags.revoked),
        allowed_common_names: given.list(flags.common_names),
        allowed_hostnames: given.list(flags.hostnames),
        outgoing: match flags.outgoing {
            Some((certificate, key)) => pair(given, certificate, key)?,
            None => None,
        },
        checks_addresses: false,
    };
    check_demands(given, flags, &port)?;
    check_has_certificate(given, flags.urls, flags, urls, &port)?;
    if port.certificate.is_some() && urls.iter().any(|url| !url.is_encrypted) {
        notices.push(format!(
            "{} has addresses without TLS: no certificate is shown or asked for there, write https if it should be",
            given.origin(flags.urls)
        ));
    }
    Ok(port)
}

/// Which name in the certificate of a client is that of its user.
fn user_name(given: &GivenSettings, notices: &mut Vec<String>) -> Option<CertificateUser> {
    if !given.is_on(Setting::ClientCertAuth) {
        if given.is_given(Setting::ClientCertUser) {
            let origin = given.origin(Setting::ClientCertUser);
            notices.push(format!("{origin} has no effect without --client-cert-auth"));
        }
        return None;
    }
    Some(match given.text(Setting::ClientCertUser).as_str() {
        "dns" => CertificateUser::Host,
        "email" => CertificateUser::Email,
        "uri" => CertificateUser::Uri,
        _ => CertificateUser::CommonName,
    })
}

/// A rule that nobody would be held to must not look as if it were one.
fn check_demands(given: &GivenSettings, flags: &PortFlags, port: &PortTls) -> Result<(), ConfigError> {
    for host in &port.allowed_hostnames {
        if ServerName::try_from(host.as_str()).is_err() {
            let error = SettingError::NoHost { host: host.clone() };
            return Err(ConfigError::Setting { origin: given.origin(flags.hostnames), error });
        }
    }
    if port.trusted_ca.is_some() {
        return Ok(());
    }
    let demands = [
        (flags.demand, given.is_on(flags.demand)),
        (flags.revoked, port.revoked.is_some()),
        (flags.common_names, !port.allowed_common_names.is_empty()),
        (flags.hostnames, !port.allowed_hostnames.is_empty()),
    ];
    match demands.into_iter().find(|(_, is_set)| *is_set) {
        None => Ok(()),
        Some((setting, _)) => {
            let error = SettingError::NoCa { flag: flags::of(flags.trusted_ca).name };
            Err(ConfigError::Setting { origin: given.origin(setting), error })
        }
    }
}

fn check_has_certificate(
    given: &GivenSettings,
    setting: Setting,
    flags: &PortFlags,
    urls: &[ListenUrl],
    port: &PortTls,
) -> Result<(), ConfigError> {
    let Some(url) = urls.iter().find(|url| url.is_encrypted && port.certificate.is_none()) else {
        return Ok(());
    };
    let error = SettingError::NoCertificate { url: url.text.clone(), prefix: flags.prefix };
    Err(ConfigError::Setting { origin: given.origin(setting), error })
}

fn path(given: &GivenSettings, setting: Setting) -> Option<PathBuf> {
    let text = given.text(setting);
    (!text.is_empty()).then(|| PathBuf::from(text))
}

/// Two files that are of no use without each other.
fn pair(
    given: &GivenSettings,
    certificate: Setting,
    key: Setting,
) -> Result<Option<CertificateFiles>, ConfigError> {
    let (present, missing) = match (path(given, certificate), path(given, key)) {
        (Some(certificate), Some(key)) => return Ok(Some(CertificateFiles { certificate, key })),
        (None, None) => return Ok(None),
        (Some(_), None) => (certificate, key),
        (None, Some(_)) => (key, certificate),
    };
    let error = SettingError::HalfAPair { missing: flags::of(missing).name };
    Err(ConfigError::Setting { origin: given.origin(present), error })
}

fn self_signed(
    given: &GivenSettings,
    flags: &PortFlags,
    urls: &[ListenUrl],
    data_dir: &Path,
) -> Result<SelfSigned, ConfigError> {
    let years = given.count(Setting::SelfSignedCertValidity);
    let origin = || given.origin(Setting::SelfSignedCertValidity);
    if years == 0 {
        return Err(ConfigError::Setting {
            origin: origin(),
            error: SettingError::Zero { default: "1 year" },
        });
    }
    let validity_years = u32::try_from(years).ok().filter(|years| *years <= SELF_SIGNED_YEARS_MAX);
    let validity_years = validity_years.ok_or_else(|| {
        let error = SettingError::TooLarge { number: years, largest: u64::from(SELF_SIGNED_YEARS_MAX) };
        ConfigError::Setting { origin: origin(), error }
    })?;
    let mut hosts: Vec<String> = urls.iter().filter_map(ListenUrl::host).map(str::to_owned).collect();
    hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    hosts.sort();
    hosts.dedup();
    Ok(SelfSigned { folder: data_dir.join("tls").join(flags.folder), hosts, validity_years })
}

fn protocol(given: &GivenSettings, notices: &mut Vec<String>) -> Result<TlsProtocol, ConfigError> {
    let oldest = given.text(Setting::TlsMinVersion);
    let newest = given.text(Setting::TlsMaxVersion);
    let has_tls12 = oldest != "TLS1.3";
    let has_tls13 = newest != "TLS1.2";
    if !has_tls12 && !has_tls13 {
        let origin = given.origin(Setting::TlsMaxVersion);
        return Err(ConfigError::Setting { origin, error: SettingError::NoTlsVersion });
    }
    let names = given.list(Setting::CipherSuites);
    let origin = || given.origin(Setting::CipherSuites);
    let mut cipher_suites = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        match find_suite(name) {
            Suite::Offered(_) => cipher_suites.push(name.clone()),
            Suite::Fixed => {}
            Suite::Weak => notices.push(format!("{}: {name} is not offered, it is not safe", origin())),
            Suite::Unknown => {
                let error = SettingError::UnknownSuite { name: name.clone() };
                return Err(ConfigError::Setting { origin: origin(), error });
            }
        }
    }
    let asks_for_some =
        names.iter().any(|name| !matches!(find_suite(name), Suite::Fixed) && !name.is_empty());
    if asks_for_some && cipher_suites.is_empty() {
        return Err(ConfigError::Setting { origin: origin(), error: SettingError::NoSuite });
    }
    if asks_for_some && !has_tls12 {
        notices.push(format!("{} has no effect: TLS 1.3 always has all of its own", origin()));
    }
    Ok(TlsProtocol { has_tls12, has_tls13, cipher_suites })
}
