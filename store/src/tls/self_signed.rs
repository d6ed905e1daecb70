//! Certificates of `--auto-tls`: made when there is none or it ends soon, and kept in the data folder.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    date_time_ymd,
};

use super::error::{TlsError, TlsFileProblem};
use super::{file, validity};
use crate::config::{CertificateFiles, SelfSigned};
use crate::limits::SELF_SIGNED_RENEWAL_DIVISOR;

const YEAR_SECONDS: u64 = 365 * 24 * 60 * 60;

/// Where it is kept.
pub(super) fn files(own: &SelfSigned) -> CertificateFiles {
    CertificateFiles { certificate: own.folder.join("cert.pem"), key: own.folder.join("key.pem") }
}

/// Makes it if need be. Waits for the disk.
pub(super) fn ensure(own: &SelfSigned, flag: &'static str) -> Result<CertificateFiles, TlsError> {
    let files = files(own);
    if !is_good(own, &files) {
        make(own, &files).map_err(|reason| TlsError::File {
            flag,
            path: own.folder.clone(),
            problem: TlsFileProblem::SelfSigned(reason),
        })?;
    }
    Ok(files)
}

fn lifetime_seconds(own: &SelfSigned) -> u64 {
    u64::from(own.validity_years) * YEAR_SECONDS
}

/// Whether there is one that lasts for a while.
fn is_good(own: &SelfSigned, files: &CertificateFiles) -> bool {
    let Ok(pem) = std::fs::read(&files.certificate) else { return false };
    let Ok(certificates) = file::certificates(&pem) else { return false };
    let reserve = lifetime_seconds(own) / SELF_SIGNED_RENEWAL_DIVISOR;
    let needed = validity::now_seconds().saturating_add(i64::try_from(reserve).unwrap_or(i64::MAX));
    files.key.exists() && validity::end_seconds(&certificates).is_some_and(|end| end > needed)
}

fn make(own: &SelfSigned, files: &CertificateFiles) -> Result<(), String> {
    let (certificate, key) = generate(own).map_err(|error| error.to_string())?;
    let write = || -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&own.folder)?;
        replace(&files.key, &key, 0o600)?;
        replace(&files.certificate, &certificate, 0o644)
    };
    write().map_err(|error| error.to_string())
}

fn generate(own: &SelfSigned) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let hosts: Vec<String> = own.hosts.iter().filter(|host| !host.is_empty()).cloned().collect();
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name.push(DnType::CommonName, "holdfast, self-signed");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let since_1970 = Duration::from_secs(u64::try_from(validity::now_seconds()).unwrap_or_default());
    params.not_before = date_time_ymd(1970, 1, 1) + since_1970;
    params.not_after = params.not_before + Duration::from_secs(lifetime_seconds(own));
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Writes beside the file and puts it in its place, so that no half of it is ever read.
fn replace(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let beside = path.with_extension("new");
    // One that a crash left behind may have another mode.
    let _ = std::fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}
