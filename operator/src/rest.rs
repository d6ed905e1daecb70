//! Clusters at rest: where nothing was to be done, nothing of the cluster has changed since in Kubernetes, and its members
//! say the same as before, a look costs no request to the API server. A fleet of clusters at rest costs it next to nothing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use holdfast_plan::{Membership, Ordinal, Process};
use parking_lot::Mutex;

use crate::context::Key;
use crate::observe::{Members, members};
use crate::store::MemberClient;
use crate::validate::Validated;

/// What is known of clusters at rest, and how often something of each cluster has changed.
#[derive(Debug, Default)]
pub struct Resting {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    changes: BTreeMap<Key, u64>,
    resting: BTreeMap<Key, Rest>,
}

/// A cluster at rest.
#[derive(Clone, Debug)]
struct Rest {
    resource_version: String,
    changes: u64,
    pace: Pace,
    looked: Instant,
    validated: Validated,
    clients: BTreeMap<Ordinal, MemberClient>,
    said: Said,
}

/// How often a cluster at rest is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// When its members are asked again.
    pub again: Duration,
    /// When it is looked at whole, at the latest.
    pub whole: Duration,
}

/// What members said, sizes and positions in the log left out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    processes: BTreeMap<Ordinal, Process>,
    membership: Option<Membership>,
    is_serving: bool,
}

impl Said {
    fn of(members: &Members) -> Self {
        let mut processes = members.processes.clone();
        for process in processes.values_mut() {
            if let Process::Running(running) = process {
                running.data_size_bytes = 0;
                running.applied_index = 0;
            }
        }
        Self { processes, membership: members.membership.clone(), is_serving: members.is_serving }
    }
}

impl Resting {
    /// Something of a cluster has changed in Kubernetes.
    pub fn changed(&self, key: &Key) {
        let mut inner = self.inner.lock();
        *inner.changes.entry(key.clone()).or_default() += 1;
        inner.resting.remove(key);
    }

    /// How often something has changed. To be asked before a look begins, so that what changes during it counts as changed
    /// after it.
    #[must_use]
    pub fn changes(&self, key: &Key) -> u64 {
        self.inner.lock().changes.get(key).copied().unwrap_or(0)
    }

    /// A look has found nothing to do, on this version of the resource.
    pub fn settle(&self, key: Key, changes: u64, version: String, found: (&Validated, &Members), pace: Pace) {
        let (validated, members) = found;
        let rest = Rest {
            resource_version: version,
            changes,
            pace,
            looked: Instant::now(),
            validated: validated.clone(),
            clients: members.clients.clone(),
            said: Said::of(members),
        };
        self.inner.lock().resting.insert(key, rest);
    }

    /// The cluster has to be looked at whole.
    pub fn wake(&self, key: &Key) {
        self.inner.lock().resting.remove(key);
    }

    /// Forgets a cluster that is gone.
    pub fn forget(&self, key: &Key) {
        let mut inner = self.inner.lock();
        inner.resting.remove(key);
        inner.changes.remove(key);
    }

    /// Asks only the members of a cluster at rest. The time until the next look if they say the same as before; `None` when
    /// the cluster has to be looked at whole.
    pub async fn ask(&self, key: &Key, resource_version: Option<&str>) -> Option<Duration> {
        let rest = self.undisturbed(key, resource_version)?;
        let validated = &rest.validated;
        let cluster_id = validated.desired.cluster_id;
        let members = members::ask(rest.clients.clone(), &validated.names, cluster_id).await;
        (Said::of(&members) == rest.said).then_some(rest.pace.again)
    }

    fn undisturbed(&self, key: &Key, resource_version: Option<&str>) -> Option<Rest> {
        let inner = self.inner.lock();
        let rest = inner.resting.get(key)?;
        let is_same = Some(rest.resource_version.as_str()) == resource_version
            && rest.changes == inner.changes.get(key).copied().unwrap_or(0)
            && rest.looked.elapsed() < rest.pace.whole;
        is_same.then(|| rest.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::validate::validate;

    fn key() -> Key {
        ("shop".to_owned(), "kv".to_owned())
    }

    fn settled(resting: &Resting, changes: u64) {
        let cluster = serde_json::from_value(json!({
            "apiVersion": "holdfast.dev/v1alpha1", "kind": "HoldfastCluster",
            "metadata": { "name": "kv", "namespace": "shop", "uid": "u" }, "spec": {},
        }));
        let validated = validate(&cluster.unwrap(), "holdfast").unwrap();
        let found = (&validated, &Members::default());
        let pace = Pace { again: Duration::from_secs(60), whole: Duration::from_secs(600) };
        resting.settle(key(), changes, "7".to_owned(), found, pace);
    }

    #[tokio::test]
    async fn a_cluster_rests_until_something_changes() {
        let resting = Resting::default();
        assert_eq!(resting.ask(&key(), Some("7")).await, None);
        settled(&resting, resting.changes(&key()));
        assert_eq!(resting.ask(&key(), Some("7")).await, Some(Duration::from_secs(60)));
        assert_eq!(resting.ask(&key(), Some("8")).await, None);
        resting.changed(&key());
        assert_eq!(resting.ask(&key(), Some("7")).await, None);
    }

    #[tokio::test]
    async fn what_changes_during_a_look_is_looked_at_again() {
        let resting = Resting::default();
        let before = resting.changes(&key());
        resting.changed(&key());
        settled(&resting, before);
        assert_eq!(resting.ask(&key(), Some("7")).await, None);
    }
}
