//! Carries out what `holdfast_plan::trust` decides on a managed authority and its leaves: reads Secrets and members, and
//! writes Secrets. Must not decide anything itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdfast_plan::trust::{
    AuthorityDecision, AuthorityFound, AuthorityStep, LeafFound, LeafStep, MemberSeen, Phase,
    decide_authority, decide_leaf,
};
use k8s_openapi::api::core::v1::Secret;

use super::client_config::{ShownPair, client_config};
use super::endpoint::{Endpoint, LeafPlan};
use super::evidence;
use super::making::{LeafContents, Pair, make_authority, make_leaf};
use super::reading;
use super::secrets::{Secrets, text};
use super::settings::ManagedSettings;
use super::stored::StoredAuthority;
use super::time::UnixSeconds;
use super::{RunningMember, TrustError};

/// Rounds of looking and writing in one go. The longest way that needs no waiting is: make the authority, issue the
/// leaves, look once more.
const ROUNDS_MAX: usize = 4;

/// What looking after one authority works with.
pub(crate) struct Work<'a> {
    pub(crate) secrets: &'a Secrets,
    pub(crate) settings: &'a ManagedSettings,
    pub(crate) members: &'a [RunningMember],
    pub(crate) endpoint: Endpoint,
    pub(crate) authority_secret: String,
    pub(crate) leaves: Vec<LeafPlan>,
    /// Nothing is written.
    pub(crate) is_frozen: bool,
}

/// A leaf as its Secret has it.
pub(crate) struct LeafKept {
    pub(crate) plan: LeafPlan,
    pub(crate) found: LeafFound,
    pub(crate) step: LeafStep,
    /// When it ends, if it is there.
    pub(crate) ends: UnixSeconds,
    certificate: String,
    key: String,
    trusted: String,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) endpoint: Endpoint,
    pub(crate) phase: Option<Phase>,
    pub(crate) decision: AuthorityDecision,
    pub(crate) leaves: Vec<LeafKept>,
    /// The authority, if there is one that can be used.
    pub(crate) authority: Option<StoredAuthority>,
    /// What was done, one line each.
    pub(crate) done: Vec<String>,
}

impl LeafKept {
    /// Its texts, if it is there: certificate and key.
    pub(crate) fn pair(&self) -> Option<(&str, &str)> {
        matches!(self.found, LeafFound::Present(_)).then_some((self.certificate.as_str(), self.key.as_str()))
    }

    /// The text of the authorities beside it, whatever it is.
    pub(crate) fn trusted(&self) -> &str {
        &self.trusted
    }
}

impl Outcome {
    /// What pods cannot run without, and is not there.
    pub(crate) fn missing(&self) -> Vec<String> {
        let missing = self.leaves.iter().filter(|leaf| leaf.plan.is_needed && leaf.pair().is_none());
        missing.map(|leaf| format!("the certificate in Secret {}", leaf.plan.secret)).collect()
    }

    /// How the operator connects, with the leaf in this Secret. None when that is not there, which `missing` tells.
    pub(crate) fn operator_config(&self, secret: &str) -> Result<Option<rustls::ClientConfig>, String> {
        let leaf = self.leaves.iter().find(|leaf| leaf.plan.secret == secret);
        let Some((leaf, (certificate, key))) = leaf.and_then(|leaf| Some((leaf, leaf.pair()?))) else {
            return Ok(None);
        };
        let trusted = match &self.authority {
            Some(authority) => authority.bundle(),
            None => leaf.trusted().to_owned(),
        };
        client_config(&trusted, Some(ShownPair { certificate, key }), b"http/1.1").map(Some)
    }
}

impl Work<'_> {
    /// Looks, decides and writes until there is nothing to do now.
    pub(crate) async fn run(&self) -> Result<Outcome, TrustError> {
        let mut done = Vec::new();
        for _ in 1..ROUNDS_MAX {
            let (outcome, secret) = self.look().await?;
            let written = if self.is_frozen { Vec::new() } else { self.write(&outcome, secret).await? };
            if written.is_empty() {
                return Ok(Outcome { done, ..outcome });
            }
            done.extend(written);
        }
        let (outcome, _) = self.look().await?;
        Ok(Outcome { done, ..outcome })
    }

    /// The same for leaves alone: the authority is taken as it is. Tells what was done.
    pub(crate) async fn run_leaves(&self) -> Result<Vec<String>, TrustError> {
        let now = UnixSeconds::now();
        let (_, authority, found) = self.look_at_authority(now).await?;
        let Some(authority) = authority.filter(|_| !self.is_frozen) else { return Ok(Vec::new()) };
        let mut leaves = Vec::with_capacity(self.leaves.len());
        for plan in &self.leaves {
            leaves.push(self.look_at_leaf(plan, Some(&authority), &found, now).await?);
        }
        self.write_leaves(&leaves, &authority).await
    }

    async fn look_at_authority(
        &self,
        now: UnixSeconds,
    ) -> Result<(Option<Secret>, Option<StoredAuthority>, AuthorityFound), TrustError> {
        let secret = self.secrets.get(&self.authority_secret).await?;
        let read = secret.as_ref().map(|secret| {
            let stored = StoredAuthority::read(secret)?;
            let found = stored.found(now)?;
            Ok::<_, String>((stored, found))
        });
        let (authority, found) = match read {
            None => (None, AuthorityFound::Absent),
            Some(Ok((stored, found))) => (Some(stored), found),
            Some(Err(cause)) => (None, AuthorityFound::Unusable(cause)),
        };
        Ok((secret, authority, found))
    }

    async fn look(&self) -> Result<(Outcome, Option<Secret>), TrustError> {
        let now = UnixSeconds::now();
        let (secret, authority, found) = self.look_at_authority(now).await?;
        let mut leaves = Vec::with_capacity(self.leaves.len());
        for plan in &self.leaves {
            leaves.push(self.look_at_leaf(plan, authority.as_ref(), &found, now).await?);
        }
        let members = self.look_at_members(&found, authority.as_ref()).await;
        let named: Vec<(&str, &LeafFound)> =
            leaves.iter().map(|leaf| (leaf.plan.secret.as_str(), &leaf.found)).collect();
        let decision = decide_authority(
            &self.settings.decisive(),
            &found,
            &named,
            &leaves[0].found,
            &members,
            self.settings.rotated.as_deref(),
        );
        let phase = match &found {
            AuthorityFound::Present(authority) => Some(authority.phase()),
            AuthorityFound::Absent | AuthorityFound::Unusable(_) => None,
        };
        let outcome =
            Outcome { endpoint: self.endpoint, phase, decision, leaves, authority, done: Vec::new() };
        Ok((outcome, secret))
    }

    async fn look_at_leaf(
        &self,
        plan: &LeafPlan,
        authority: Option<&StoredAuthority>,
        found_authority: &AuthorityFound,
        now: UnixSeconds,
    ) -> Result<LeafKept, TrustError> {
        let secret = self.secrets.get(&plan.secret).await?;
        let part = |key| secret.as_ref().and_then(|secret| text(secret, key)).unwrap_or_default();
        let (certificate, key, trusted) = (part("tls.crt"), part("tls.key"), part("ca.crt"));
        // Without an authority, who has signed is asked of those that the leaf itself names.
        let signers = match authority {
            Some(authority) => authority.certificates(),
            None => reading::certificates(&trusted).unwrap_or_default(),
        };
        let found = match &secret {
            None => LeafFound::Absent,
            Some(_) => match reading::leaf(&certificate, &key, &trusted, &signers, now) {
                Ok(leaf) => LeafFound::Present(leaf),
                Err(cause) => LeafFound::Unusable(cause),
            },
        };
        let step = match found_authority {
            AuthorityFound::Present(authority) => decide_leaf(&plan.wanted, &found, &authority.signers()),
            AuthorityFound::Absent | AuthorityFound::Unusable(_) => LeafStep::Keep,
        };
        let ends = reading::first_end(&certificate).unwrap_or(now);
        Ok(LeafKept { plan: plan.clone(), found, step, ends, certificate, key, trusted })
    }

    /// Members are asked only when something depends on it: at rest, nobody is connected to.
    async fn look_at_members(
        &self,
        found: &AuthorityFound,
        authority: Option<&StoredAuthority>,
    ) -> Vec<MemberSeen> {
        let unasked = || self.members.iter().map(evidence::unasked).collect();
        let (AuthorityFound::Present(state), Some(stored)) = (found, authority) else { return unasked() };
        if state.phase() == Phase::Steady || state.settled_for_seconds.is_none() {
            return unasked();
        }
        let signer = stored.next().or_else(|| stored.signing());
        let Some(signer) = signer else { return unasked() };
        match evidence::visitor(&signer, &stored.bundle(), self.settings.algorithm) {
            Ok(config) => evidence::ask(self.members, self.endpoint, &Arc::new(config)).await,
            Err(cause) => {
                tracing::warn!(
                    secret = self.authority_secret,
                    cause,
                    "members cannot be asked whom they trust"
                );
                unasked()
            }
        }
    }

    /// Writes what was decided: the authority first, or, when that is as it should be, leaves.
    async fn write(&self, outcome: &Outcome, secret: Option<Secret>) -> Result<Vec<String>, TrustError> {
        if let Some(line) = self.write_authority(outcome, secret).await? {
            return Ok(vec![line]);
        }
        let Some(authority) = &outcome.authority else { return Ok(Vec::new()) };
        self.write_leaves(&outcome.leaves, authority).await
    }

    async fn write_leaves(
        &self,
        leaves: &[LeafKept],
        authority: &StoredAuthority,
    ) -> Result<Vec<String>, TrustError> {
        let mut done = Vec::new();
        for leaf in leaves {
            let line = match &leaf.step {
                LeafStep::Keep | LeafStep::Stuck(_) => continue,
                LeafStep::Rebundle => {
                    self.apply_leaf(&leaf.plan, &leaf.certificate, &leaf.key, authority).await?;
                    format!("wrote the trusted authorities of Secret {} anew", leaf.plan.secret)
                }
                LeafStep::Issue(reason) => {
                    let made = self.issue(&leaf.plan, authority)?;
                    self.apply_leaf(&leaf.plan, &made.certificate, &made.key, authority).await?;
                    format!("issued the certificate in Secret {}: {reason}", leaf.plan.secret)
                }
            };
            done.push(line);
        }
        Ok(done)
    }

    async fn write_authority(
        &self,
        outcome: &Outcome,
        secret: Option<Secret>,
    ) -> Result<Option<String>, TrustError> {
        let name = &self.authority_secret;
        let rotate = self.settings.rotate.clone();
        let stored = outcome.authority.clone().unwrap_or_default();
        let (written, line) = match outcome.decision.step {
            AuthorityStep::None => return Ok(None),
            AuthorityStep::Create => {
                (StoredAuthority::first(&self.authority()?, rotate), format!("made the authority {name}"))
            }
            AuthorityStep::Restart => {
                let lost = outcome.leaves.iter().map(|leaf| leaf.trusted()).collect::<Vec<_>>();
                let written = StoredAuthority::restarted(joined(&lost), &self.authority()?, rotate);
                (written, format!("made an authority in place of the lost {name}, and widen trust"))
            }
            AuthorityStep::Widen => (
                stored.widened(&self.authority()?, rotate),
                format!("made the next authority of {name}, and widen trust"),
            ),
            AuthorityStep::Settle => {
                (stored.settled(UnixSeconds::now()), format!("every Secret follows {name}"))
            }
            AuthorityStep::Swap => (stored.swapped(), format!("the new authority of {name} signs now")),
            AuthorityStep::Narrow => {
                (stored.narrowed(), format!("the old authority of {name} is trusted no more"))
            }
        };
        self.secrets.replace(name, secret, written.data(), &written.annotations()).await?;
        Ok(Some(line))
    }

    fn authority(&self) -> Result<Pair, TrustError> {
        let life = self.settings.authority.duration;
        let name = self.endpoint.authority_name();
        make_authority(name, life, self.settings.algorithm, UnixSeconds::now())
            .map_err(|source| TrustError::Making { secret: self.authority_secret.clone(), source })
    }

    fn issue(&self, plan: &LeafPlan, authority: &StoredAuthority) -> Result<Pair, TrustError> {
        let signer = authority.signing().expect("a leaf is issued only by an authority with its key");
        let contents = LeafContents {
            common_name: &plan.wanted.common_name,
            names: &plan.wanted.names,
            purpose: plan.purpose,
            lifetime: plan.life.duration,
            algorithm: self.settings.algorithm,
        };
        make_leaf(&signer, &contents, UnixSeconds::now())
            .map_err(|source| TrustError::Making { secret: plan.secret.clone(), source })
    }

    async fn apply_leaf(
        &self,
        plan: &LeafPlan,
        certificate: &str,
        key: &str,
        authority: &StoredAuthority,
    ) -> Result<(), TrustError> {
        let data = [("tls.crt", certificate), ("tls.key", key), ("ca.crt", &authority.bundle())];
        let data: BTreeMap<String, String> =
            data.into_iter().map(|(key, text)| (key.to_owned(), text.to_owned())).collect();
        self.secrets.apply(&plan.secret, "kubernetes.io/tls", data, plan.owner.clone()).await.map(drop)
    }
}

/// All certificates of some bundles, each once; those that cannot be read are left out.
fn joined(bundles: &[&str]) -> String {
    let readable: Vec<&str> =
        bundles.iter().copied().filter(|pem| reading::certificates(pem).is_ok()).collect();
    reading::bundle(&readable).unwrap_or_default()
}
