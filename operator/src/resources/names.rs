//! How everything that belongs to a cluster is called. The only place where a name is put together or taken apart.

use holdfast_plan::Ordinal;

use crate::crd::HoldfastCluster;

/// Port for clients.
pub const CLIENT_PORT: u16 = 2379;
/// Port for other members.
pub const PEER_PORT: u16 = 2380;
/// Port for probes and metrics, never encrypted.
pub const METRICS_PORT: u16 = 2381;
/// The template of the volume claims, and the volume in the pod.
pub const CLAIM_TEMPLATE: &str = "data";

/// The names of one cluster's objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    cluster: String,
    namespace: String,
    domain: String,
}

impl Names {
    /// The names for a cluster, from its resource. A resource that the API server handed out has a name and a namespace.
    #[must_use]
    pub fn of(cluster: &HoldfastCluster) -> Self {
        Self::new(
            cluster.metadata.name.as_deref().unwrap_or_default(),
            cluster.metadata.namespace.as_deref().unwrap_or_default(),
            &cluster.spec.cluster_domain,
        )
    }

    /// The names for a cluster of this name in this namespace, where Kubernetes' DNS has this domain.
    #[must_use]
    pub fn new(cluster: &str, namespace: &str, domain: &str) -> Self {
        Self { cluster: cluster.to_owned(), namespace: namespace.to_owned(), domain: domain.to_owned() }
    }

    /// The cluster's name, which its StatefulSet, PodDisruptionBudget and NetworkPolicy have, too.
    #[must_use]
    pub fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The namespace of all objects.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The domain of Kubernetes' DNS.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The pod of a member.
    #[must_use]
    pub fn pod(&self, ordinal: Ordinal) -> String {
        format!("{}-{ordinal}", self.cluster)
    }

    /// The volume claim of a member.
    #[must_use]
    pub fn claim(&self, ordinal: Ordinal) -> String {
        format!("{CLAIM_TEMPLATE}-{}-{ordinal}", self.cluster)
    }

    /// The headless Service that gives members their DNS names.
    #[must_use]
    pub fn peers_service(&self) -> String {
        format!("{}-peers", self.cluster)
    }

    /// The Service for clients.
    #[must_use]
    pub fn client_service(&self) -> String {
        format!("{}-client", self.cluster)
    }

    /// The DNS name of a member, which its certificate has.
    #[must_use]
    pub fn member_host(&self, ordinal: Ordinal) -> String {
        format!("{}.{}.{}.svc", self.pod(ordinal), self.peers_service(), self.namespace)
    }

    /// The DNS name of the Service for clients.
    #[must_use]
    pub fn client_host(&self) -> String {
        format!("{}.{}.svc", self.client_service(), self.namespace)
    }

    /// Where other members reach a member.
    #[must_use]
    pub fn peer_url(&self, ordinal: Ordinal, is_encrypted: bool) -> String {
        format!("{}://{}:{PEER_PORT}", scheme(is_encrypted), self.member_host(ordinal))
    }

    /// The ordinal in the name of a pod of this cluster.
    #[must_use]
    pub fn ordinal_of_pod(&self, pod: &str) -> Option<Ordinal> {
        pod.strip_prefix(&self.cluster)?.strip_prefix('-').and_then(ordinal)
    }

    /// The ordinal in the name of a claim of this cluster.
    #[must_use]
    pub fn ordinal_of_claim(&self, claim: &str) -> Option<Ordinal> {
        self.ordinal_of_pod(claim.strip_prefix(CLAIM_TEMPLATE)?.strip_prefix('-')?)
    }

    /// The ordinal in a peer URL, if it is one of this cluster.
    #[must_use]
    pub fn ordinal_of_peer_url(&self, url: &str) -> Option<Ordinal> {
        let (_, address) = url.split_once("://")?;
        let (host, _) = address.split_once(':')?;
        let (pod, service) = host.split_once('.')?;
        let own = format!("{}.{}.svc", self.peers_service(), self.namespace);
        (service == own).then(|| self.ordinal_of_pod(pod)).flatten()
    }
}

/// `https` or `http`.
#[must_use]
pub fn scheme(is_encrypted: bool) -> &'static str {
    if is_encrypted { "https" } else { "http" }
}

/// Kubernetes writes ordinals without leading zeros and signs.
fn ordinal(text: &str) -> Option<Ordinal> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok().map(Ordinal) } else { None }
}

/// The names of the Secrets that pods mount.
impl Names {
    /// What the members show on the client port.
    #[must_use]
    pub fn server_secret(&self) -> String {
        format!("{}-server-tls", self.cluster)
    }

    /// What the members show each other.
    #[must_use]
    pub fn peer_secret(&self) -> String {
        format!("{}-peer-tls", self.cluster)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_come_out_of_names_as_they_went_in() {
        let names = Names::new("kv", "shop", "cluster.local");
        for number in [0, 7, 10, 123] {
            let ordinal = Ordinal(number);
            assert_eq!(names.ordinal_of_pod(&names.pod(ordinal)), Some(ordinal));
            assert_eq!(names.ordinal_of_claim(&names.claim(ordinal)), Some(ordinal));
            assert_eq!(names.ordinal_of_peer_url(&names.peer_url(ordinal, true)), Some(ordinal));
        }
    }

    #[test]
    fn foreign_names_have_no_ordinal() {
        let names = Names::new("kv", "shop", "cluster.local");
        for name in ["kv", "kv-", "kv-01", "kv-+1", "kv-a-0", "kvs-0", "other-0"] {
            assert_eq!(names.ordinal_of_pod(name), None, "{name}");
        }
        for url in [
            "https://kv-0.kv-peers.other.svc:2380",
            "https://10.0.0.1:2380",
            "kv-0.kv-peers.shop.svc:2380",
            "https://kv-0.kv-peers.shop.svc.evil:2380",
        ] {
            assert_eq!(names.ordinal_of_peer_url(url), None, "{url}");
        }
    }
}
