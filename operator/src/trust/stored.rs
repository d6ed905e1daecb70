//! The Secret of a managed authority: how its state is written in it, and what each step makes of it. Pure.
//!
//! `tls.crt` and `tls.key` are the authority that signs, `next.crt` and `next.key` the one that will, `previous.crt` the
//! one that did. A `tls.crt` without key stands for authorities whose Secret was lost.

use std::collections::BTreeMap;

use holdfast_plan::trust::{Authority, AuthorityFound};
use k8s_openapi::api::core::v1::Secret;
use kube::ResourceExt as _;
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::making::Pair;
use super::reading;
use super::secrets::text;
use super::time::UnixSeconds;

/// The value of `spec.tls.rotate` that the newest authority in it was made for.
pub(crate) const ROTATED: &str = "holdfast.dev/rotated";

/// Since when all other Secrets follow it.
pub(crate) const SETTLED_AT: &str = "holdfast.dev/settled-at";

/// The texts of an authority's Secret.
#[derive(Clone, Default)]
pub(crate) struct StoredAuthority {
    current: String,
    current_key: Option<Zeroizing<String>>,
    next: Option<(String, Zeroizing<String>)>,
    previous: Option<String>,
    rotated: Option<String>,
    settled_at: Option<UnixSeconds>,
}

impl StoredAuthority {
    /// A first authority.
    pub(crate) fn first(made: &Pair, rotate: Option<String>) -> Self {
        Self {
            current: made.certificate.clone(),
            current_key: Some(made.key.clone()),
            rotated: rotate,
            ..Self::default()
        }
    }

    /// A next authority beside lost ones, of which the certificates in `lost` are known.
    pub(crate) fn restarted(lost: String, made: &Pair, rotate: Option<String>) -> Self {
        if lost.is_empty() {
            return Self::first(made, rotate);
        }
        Self {
            current: lost,
            next: Some((made.certificate.clone(), made.key.clone())),
            rotated: rotate,
            ..Self::default()
        }
    }

    pub(crate) fn widened(mut self, made: &Pair, rotate: Option<String>) -> Self {
        self.next = Some((made.certificate.clone(), made.key.clone()));
        self.rotated = rotate;
        self.settled_at = None;
        self
    }

    pub(crate) fn settled(mut self, now: UnixSeconds) -> Self {
        self.settled_at = Some(now);
        self
    }

    pub(crate) fn swapped(mut self) -> Self {
        if let Some((certificate, key)) = self.next.take() {
            self.previous = Some(std::mem::replace(&mut self.current, certificate));
            self.current_key = Some(key);
        }
        self.settled_at = None;
        self
    }

    pub(crate) fn narrowed(mut self) -> Self {
        self.previous = None;
        self.settled_at = None;
        self
    }

    /// Reads a Secret.
    ///
    /// # Errors
    /// What is wrong with it, in words for people.
    pub(crate) fn read(secret: &Secret) -> Result<Self, String> {
        let needed = |key: &str| text(secret, key).ok_or_else(|| format!("{key} is missing"));
        let next = match text(secret, "next.crt") {
            Some(certificate) => Some((certificate, Zeroizing::new(needed("next.key")?))),
            None => None,
        };
        let current_key = text(secret, "tls.key").map(Zeroizing::new);
        if current_key.is_none() && next.is_none() {
            return Err("tls.key is missing".to_owned());
        }
        let annotation = |key: &str| secret.annotations().get(key).cloned();
        Ok(Self {
            current: needed("tls.crt")?,
            current_key,
            next,
            previous: text(secret, "previous.crt"),
            rotated: annotation(ROTATED),
            settled_at: annotation(SETTLED_AT).and_then(|text| UnixSeconds::parse(&text)),
        })
    }

    /// What decisions are made on.
    ///
    /// # Errors
    /// What is wrong with it, in words for people.
    pub(crate) fn found(&self, now: UnixSeconds) -> Result<AuthorityFound, String> {
        let named = |part: &str, cause: String| format!("{part}: {cause}");
        let current = reading::anchor(&self.current, self.current_key.as_ref().map(|key| key.as_str()), now)
            .map_err(|cause| named("tls.crt", cause))?;
        let next = self.next.as_ref().map(|(certificate, key)| reading::anchor(certificate, Some(key), now));
        let previous = self.previous.as_ref().map(|certificate| reading::anchor(certificate, None, now));
        Ok(AuthorityFound::Present(Authority {
            current,
            next: next.transpose().map_err(|cause| named("next.crt", cause))?,
            previous: previous.transpose().map_err(|cause| named("previous.crt", cause))?,
            rotated: self.rotated.clone(),
            settled_for_seconds: self.settled_at.map(|at| now.since(at)),
        }))
    }

    /// What the Secret is to hold.
    pub(crate) fn data(&self) -> BTreeMap<String, String> {
        let mut data = BTreeMap::from([("tls.crt".to_owned(), self.current.clone())]);
        if let Some(key) = &self.current_key {
            data.insert("tls.key".to_owned(), key.to_string());
        }
        if let Some((certificate, key)) = &self.next {
            data.insert("next.crt".to_owned(), certificate.clone());
            data.insert("next.key".to_owned(), key.to_string());
        }
        if let Some(certificate) = &self.previous {
            data.insert("previous.crt".to_owned(), certificate.clone());
        }
        data
    }

    /// The annotations that it is to have, or not.
    pub(crate) fn annotations(&self) -> [(&'static str, Option<String>); 2] {
        [(ROTATED, self.rotated.clone()), (SETTLED_AT, self.settled_at.map(UnixSeconds::rfc3339))]
    }

    /// Who signs now, if there is a key.
    pub(crate) fn signing(&self) -> Option<Pair> {
        let key = self.current_key.clone()?;
        Some(Pair { certificate: self.current.clone(), key })
    }

    /// Who will sign, while trust is widened.
    pub(crate) fn next(&self) -> Option<Pair> {
        let (certificate, key) = self.next.clone()?;
        Some(Pair { certificate, key })
    }

    /// Everybody that is to be trusted, as PEM.
    pub(crate) fn bundle(&self) -> String {
        let next = self.next.as_ref().map_or("", |(certificate, _)| certificate);
        let previous = self.previous.as_deref().unwrap_or_default();
        let parts: Vec<&str> =
            [self.current.as_str(), next, previous].into_iter().filter(|part| !part.is_empty()).collect();
        reading::bundle(&parts).expect("only an authority that was read or made is asked for its bundle")
    }

    /// The certificates that leaves may have been signed by.
    pub(crate) fn certificates(&self) -> Vec<CertificateDer<'static>> {
        reading::certificates(&self.bundle()).unwrap_or_default()
    }

    pub(crate) fn rotated(&self) -> Option<&str> {
        self.rotated.as_deref()
    }
}
