//! What a HoldfastRole makes of the store: the role and its rights.

use super::AccessError;
use super::controller::{AccessResource, Applied, applied};
use super::execute::take;
use super::rights;
use super::steps::{Beyond, for_role};
use super::store::AccessStore;
use crate::crd::{AccessStatus, HoldfastCluster, HoldfastRole, ReclaimPolicy};

impl AccessResource for HoldfastRole {
    fn cluster(&self) -> &str {
        &self.spec.cluster_ref.name
    }

    fn reclaim_policy(&self) -> ReclaimPolicy {
        self.spec.reclaim_policy
    }

    fn status(&self) -> Option<&AccessStatus> {
        self.status.as_ref()
    }

    fn subject(&self) -> &str {
        &self.spec.role_name
    }

    async fn apply(
        &self,
        _: &kube::Client,
        _: &HoldfastCluster,
        store: &AccessStore,
    ) -> Result<Applied, AccessError> {
        let mut done = Vec::new();
        let present = store.role(&self.spec.role_name).await?;
        let wanted = rights::wanted(&self.spec.permissions);
        let steps = for_role(&self.spec.role_name, present.as_ref(), &wanted, Beyond::Goes);
        take(store, &steps, None, &mut done).await?;
        Ok(applied(self, None, done))
    }

    async fn remove(&self, store: &AccessStore) -> Result<(), AccessError> {
        Ok(store.delete_role(&self.spec.role_name).await?)
    }
}
