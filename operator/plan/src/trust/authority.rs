//! The life of an authority as a state machine whose whole state is in one Secret. Pure.
//!
//! A phase is *settled* when every Secret that depends on it was seen to follow it; that moment is written down, and the
//! time that clients have is counted from it. So nothing is lost when the operator stops anywhere.

use std::collections::BTreeSet;

use super::{AuthoritySettings, Fingerprint, LeafFound, LeafSigners};

/// Certificates that stand for one generation of an authority. More than one only where the authority's Secret was lost
/// in the middle of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its certificates, at least one.
    pub certificates: BTreeSet<Fingerprint>,
    /// Its key is there, and belongs to the first of them.
    pub has_key: bool,
    /// Until its end; 0 when that has passed.
    pub seconds_left: u64,
}

/// What the Secret of an authority says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    /// Who signs.
    pub current: Anchor,
    /// Who will, while trust is widened.
    pub next: Option<Anchor>,
    /// Who did, until everybody has a new leaf.
    pub previous: Option<Anchor>,
    /// The value of `spec.tls.rotate` that the newest of them was made for.
    pub rotated: Option<String>,
    /// How long ago this phase was settled, if it was.
    pub settled_for_seconds: Option<u64>,
}

/// What was found of an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorityFound {
    /// There is no Secret.
    Absent,
    /// There is one that cannot be used, and why.
    Unusable(String),
    /// There is one.
    Present(Authority),
}

/// How far a replacement has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// One authority signs and is trusted.
    Steady,
    /// The next one is being made known; the old one signs.
    Widening,
    /// The new one signs; the old one is still trusted.
    Swapping,
}

/// What one running member was seen to do, on the port that the authority is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberSeen {
    /// Its pod's name.
    pub name: String,
    /// It let somebody in whose certificate the next authority had signed. Absent where that was not asked, or there was
    /// no answer.
    pub trusts_next: Option<bool>,
    /// The certificate that it showed.
    pub shows: Option<Fingerprint>,
}

/// What to do with the Secret of an authority. Every step but [`AuthorityStep::None`] is one write to one object, so that
/// a crash before or after it finds its way by looking again.
///
/// An authority is replaced in an order in which nobody ever meets a certificate that it does not trust:
///
/// 1. **widen**: the next authority is made; everybody is given both to trust;
/// 2. **swap**: once every member was seen to trust the next one, and clients had their time, it signs new leaves;
/// 3. **narrow**: once every member shows its new leaf, and clients had their time, the old one is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorityStep {
    /// Nothing.
    None,
    /// Make the first one.
    Create,
    /// The Secret was lost: make the next one beside those that leaves still name as trusted, without their keys.
    Restart,
    /// Make the next one.
    Widen,
    /// Write down that all Secrets follow the phase.
    Settle,
    /// The next one signs from now on, and the current one is kept to be trusted.
    Swap,
    /// Forget the previous one.
    Narrow,
}

/// A step, and what to tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityDecision {
    /// What to do.
    pub step: AuthorityStep,
    /// What is waited for, one line each. Empty unless a replacement is under way.
    pub waits_for: Vec<String>,
    /// What a person has to do something about.
    pub lost: Option<String>,
    /// When time alone will allow the next step.
    pub look_again_seconds: Option<u64>,
}

impl AuthorityDecision {
    fn step(step: AuthorityStep) -> Self {
        Self { step, waits_for: Vec::new(), lost: None, look_again_seconds: None }
    }

    fn lost(text: String) -> Self {
        Self { lost: Some(text), ..Self::step(AuthorityStep::None) }
    }
}

impl Authority {
    /// How far a replacement has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match (&self.next, &self.previous) {
            (Some(_), _) => Phase::Widening,
            (None, Some(_)) => Phase::Swapping,
            (None, None) => Phase::Steady,
        }
    }

    /// Who signs leaves now, and whom everybody is to trust.
    #[must_use]
    pub fn signers(&self) -> LeafSigners {
        let anchors = [Some(&self.current), self.next.as_ref(), self.previous.as_ref()];
        let trusted =
            anchors.into_iter().flatten().flat_map(|anchor| anchor.certificates.iter().cloned()).collect();
        LeafSigners { current: self.current.certificates.clone(), can_sign: self.current.has_key, trusted }
    }
}

/// Decides on an authority. `leaves` are all Secrets that it signs, `members` all members that run, and `shown` is the leaf
/// that members are to show. `rotated` is the value of `spec.tls.rotate` in the status, for when the Secret is lost.
#[must_use]
pub fn decide_authority(
    settings: &AuthoritySettings,
    found: &AuthorityFound,
    leaves: &[(&str, &LeafFound)],
    shown: &LeafFound,
    members: &[MemberSeen],
    rotated: Option<&str>,
) -> AuthorityDecision {
    match found {
        AuthorityFound::Absent => without(settings, "is gone", leaves, members, rotated),
        AuthorityFound::Unusable(cause) => {
            without(settings, &format!("cannot be used ({cause})"), leaves, members, rotated)
        }
        AuthorityFound::Present(authority) => match authority.phase() {
            Phase::Steady => steady(settings, authority),
            Phase::Widening => widening(settings, authority, leaves, members),
            Phase::Swapping => swapping(settings, authority, leaves, shown, members),
        },
    }
}

/// There is no authority. The first is made silently; a second one never, or members and clients that trust the first
/// would turn each other away.
fn without(
    settings: &AuthoritySettings,
    what: &str,
    leaves: &[(&str, &LeafFound)],
    members: &[MemberSeen],
    rotated: Option<&str>,
) -> AuthorityDecision {
    let is_first = leaves.iter().all(|(_, leaf)| matches!(leaf, LeafFound::Absent)) && members.is_empty();
    if is_first {
        return AuthorityDecision::step(AuthorityStep::Create);
    }
    if settings.rotate.is_some() && settings.rotate.as_deref() != rotated {
        return AuthorityDecision::step(AuthorityStep::Restart);
    }
    AuthorityDecision::lost(format!(
        "The authority's Secret {what}, and certificates that it signed are in use. They stay good until they end, but \
         none can be renewed. Put the Secret back, or change spec.tls.rotate: a new authority is then made known to \
         everybody before it replaces the lost one"
    ))
}

fn steady(settings: &AuthoritySettings, authority: &Authority) -> AuthorityDecision {
    let is_asked = settings.rotate.is_some() && settings.rotate != authority.rotated;
    let is_due = authority.current.seconds_left <= settings.renew_before_seconds;
    if is_asked || is_due {
        return AuthorityDecision::step(AuthorityStep::Widen);
    }
    let until_due = authority.current.seconds_left - settings.renew_before_seconds;
    AuthorityDecision { look_again_seconds: Some(until_due), ..AuthorityDecision::step(AuthorityStep::None) }
}

fn widening(
    settings: &AuthoritySettings,
    authority: &Authority,
    leaves: &[(&str, &LeafFound)],
    members: &[MemberSeen],
) -> AuthorityDecision {
    let trusted = authority.signers().trusted;
    let follows = |leaf: &LeafFound| match leaf {
        LeafFound::Present(leaf) => leaf.trusts == trusted,
        // Without the old key it cannot be made now; it will be, by the next authority. Nobody holds it meanwhile.
        LeafFound::Absent | LeafFound::Unusable(_) => !authority.current.has_key,
    };
    let members = members.iter().filter(|member| member.trusts_next != Some(true));
    let members = members.map(|member| format!("{} to trust the next authority", member.name));
    turn(settings, authority, AuthorityStep::Swap, behind(leaves, follows), members.collect())
}

fn swapping(
    settings: &AuthoritySettings,
    authority: &Authority,
    leaves: &[(&str, &LeafFound)],
    shown: &LeafFound,
    members: &[MemberSeen],
) -> AuthorityDecision {
    let signers = authority.signers();
    let follows = |leaf: &LeafFound| match leaf {
        LeafFound::Present(leaf) => {
            leaf.trusts == signers.trusted
                && leaf.signed_by.as_ref().is_some_and(|signer| signers.current.contains(signer))
        }
        LeafFound::Absent | LeafFound::Unusable(_) => false,
    };
    let shown = match shown {
        LeafFound::Present(leaf) => Some(&leaf.fingerprint),
        LeafFound::Absent | LeafFound::Unusable(_) => None,
    };
    let members = members.iter().filter(|member| shown.is_none() || member.shows.as_ref() != shown);
    let members = members.map(|member| format!("{} to show its new certificate", member.name));
    turn(settings, authority, AuthorityStep::Narrow, behind(leaves, follows), members.collect())
}

fn behind(leaves: &[(&str, &LeafFound)], follows: impl Fn(&LeafFound) -> bool) -> Vec<String> {
    let behind = leaves.iter().filter(|(_, leaf)| !follows(leaf));
    behind.map(|(name, _)| format!("the Secret {name} to be written anew")).collect()
}

/// The one way out of a phase: Secrets first, then their moment written down, then members and time.
fn turn(
    settings: &AuthoritySettings,
    authority: &Authority,
    step: AuthorityStep,
    secrets_behind: Vec<String>,
    members_behind: Vec<String>,
) -> AuthorityDecision {
    let waits = |waits_for, look_again_seconds| AuthorityDecision {
        waits_for,
        look_again_seconds,
        ..AuthorityDecision::step(AuthorityStep::None)
    };
    if !secrets_behind.is_empty() {
        return waits(secrets_behind, None);
    }
    let Some(settled_for) = authority.settled_for_seconds else {
        return AuthorityDecision::step(AuthorityStep::Settle);
    };
    let remaining = settings.overlap_seconds.saturating_sub(settled_for);
    let mut waits_for = members_behind;
    if remaining > 0 {
        waits_for.push(format!("{remaining} s, for clients to take up what was published"));
    }
    if waits_for.is_empty() {
        return AuthorityDecision::step(step);
    }
    let look_again = (remaining > 0).then_some(remaining);
    waits(waits_for, look_again)
}
