//! What becomes of certificate authorities and of what they sign. Given what is in the Secrets, how old it is and what
//! members were seen to trust and show, it says the next step. Must not read a clock, make keys or know Secrets.
//!
//! [`AuthorityStep`] has the order in which an authority is replaced.

mod authority;
mod leaf;
mod settings;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use authority::{
    Anchor, Authority, AuthorityDecision, AuthorityFound, AuthorityStep, MemberSeen, Phase, decide_authority,
};
pub use leaf::{IssueReason, Leaf, LeafFound, LeafSigners, LeafStep, LeafWanted, decide_leaf};
pub use settings::{AuthoritySettings, renew_before};

/// SHA-256 of a certificate, in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}
