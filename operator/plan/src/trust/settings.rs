//! The times that decisions go by, made harmless. Nothing here decides.

/// What a managed authority goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthoritySettings {
    /// Value of `spec.tls.rotate`.
    pub rotate: Option<String>,
    /// How long before its end an authority's successor is made; see [`renew_before`].
    pub renew_before_seconds: u64,
    /// How long clients and members have to take up what was published.
    pub overlap_seconds: u64,
}

/// How long before its end something is made anew that lasts `duration`: what was asked for, but at most half of the
/// time that it lasts, or it would be made anew for ever.
#[must_use]
pub fn renew_before(duration_seconds: u64, asked_seconds: u64) -> u64 {
    asked_seconds.min(duration_seconds / 2)
}
