//! TLS of one kind of port: what is in use, and taking up files that have changed. Connections that stand keep what
//! they were made with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::SupportedProtocolVersion;
use rustls::crypto::CryptoProvider;

use super::build::{Builder, Built, InUse, provider, versions};
use super::contents::Contents;
use super::error::{TlsError, TlsFileProblem};
use super::status::{PortStatus, TlsStatus};
use super::validity;
use crate::config::{CertificateFiles, CertificateSource, PortTls, TlsProtocol};

/// Whom a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortKind {
    Clients,
    Peers,
}

/// The flags that name the files of a kind of port.
#[derive(Debug)]
pub(super) struct Flags {
    pub certificate: &'static str,
    pub key: &'static str,
    pub auto: &'static str,
    pub outgoing_certificate: &'static str,
    pub outgoing_key: &'static str,
    pub trusted_ca: &'static str,
    pub revoked: &'static str,
}

const CLIENT_FLAGS: Flags = Flags {
    certificate: "cert-file",
    key: "key-file",
    auto: "auto-tls",
    outgoing_certificate: "client-cert-file",
    outgoing_key: "client-key-file",
    trusted_ca: "trusted-ca-file",
    revoked: "client-crl-file",
};

const PEER_FLAGS: Flags = Flags {
    certificate: "peer-cert-file",
    key: "peer-key-file",
    auto: "peer-auto-tls",
    outgoing_certificate: "peer-client-cert-file",
    outgoing_key: "peer-client-key-file",
    trusted_ca: "peer-trusted-ca-file",
    revoked: "peer-crl-file",
};

impl PortKind {
    /// The flags.
    pub(super) fn flags(self) -> &'static Flags {
        match self {
            PortKind::Clients => &CLIENT_FLAGS,
            PortKind::Peers => &PEER_FLAGS,
        }
    }

    /// The port in logs and metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            PortKind::Clients => "clients",
            PortKind::Peers => "members",
        }
    }
}

/// TLS of one kind of port.
pub(super) struct TlsPort {
    kind: PortKind,
    settings: PortTls,
    provider: Arc<CryptoProvider>,
    versions: Vec<&'static SupportedProtocolVersion>,
    in_use: ArcSwap<InUse>,
    files: Mutex<Files>,
    status: Arc<TlsStatus>,
}

/// The files in use and what is known of those that are not.
struct Files {
    contents: Contents,
    end_seconds: Option<i64>,
    /// What is wrong with those on disk, and whether that was said.
    refused: Option<(TlsError, bool)>,
}

impl TlsPort {
    /// Reads the files.
    pub(super) fn open(
        kind: PortKind,
        settings: &PortTls,
        protocol: &TlsProtocol,
        status: &Arc<TlsStatus>,
    ) -> Result<Arc<TlsPort>, TlsError> {
        let provider = Arc::new(provider(protocol));
        let versions = versions(protocol);
        let contents = Contents::read(settings, kind.flags())?;
        let builder = Builder { kind, settings, provider: &provider, versions: &versions };
        let built = builder.build(&contents)?;
        let port = TlsPort {
            kind,
            settings: settings.clone(),
            status: Arc::clone(status),
            files: Mutex::new(Files { contents, end_seconds: built.end_seconds, refused: None }),
            in_use: ArcSwap::from_pointee(InUse { server: None, incoming: None, client: None }),
            provider,
            versions,
        };
        port.take(built, "TLS files are in use");
        Ok(Arc::new(port))
    }

    /// What new connections are made with.
    pub(super) fn in_use(&self) -> Arc<InUse> {
        self.in_use.load_full()
    }

    /// Whom it is for.
    pub(super) fn kind(&self) -> PortKind {
        self.kind
    }

    /// The settings.
    pub(super) fn settings(&self) -> &PortTls {
        &self.settings
    }

    /// Numbers for metrics.
    pub(super) fn status(&self) -> &PortStatus {
        self.status.of(self.kind)
    }

    /// Takes up files that have changed, if they are good. Two files cannot be replaced in one step: what is wrong is
    /// said once it has been wrong at two looks. Waits for the disk.
    pub(super) fn look(&self) {
        let mut files = self.files.lock();
        let read = Contents::read(&self.settings, self.kind.flags());
        let contents = match read {
            Ok(contents) if contents == files.contents => {
                files.refused = None;
                self.status().files_are_refused(false);
                return;
            }
            Ok(contents) => contents,
            Err(error) => return self.refuse(&mut files, error),
        };
        let builder = Builder {
            kind: self.kind,
            settings: &self.settings,
            provider: &self.provider,
            versions: &self.versions,
        };
        match builder.build(&contents).and_then(|built| self.check_not_ended(&files, built)) {
            Ok(built) => {
                *files = Files { contents, end_seconds: built.end_seconds, refused: None };
                self.take(built, "new TLS files are in use");
                self.status().reload_taken();
                self.status().files_are_refused(false);
            }
            Err(error) => self.refuse(&mut files, error),
        }
    }

    /// A certificate that has ended must not replace one that has not.
    fn check_not_ended(&self, files: &Files, built: Built) -> Result<Built, TlsError> {
        let now = validity::now_seconds();
        let has_ended = |end: Option<i64>| end.is_some_and(|end| end <= now);
        let Some(CertificateSource::Files(CertificateFiles { certificate, .. })) = &self.settings.certificate
        else {
            return Ok(built);
        };
        if !has_ended(built.end_seconds) || has_ended(files.end_seconds) {
            return Ok(built);
        }
        let problem = TlsFileProblem::Ended(validity::shown(built.end_seconds.unwrap_or_default()));
        Err(TlsError::File { flag: self.kind.flags().certificate, path: certificate.clone(), problem })
    }

    fn refuse(&self, files: &mut Files, error: TlsError) {
        let is_repeated = matches!(&files.refused, Some((last, _)) if *last == error);
        let was_said = is_repeated && matches!(files.refused, Some((_, true)));
        if is_repeated && !was_said {
            tracing::error!(port = self.kind.name(), %error, "changed TLS files are not used, the old ones stay in use");
            self.status().reload_refused();
            self.status().files_are_refused(true);
        }
        files.refused = Some((error, is_repeated));
    }

    fn take(&self, built: Built, message: &'static str) {
        let now = validity::now_seconds();
        let port = self.kind.name();
        let until = built.end_seconds.map_or_else(|| "none".to_owned(), validity::shown);
        tracing::info!(port, until, revoked = built.revoked_count, "{message}");
        if built.end_seconds.is_some_and(|end| end <= now) {
            tracing::warn!(port, until, "the certificate of this member has ended; renew it");
        }
        if built.revoked_next_seconds.is_some_and(|next| next <= now) {
            tracing::warn!(port, "the list of revoked certificates is out of date; it stays in force");
        }
        self.status().certificates(built.end_seconds, built.ca_end_seconds, built.revoked_next_seconds);
        self.in_use.store(Arc::new(built.in_use));
    }
}
