//! The bytes of all files that one kind of port uses, read at one time and compared with those in use. Must not know
//! what they mean.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use super::error::{TlsError, TlsFileProblem};
use super::port::Flags;
use crate::config::{CertificateFiles, CertificateSource, PortTls};
use crate::limits::TLS_FILE_BYTES_MAX;

/// The files as they are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Contents {
    /// What the port shows.
    pub certificate: Option<Pair>,
    /// What this member shows where it connects.
    pub outgoing: Option<Pair>,
    /// CAs of those who connect.
    pub trusted_ca: Option<Vec<u8>>,
    /// Certificates that were taken back.
    pub revoked: Option<Vec<u8>>,
}

/// A certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The certificates, in PEM.
    pub certificate: Vec<u8>,
    /// The key, in PEM.
    pub key: Vec<u8>,
}

// A key must not reach a log.
impl fmt::Debug for Contents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Contents").finish_non_exhaustive()
    }
}

impl Contents {
    /// Reads them; waits for the disk.
    pub(super) fn read(settings: &PortTls, flags: &Flags) -> Result<Contents, TlsError> {
        let certificate = match &settings.certificate {
            Some(CertificateSource::Files(files)) => Some(pair(files, flags.certificate, flags.key)?),
            Some(CertificateSource::SelfSigned(own)) => {
                Some(pair(&super::self_signed::ensure(own, flags.auto)?, flags.auto, flags.auto)?)
            }
            None => None,
        };
        let outgoing = settings.outgoing.as_ref();
        let outgoing =
            outgoing.map(|files| pair(files, flags.outgoing_certificate, flags.outgoing_key)).transpose()?;
        let file = |path: Option<&std::path::PathBuf>, flag| path.map(|path| read(path, flag)).transpose();
        Ok(Contents {
            certificate,
            outgoing,
            trusted_ca: file(settings.trusted_ca.as_ref(), flags.trusted_ca)?,
            revoked: file(settings.revoked.as_ref(), flags.revoked)?,
        })
    }
}

fn pair(files: &CertificateFiles, certificate: &'static str, key: &'static str) -> Result<Pair, TlsError> {
    Ok(Pair { certificate: read(&files.certificate, certificate)?, key: read(&files.key, key)? })
}

fn read(path: &Path, flag: &'static str) -> Result<Vec<u8>, TlsError> {
    let error = |problem| TlsError::File { flag, path: path.to_path_buf(), problem };
    let unreadable = |source: std::io::Error| error(TlsFileProblem::Unreadable(source.to_string()));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(TLS_FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > TLS_FILE_BYTES_MAX {
        return Err(error(TlsFileProblem::TooLarge(TLS_FILE_BYTES_MAX)));
    }
    Ok(bytes)
}
