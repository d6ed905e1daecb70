//! Why a connection was not made, in words for whoever reads the log: what was wrong with the other side, and what to
//! look at here.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;

use parking_lot::Mutex;
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};
use tokio::time::Instant;

use super::port::PortKind;
use super::validity;
use crate::limits::TLS_REFUSAL_REASONS_MAX;
use crate::telemetry::Repeated;

/// Tells each reason once in a while, however often it comes.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, Repeated>>);

impl Refusals {
    /// Writes a line, if it is time for one.
    pub(super) fn tell(&self, kind: PortKind, remote: Option<SocketAddr>, reason: &str) {
        // Names in certificates are the other side's choice.
        let reason: String = reason.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let times = {
            let mut told = self.0.lock();
            if told.len() >= TLS_REFUSAL_REASONS_MAX && !told.contains_key(&reason) {
                told.clear();
            }
            told.entry(reason.clone()).or_default().now(Instant::now())
        };
        let Some(times) = times else { return };
        let remote = remote.map_or_else(|| "a socket".to_owned(), |remote| remote.to_string());
        tracing::warn!(port = kind.name(), remote, reason, times, "a connection was refused");
    }
}

/// What there is to say; `None` when the other side only went away.
pub(super) fn reason(error: &io::Error, kind: PortKind) -> Option<String> {
    let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected => None,
            _ => Some(error.to_string()),
        };
    };
    Some(text(error, kind))
}

/// The reason in words.
pub(super) fn text(error: &Error, kind: PortKind) -> String {
    let flags = kind.flags();
    match error {
        Error::NoCertificatesPresented => "it showed no certificate, and one is needed here".to_owned(),
        Error::InvalidCertificate(error) => certificate(error, kind),
        Error::AlertReceived(alert) => format!("it refused this member: {}", alert_text(*alert)),
        Error::PeerIncompatible(
            PeerIncompatible::SupportedVersionsExtensionRequired
            // What came before TLS 1.2 does not have it.
            | PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        ) => {
            "it speaks no version of TLS that is taken here (--tls-min-version, --tls-max-version)".to_owned()
        }
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => format!(
            "it has no cipher suite that fits (--cipher-suites, and the kind of key in --{})",
            flags.key
        ),
        Error::NoApplicationProtocol => "it speaks neither HTTP/2 nor HTTP/1.1".to_owned(),
        Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        error => error.to_string(),
    }
}

fn certificate(error: &CertificateError, kind: PortKind) -> String {
    let flags = kind.flags();
    let seconds = |time: &rustls_pki_types::UnixTime| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            format!("its certificate is signed by no CA of --{}", flags.trusted_ca)
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate has expired on {}", validity::shown(seconds(not_after)))
        }
        CertificateError::Expired => "its certificate has expired".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is valid only from {} on", validity::shown(seconds(not_before)))
        }
        CertificateError::NotValidYet => "its certificate is not valid yet".to_owned(),
        CertificateError::Revoked => format!("its certificate was revoked, says --{}", flags.revoked),
        CertificateError::NotValidForNameContext { expected, presented } => format!(
            "its certificate is not for {}, but for {}",
            expected.to_str(),
            if presented.is_empty() { "no host at all".to_owned() } else { presented.join(", ") }
        ),
        CertificateError::NotValidForName => "its certificate is for another host".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "its certificate is not for this purpose (extended key usage)".to_owned()
        }
        CertificateError::Other(other) => other.0.to_string(),
        error => format!("its certificate cannot be used: {error}"),
    }
}

fn alert_text(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => "it does not know the CA of this member's certificate",
        AlertDescription::CertificateExpired => "this member's certificate has expired",
        AlertDescription::CertificateRevoked => "this member's certificate was revoked",
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            "this member's certificate does not suit it; its log or message says why"
        }
        AlertDescription::CertificateRequired => "it wants a certificate of this member",
        AlertDescription::ProtocolVersion => "no version of TLS in common",
        AlertDescription::HandshakeFailure => "no cipher suite in common",
        AlertDescription::AccessDenied => "access denied",
        _ => "it ended the handshake",
    }
}
