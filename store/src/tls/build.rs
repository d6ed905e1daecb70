//! From the bytes of files to what rustls is set up with. Pure but for the CAs of the system.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::Ticketer;
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use rustls_pki_types::CertificateDer;

use super::cipher_suites::{Suite, find_suite};
use super::contents::{Contents, Pair};
use super::error::{TlsError, TlsFileProblem};
use super::port::PortKind;
use super::revoked::Revoked;
use super::rules::Rules;
use super::verifier::{AnyMember, IncomingVerifier, OutgoingVerifier};
use super::{file, validity};
use crate::config::{CertificateSource, PortTls, TlsProtocol};

const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// What new connections are made with.
pub(super) struct InUse {
    /// Of connections to this member.
    pub server: Option<Arc<ServerConfig>>,
    /// Who may make these, if anybody is asked.
    pub incoming: Option<Arc<IncomingVerifier>>,
    /// Of connections from this member.
    pub client: Option<Arc<ClientConfig>>,
}

/// What follows from files.
pub(super) struct Built {
    /// For connections.
    pub in_use: InUse,
    /// When the first of its own certificates ends, in seconds since 1970.
    pub end_seconds: Option<i64>,
    /// When the first of the CAs does.
    pub ca_end_seconds: Option<i64>,
    /// When the next list of revoked ones is due.
    pub revoked_next_seconds: Option<i64>,
    /// How many were revoked.
    pub revoked_count: usize,
}

/// The versions of `protocol`.
pub(super) fn versions(protocol: &TlsProtocol) -> Vec<&'static SupportedProtocolVersion> {
    let mut versions = Vec::new();
    if protocol.has_tls13 {
        versions.push(&version::TLS13);
    }
    if protocol.has_tls12 {
        versions.push(&version::TLS12);
    }
    versions
}

/// The cryptography, with the cipher suites of `protocol`.
pub(super) fn provider(protocol: &TlsProtocol) -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    let wanted: Vec<_> = protocol.cipher_suites.iter().map(|name| find_suite(name)).collect();
    if !wanted.is_empty() {
        provider.cipher_suites.retain(|suite| {
            let is_wanted = |wanted: &Suite| matches!(wanted, Suite::Offered(offered) if offered == suite);
            suite.tls13().is_some() || wanted.iter().any(is_wanted)
        });
    }
    provider
}

/// Makes rustls' configurations from the bytes of files.
pub(super) struct Builder<'a> {
    /// Whom the port is for.
    pub kind: PortKind,
    /// Its settings.
    pub settings: &'a PortTls,
    /// The cryptography.
    pub provider: &'a Arc<CryptoProvider>,
    /// The versions that are spoken.
    pub versions: &'a [&'static SupportedProtocolVersion],
}

impl Builder<'_> {
    /// Everything, or the first thing that is wrong.
    pub(super) fn build(&self, contents: &Contents) -> Result<Built, TlsError> {
        let flags = self.kind.flags();
        let revoked = match &contents.revoked {
            Some(bytes) => Revoked::parse(bytes)
                .map_err(|problem| file_error(flags.revoked, self.settings.revoked.as_ref(), problem))?,
            None => Revoked::default(),
        };
        let (revoked_count, revoked_next_seconds) = (revoked.count(), revoked.next_update_seconds());
        let rules = Arc::new(Rules::new(self.settings, revoked));
        let cas = match &contents.trusted_ca {
            Some(pem) => Some(self.cas(pem)?),
            None => None,
        };
        let roots = cas.as_ref().map(|(_, roots)| Arc::clone(roots));
        let own = contents.certificate.as_ref().map(|pair| self.certified(pair, false)).transpose()?;
        let outgoing = contents.outgoing.as_ref().map(|pair| self.certified(pair, true)).transpose()?;
        let incoming = roots.clone().map(|roots| self.incoming(roots, &rules)).transpose()?.map(Arc::new);
        let server = own.clone().map(|own| self.server(own, incoming.clone())).transpose()?;
        let end_seconds = validity::end_seconds(own.iter().chain(&outgoing).flat_map(|key| &key.cert));
        let client = match self.kind {
            PortKind::Clients => None,
            PortKind::Peers => Some(self.client(roots, &rules, outgoing.or(own))?),
        };
        let ca_end_seconds = validity::end_seconds(cas.iter().flat_map(|(certificates, _)| certificates));
        let in_use = InUse { server, incoming, client };
        Ok(Built { in_use, end_seconds, ca_end_seconds, revoked_next_seconds, revoked_count })
    }

    fn cas(&self, pem: &[u8]) -> Result<(Vec<CertificateDer<'static>>, Arc<RootCertStore>), TlsError> {
        let error =
            |problem| file_error(self.kind.flags().trusted_ca, self.settings.trusted_ca.as_ref(), problem);
        let certificates = file::certificates(pem).map_err(error)?;
        let roots = file::roots(&certificates).map_err(error)?;
        Ok((certificates, Arc::new(roots)))
    }

    fn certified(&self, pair: &Pair, is_outgoing: bool) -> Result<Arc<CertifiedKey>, TlsError> {
        let flags = self.kind.flags();
        let files = match (&self.settings.certificate, is_outgoing) {
            (_, true) => self.settings.outgoing.clone(),
            (Some(CertificateSource::Files(files)), false) => Some(files.clone()),
            (Some(CertificateSource::SelfSigned(own)), false) => Some(super::self_signed::files(own)),
            (None, false) => None,
        };
        let (certificate_flag, key_flag) = if is_outgoing {
            (flags.outgoing_certificate, flags.outgoing_key)
        } else {
            (flags.certificate, flags.key)
        };
        let certificate_path = files.as_ref().map(|files| files.certificate.clone());
        let key_path = files.as_ref().map(|files| files.key.clone());
        let of_certificate = |problem| file_error(certificate_flag, certificate_path.as_ref(), problem);
        let of_key = |problem| file_error(key_flag, key_path.as_ref(), problem);
        let chain = file::certificates(&pair.certificate).map_err(of_certificate)?;
        let key = file::key(&pair.key).map_err(of_key)?;
        let certified = file::certified_key(chain, key, self.provider).map_err(|problem| match problem {
            TlsFileProblem::Certificate(_) => of_certificate(problem),
            problem => of_key(problem),
        })?;
        certified.ok_or_else(|| {
            let certificate = certificate_path.clone().unwrap_or_default();
            of_key(TlsFileProblem::KeyMismatch { certificate })
        })
    }

    fn incoming(&self, roots: Arc<RootCertStore>, rules: &Arc<Rules>) -> Result<IncomingVerifier, TlsError> {
        let chain = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(self.provider)).build();
        let chain = chain.map_err(|error| TlsError::Setup(error.to_string()))?;
        Ok(IncomingVerifier { chain, rules: Arc::clone(rules) })
    }

    fn server(
        &self,
        own: Arc<CertifiedKey>,
        incoming: Option<Arc<IncomingVerifier>>,
    ) -> Result<Arc<ServerConfig>, TlsError> {
        let setup = |error: rustls::Error| TlsError::Setup(error.to_string());
        let builder = ServerConfig::builder_with_provider(Arc::clone(self.provider));
        let builder = builder.with_protocol_versions(self.versions).map_err(setup)?;
        let builder = match incoming {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(own)));
        config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
        // Keys of its own, which change every six hours: no ticket outlives the files it was given under.
        config.ticketer = Ticketer::new().map_err(setup)?;
        Ok(Arc::new(config))
    }

    fn client(
        &self,
        roots: Option<Arc<RootCertStore>>,
        rules: &Arc<Rules>,
        own: Option<Arc<CertifiedKey>>,
    ) -> Result<Arc<ClientConfig>, TlsError> {
        let is_self_signed = matches!(self.settings.certificate, Some(CertificateSource::SelfSigned(_)));
        let verifier: Arc<dyn ServerCertVerifier> = match roots {
            None if is_self_signed => Arc::new(AnyMember { provider: Arc::clone(self.provider) }),
            roots => {
                let roots = roots.unwrap_or_else(|| Arc::new(file::system_roots()));
                let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(self.provider));
                let no_ca = |error| {
                    TlsError::Setup(format!("{error}; name the CAs of members with --peer-trusted-ca-file"))
                };
                Arc::new(OutgoingVerifier {
                    chain: builder.build().map_err(no_ca)?,
                    rules: Arc::clone(rules),
                })
            }
        };
        let builder = ClientConfig::builder_with_provider(Arc::clone(self.provider));
        let builder = builder
            .with_protocol_versions(self.versions)
            .map_err(|error| TlsError::Setup(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match own {
            Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![HTTP2.to_vec()];
        // Members connect seldom, and each time anew is each time verified.
        config.resumption = rustls::client::Resumption::disabled();
        Ok(Arc::new(config))
    }
}

fn file_error(flag: &'static str, path: Option<&PathBuf>, problem: TlsFileProblem) -> TlsError {
    TlsError::File { flag, path: path.cloned().unwrap_or_default(), problem }
}
