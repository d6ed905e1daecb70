//! Certificates for tests: authorities, what they sign, and lists of what they took back, as PEM files. Must not know
//! which server uses them.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a certificate is to be.
#[derive(Debug, Clone)]
pub struct Wanted {
    common_name: String,
    hosts: Vec<String>,
    is_expired: bool,
    serial: u64,
}

impl Wanted {
    /// One for `common_name` on this machine, valid now.
    #[must_use]
    pub fn new(common_name: &str) -> Self {
        let hosts = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
        Self { common_name: common_name.to_owned(), hosts, is_expired: false, serial: 1000 }
    }

    /// For these hosts instead.
    #[must_use]
    pub fn hosts(mut self, hosts: &[&str]) -> Self {
        self.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        self
    }

    /// One that ended yesterday.
    #[must_use]
    pub fn expired(mut self) -> Self {
        self.is_expired = true;
        self
    }

    /// With this serial number.
    #[must_use]
    pub fn serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }
}

/// A certificate and its key, as PEM texts.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

/// A certificate and its key, as files.
#[derive(Debug, Clone)]
pub struct IssuedFiles {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The key's file.
    pub key: PathBuf,
}

impl Issued {
    /// Writes `NAME.pem` and `NAME-key.pem`; whoever reads meanwhile finds the old or the new.
    ///
    /// # Panics
    ///
    /// When the folder cannot be written.
    #[must_use]
    pub fn write(&self, folder: &Path, name: &str) -> IssuedFiles {
        let files = IssuedFiles {
            certificate: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}-key.pem")),
        };
        replace(&files.certificate, &self.certificate);
        replace(&files.key, &self.key);
        files
    }
}

/// Puts `text` in the place of a file in one step.
///
/// # Panics
///
/// When the folder cannot be written.
pub fn replace(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).expect("a test's folder is writable");
    std::fs::rename(&beside, path).expect("a test's folder is writable");
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    ///
    /// When no key can be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = params(name, &[], false);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.extended_key_usages = Vec::new();
        let key = KeyPair::generate().expect("ECDSA keys can be made");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("the parameters are complete") }
    }

    /// Its own certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for servers and clients alike.
    ///
    /// # Panics
    ///
    /// When no key can be made.
    #[must_use]
    pub fn issue(&self, wanted: &Wanted) -> Issued {
        let mut params = params(&wanted.common_name, &wanted.hosts, wanted.is_expired);
        params.serial_number = Some(SerialNumber::from(wanted.serial));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("ECDSA keys can be made");
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are complete");
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A list of certificates that this authority took back, as PEM.
    ///
    /// # Panics
    ///
    /// When it cannot be signed.
    #[must_use]
    pub fn revoke(&self, serials: &[u64]) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(1970, 1, 1) + since_1970(),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(1970, 1, 1) + since_1970(),
            next_update: date_time_ymd(1970, 1, 1) + since_1970() + DAY,
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).and_then(|list| list.pem()).expect("the parameters are complete")
    }
}

fn params(common_name: &str, hosts: &[String], is_expired: bool) -> CertificateParams {
    let mut params = CertificateParams::new(hosts).expect("hosts of tests are hosts");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let now = date_time_ymd(1970, 1, 1) + since_1970();
    params.not_before = now - 10 * DAY;
    params.not_after = if is_expired { now - DAY } else { now + 10 * DAY };
    params
}

fn since_1970() -> Duration {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Duration::from_secs(elapsed.as_secs())
}
