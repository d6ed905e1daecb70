//! `spec.tls` as numbers, made harmless. Decides nothing else.

use std::time::Duration;

use super::TrustError;
use super::time::parse_duration;
use crate::crd::{EndpointTls, HoldfastCluster, KeyAlgorithm};
use crate::limits::{CERTIFICATE_LIFE_MAX, CERTIFICATE_LIFE_MIN};

/// How long something is good for, and when it is made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) duration: Duration,
    pub(crate) renew_before: Duration,
}

impl Life {
    /// Reads both and keeps them within what works.
    pub(crate) fn parse(duration: &str, renew_before: &str) -> Result<Self, TrustError> {
        let duration = parse_duration(duration)?.clamp(CERTIFICATE_LIFE_MIN, CERTIFICATE_LIFE_MAX);
        let asked = parse_duration(renew_before)?.as_secs();
        let renew_before = holdfast_plan::trust::renew_before(duration.as_secs(), asked);
        Ok(Self { duration, renew_before: Duration::from_secs(renew_before) })
    }

    /// What a user's certificate has: it is renewed after two thirds.
    pub(crate) fn of_user(duration: &str) -> Result<Self, TrustError> {
        let duration = parse_duration(duration)?.clamp(CERTIFICATE_LIFE_MIN, CERTIFICATE_LIFE_MAX);
        Ok(Self { duration, renew_before: duration / 3 })
    }

    pub(crate) fn of_endpoint(endpoint: &EndpointTls) -> Result<Self, TrustError> {
        Self::parse(&endpoint.duration, &endpoint.renew_before)
    }
}

/// What the managed authorities of a cluster go by.
#[derive(Clone, Debug)]
pub(crate) struct ManagedSettings {
    pub(crate) authority: Life,
    pub(crate) overlap: Duration,
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) rotate: Option<String>,
    /// What the status says was carried out last, for when an authority's Secret is lost.
    pub(crate) rotated: Option<String>,
}

impl ManagedSettings {
    pub(crate) fn of(cluster: &HoldfastCluster) -> Result<Self, TrustError> {
        let tls = &cluster.spec.tls;
        Ok(Self {
            authority: Life::parse(&tls.authority.duration, &tls.authority.renew_before)?,
            overlap: parse_duration(&tls.authority.overlap)?,
            algorithm: tls.authority.key_algorithm,
            rotate: tls.rotate.clone(),
            rotated: cluster.status.as_ref().and_then(|status| status.rotated.clone()),
        })
    }

    pub(crate) fn decisive(&self) -> holdfast_plan::trust::AuthoritySettings {
        holdfast_plan::trust::AuthoritySettings {
            rotate: self.rotate.clone(),
            renew_before_seconds: self.authority.renew_before.as_secs(),
            overlap_seconds: self.overlap.as_secs(),
        }
    }
}
