//! When a leaf is issued anew, and when only the authorities beside it change. Pure.

use std::collections::BTreeSet;

use super::Fingerprint;

/// What a leaf should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafWanted {
    /// Its subject's common name.
    pub common_name: String,
    /// Host names and addresses.
    pub names: BTreeSet<String>,
    /// How long before its end it is issued anew.
    pub renew_before_seconds: u64,
}

/// What is in a leaf's Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafFound {
    /// Nothing: there is no such Secret.
    Absent,
    /// Something that is no certificate with its key, and why.
    Unusable(String),
    /// A certificate with its key.
    Present(Leaf),
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Which certificate it is.
    pub fingerprint: Fingerprint,
    /// Its subject's common name.
    pub common_name: String,
    /// Host names and addresses.
    pub names: BTreeSet<String>,
    /// Until its end; 0 when that has passed.
    pub seconds_left: u64,
    /// Which of the authorities that are known has signed it.
    pub signed_by: Option<Fingerprint>,
    /// Whom its holder is told to trust: the certificates in `ca.crt`.
    pub trusts: BTreeSet<Fingerprint>,
}

/// Who signs leaves, and whom their holders are to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafSigners {
    /// The certificates that count as the one that signs now; more than one only after an authority was lost.
    pub current: BTreeSet<Fingerprint>,
    /// There is a key to sign with.
    pub can_sign: bool,
    /// Everybody that is to be trusted.
    pub trusted: BTreeSet<Fingerprint>,
}

/// What to do with a leaf's Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeafStep {
    /// Nothing.
    Keep,
    /// Write the authorities beside it anew; the leaf stays.
    Rebundle,
    /// Make a new key and a certificate for it.
    Issue(IssueReason),
    /// It has to be issued, and nobody can sign: the authority's key is lost.
    Stuck(IssueReason),
}

/// Why a leaf is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssueReason {
    /// There was none.
    Missing,
    /// What was there is not usable, and why.
    Unusable(String),
    /// It has ended.
    Expired,
    /// It ends soon.
    Expiring,
    /// It is for somebody else, or for other names.
    WrongNames,
    /// Somebody else has signed it.
    OtherAuthority,
}

impl std::fmt::Display for IssueReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => formatter.write_str("there was none"),
            Self::Unusable(cause) => write!(formatter, "what was there could not be used: {cause}"),
            Self::Expired => formatter.write_str("it had ended"),
            Self::Expiring => formatter.write_str("it was about to end"),
            Self::WrongNames => formatter.write_str("it was made for other names"),
            Self::OtherAuthority => formatter.write_str("another authority had signed it"),
        }
    }
}

/// Decides on one leaf.
#[must_use]
pub fn decide_leaf(wanted: &LeafWanted, found: &LeafFound, signers: &LeafSigners) -> LeafStep {
    let reason = match found {
        LeafFound::Absent => Some(IssueReason::Missing),
        LeafFound::Unusable(cause) => Some(IssueReason::Unusable(cause.clone())),
        LeafFound::Present(leaf) => reason_to_replace(wanted, leaf, signers),
    };
    match (reason, found) {
        (Some(reason), _) if signers.can_sign => LeafStep::Issue(reason),
        // Its holder has to hear of the next authority first, even if it has ended: that is the way to a new one.
        (Some(_), LeafFound::Present(leaf)) if leaf.trusts != signers.trusted => LeafStep::Rebundle,
        (Some(reason), _) => LeafStep::Stuck(reason),
        (None, LeafFound::Present(leaf)) if leaf.trusts != signers.trusted => LeafStep::Rebundle,
        (None, _) => LeafStep::Keep,
    }
}

fn reason_to_replace(wanted: &LeafWanted, leaf: &Leaf, signers: &LeafSigners) -> Option<IssueReason> {
    if leaf.seconds_left == 0 {
        return Some(IssueReason::Expired);
    }
    if !leaf.signed_by.as_ref().is_some_and(|signer| signers.current.contains(signer)) {
        return Some(IssueReason::OtherAuthority);
    }
    if leaf.common_name != wanted.common_name || leaf.names != wanted.names {
        return Some(IssueReason::WrongNames);
    }
    (leaf.seconds_left <= wanted.renew_before_seconds).then_some(IssueReason::Expiring)
}
