//! Why files for TLS cannot be used, in words for the person who gave them: which flag, which file, what is wrong, and
//! what to do.

use std::path::PathBuf;

/// What is wrong with a file. The texts continue a sentence that names it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsFileProblem {
    /// It cannot be read.
    #[error("cannot be read ({0}); check the path, its owner and permissions")]
    Unreadable(String),
    /// It is larger than any file of its kind.
    #[error("has more than {0} bytes; name the right file")]
    TooLarge(u64),
    /// It has no certificate.
    #[error("has no certificate; a PEM file with \"BEGIN CERTIFICATE\" is needed")]
    NoCertificate,
    /// A certificate is damaged.
    #[error("has a certificate that cannot be read ({0}); write the file anew")]
    Certificate(String),
    /// It has no key.
    #[error(
        "has no private key that can be used; a PEM file with \"BEGIN PRIVATE KEY\" is needed, without a password"
    )]
    NoKey,
    /// The key is of a kind that is not known.
    #[error(
        "has a key that cannot be used ({0}); use RSA from 2048 bits on, ECDSA P-256 or P-384, or Ed25519"
    )]
    Key(String),
    /// The key is another's.
    #[error("has another key than the first certificate in {certificate}; replace both files together")]
    KeyMismatch {
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// The new certificate has run out.
    #[error("has a certificate that ended on {0}; renew it")]
    Ended(String),
    /// It is no list of revoked certificates.
    #[error(
        "is no list of revoked certificates ({0}); PEM or DER is needed, as `openssl ca -gencrl` writes it"
    )]
    RevokedList(String),
    /// A certificate cannot be made.
    #[error("cannot be made ({0})")]
    SelfSigned(String),
}

/// Why TLS cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file.
    #[error("--{flag}: {} {problem}", path.display())]
    File {
        /// The flag that names it.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: TlsFileProblem,
    },
    /// Anything else.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}
