//! What is measured of the operator and of each cluster, in the form of Prometheus. Labels are kinds, namespaces and names
//! of clusters, nothing that clients choose.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// A kind of resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Kind {
    /// `HoldfastCluster`, `HoldfastUser` or `HoldfastRole`.
    pub kind: &'static str,
}

/// What a request to the API server does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Verb {
    /// The HTTP method.
    pub method: &'static str,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Cluster {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

type OfKind<M> = Family<Kind, M>;
type OfCluster = Family<Cluster, Gauge<i64>>;

/// All that is measured. Cheap to clone: everything is shared.
#[derive(Clone, Debug)]
pub struct Metrics {
    reconciles: OfKind<Counter>,
    failures: OfKind<Counter>,
    durations: Family<Kind, Histogram, fn() -> Histogram>,
    requests: Family<Verb, Counter>,
    leader: Gauge<i64>,
    members_wanted: OfCluster,
    members_ready: OfCluster,
    learners: OfCluster,
    quorum_margin: OfCluster,
    data_size_bytes: OfCluster,
    certificate_seconds: OfCluster,
    last_success: Family<Cluster, Gauge<f64, AtomicU64>>,
}

/// What is measured of one cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Members wanted.
    pub members_wanted: i64,
    /// Members whose pods are ready.
    pub members_ready: i64,
    /// Members that do not vote.
    pub learners: i64,
    /// How many voters may fail; less than 0 without a quorum.
    pub quorum_margin: i64,
    /// Data of the member that has most, in bytes.
    pub data_size_bytes: i64,
    /// Seconds until the first certificate ends.
    pub certificate_seconds: Option<i64>,
}

impl Metrics {
    /// Measures into a registry.
    #[must_use]
    pub fn new(registry: &mut Registry) -> Self {
        let buckets = || Histogram::new(exponential_buckets(0.005, 2.0, 13));
        let metrics = Self {
            reconciles: Family::default(),
            failures: Family::default(),
            durations: Family::new_with_constructor(buckets as fn() -> Histogram),
            requests: Family::default(),
            leader: Gauge::default(),
            members_wanted: Family::default(),
            members_ready: Family::default(),
            learners: Family::default(),
            quorum_margin: Family::default(),
            data_size_bytes: Family::default(),
            certificate_seconds: Family::default(),
            last_success: Family::default(),
        };
        let registry = registry.sub_registry_with_prefix("holdfast_operator");
        registry.register("reconciles", "Looks at a resource", metrics.reconciles.clone());
        registry.register("reconcile_failures", "Looks that failed", metrics.failures.clone());
        registry.register("reconcile_duration_seconds", "How long a look takes", metrics.durations.clone());
        registry.register(
            "kubernetes_requests",
            "Requests to the API server, watches included",
            metrics.requests.clone(),
        );
        registry.register("leader", "1 while this process acts, 0 while it waits", metrics.leader.clone());
        let of_clusters = [
            ("cluster_members_wanted", "Members wanted", &metrics.members_wanted),
            ("cluster_members_ready", "Members that are ready", &metrics.members_ready),
            ("cluster_learners", "Members that do not vote", &metrics.learners),
            (
                "cluster_quorum_margin",
                "Voters that may fail; negative without a quorum",
                &metrics.quorum_margin,
            ),
            ("cluster_data_size_bytes", "Data of the member that has most", &metrics.data_size_bytes),
            (
                "cluster_certificate_expiry_seconds",
                "Time until the first certificate ends",
                &metrics.certificate_seconds,
            ),
        ];
        for (name, help, family) in of_clusters {
            registry.register(name, help, (*family).clone());
        }
        registry.register(
            "cluster_last_success_timestamp_seconds",
            "When a look at the cluster last succeeded",
            metrics.last_success.clone(),
        );
        metrics
    }

    /// Counts a look at a resource.
    pub fn reconciled(&self, kind: &'static str, duration: Duration, has_failed: bool) {
        let kind = Kind { kind };
        self.reconciles.get_or_create(&kind).inc();
        self.durations.get_or_create(&kind).observe(duration.as_secs_f64());
        if has_failed {
            self.failures.get_or_create(&kind).inc();
        }
    }

    /// Counts a request to the API server.
    pub fn requested(&self, method: &http::Method) {
        let method = match method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            "PUT" => "PUT",
            "PATCH" => "PATCH",
            "DELETE" => "DELETE",
            _ => "other",
        };
        self.requests.get_or_create(&Verb { method }).inc();
    }

    /// Whether this process acts.
    pub fn set_leader(&self, is_leader: bool) {
        self.leader.set(i64::from(is_leader));
    }

    /// Notes what was measured of a cluster.
    pub fn set(&self, cluster: &Cluster, measured: Measured, now_unix_seconds: f64) {
        self.members_wanted.get_or_create(cluster).set(measured.members_wanted);
        self.members_ready.get_or_create(cluster).set(measured.members_ready);
        self.learners.get_or_create(cluster).set(measured.learners);
        self.quorum_margin.get_or_create(cluster).set(measured.quorum_margin);
        self.data_size_bytes.get_or_create(cluster).set(measured.data_size_bytes);
        if let Some(seconds) = measured.certificate_seconds {
            self.certificate_seconds.get_or_create(cluster).set(seconds);
        }
        self.last_success.get_or_create(cluster).set(now_unix_seconds);
    }

    /// Forgets a cluster that is gone.
    pub fn forget(&self, cluster: &Cluster) {
        for family in [
            &self.members_wanted,
            &self.members_ready,
            &self.learners,
            &self.quorum_margin,
            &self.data_size_bytes,
            &self.certificate_seconds,
        ] {
            family.remove(cluster);
        }
        self.last_success.remove(cluster);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(registry: &Registry) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, registry).unwrap();
        text
    }

    #[test]
    fn alerts_are_about_metrics_that_there_are() {
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry);
        let cluster = Cluster { namespace: "shop".to_owned(), name: "kv".to_owned() };
        metrics.set(&cluster, Measured { certificate_seconds: Some(1), ..Measured::default() }, 1.5);
        metrics.reconciled("HoldfastCluster", Duration::from_millis(20), true);
        let text = text_of(&registry);
        let alerts = include_str!("../../charts/holdfast/files/alerts.yaml");
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let named: Vec<&str> = alerts
            .split(|letter| !is_part(letter))
            .filter(|word| word.starts_with("holdfast_operator_"))
            .collect();
        assert!(named.len() > 5, "{named:?}");
        for name in named {
            let is_there = |line: &str| line.starts_with(name) && !line[name.len()..].starts_with(is_part);
            assert!(text.lines().any(is_there), "{name} is not among:\n{text}");
        }
    }

    #[test]
    fn clusters_appear_and_are_forgotten() {
        let mut registry = Registry::default();
        let metrics = Metrics::new(&mut registry);
        let cluster = Cluster { namespace: "shop".to_owned(), name: "kv".to_owned() };
        metrics.set(&cluster, Measured { quorum_margin: -1, ..Measured::default() }, 1.5);
        metrics.reconciled("HoldfastCluster", Duration::from_millis(20), true);
        let text = || text_of(&registry);
        let margin = r#"holdfast_operator_cluster_quorum_margin{namespace="shop",name="kv"} -1"#;
        assert!(text().contains(margin), "{}", text());
        assert!(text().contains(r#"reconcile_failures_total{kind="HoldfastCluster"} 1"#), "{}", text());
        metrics.forget(&cluster);
        assert!(!text().contains("shop"), "{}", text());
    }
}
