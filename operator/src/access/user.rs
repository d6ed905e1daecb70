//! What a HoldfastUser makes of the store: the user, its password, its roles, its certificate. How a
//! certificate is made is known in `crate::trust`.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Secret;
use kube::{Resource as _, ResourceExt as _};

use super::cluster::password_in;
use super::controller::{AccessResource, Applied, applied, waiting};
use super::execute::{PasswordKept, settle_password, take};
use super::steps::{Beyond, for_user};
use super::store::AccessStore;
use super::{AccessError, generate_password};
use crate::crd::{AccessStatus, HoldfastCluster, HoldfastUser, ReclaimPolicy, TlsMode};
use crate::limits::ROOT_SECRET_LOOK_AGAIN;
use crate::trust::{Secrets, ensure_user_certificate};

impl AccessResource for HoldfastUser {
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
        &self.spec.username
    }

    async fn apply(
        &self,
        client: &kube::Client,
        cluster: &HoldfastCluster,
        store: &AccessStore,
    ) -> Result<Applied, AccessError> {
        let secrets = Secrets::new(client, cluster);
        let mut done = Vec::new();
        let kept = if self.spec.no_password { None } else { self.password(&secrets, &mut done).await? };
        let present = store.user(&self.spec.username).await?;
        if present.is_none() && kept.is_none() && !self.spec.no_password {
            let secret = self.password_secret();
            return Ok(waiting(self, format!("Secret {secret} is not there, or has no password")));
        }
        if let Some(role) = self.missing_role(store).await? {
            return Ok(waiting(self, format!("there is no role {role}")));
        }
        let wanted: BTreeSet<String> = self.spec.roles.iter().cloned().collect();
        let steps = for_user(&self.spec.username, present.as_ref(), &wanted, Beyond::Goes);
        take(store, &steps, kept.as_ref().map(|kept| kept.password.as_str()), &mut done).await?;
        let recorded = self.status.as_ref().and_then(|status| status.password_version.clone());
        if let (Some(kept), true) = (&kept, present.is_some()) {
            settle_password(store, &self.spec.username, kept, recorded.as_deref(), &mut done).await?;
        }
        // A Secret that is gone leaves the password as it is, and the note of which one it was.
        let version = kept.map(|kept| kept.version).or(recorded);
        let mut outcome = applied(self, version, done);
        outcome.status.message = self.certificate(client, cluster, &mut outcome.done).await?;
        if self.spec.password_secret_name.is_some() || !outcome.status.message.is_empty() {
            outcome.look_again = ROOT_SECRET_LOOK_AGAIN;
        }
        Ok(outcome)
    }

    async fn remove(&self, store: &AccessStore) -> Result<(), AccessError> {
        Ok(store.delete_user(&self.spec.username).await?)
    }
}

impl HoldfastUser {
    /// The Secret that its password is in: the one that is named, or the operator's own.
    pub(crate) fn password_secret(&self) -> String {
        self.spec.password_secret_name.clone().unwrap_or_else(|| format!("{}-password", self.name_any()))
    }

    /// The password in the Secret; made where the Secret is the operator's own.
    async fn password(
        &self,
        secrets: &Secrets,
        done: &mut Vec<String>,
    ) -> Result<Option<PasswordKept>, AccessError> {
        let name = self.password_secret();
        let found: Option<Secret> = secrets.get(&name).await?;
        if let Some(kept) = found.as_ref().and_then(password_in) {
            return Ok(Some(kept));
        }
        if self.spec.password_secret_name.is_some() {
            return Ok(None);
        }
        let owner = self.controller_owner_ref(&());
        let made = secrets.apply_password(&name, &self.spec.username, &generate_password(), owner).await?;
        done.push(format!("made a password in Secret {name}"));
        Ok(password_in(&made))
    }

    /// The first role that is wanted and not there.
    async fn missing_role(&self, store: &AccessStore) -> Result<Option<&String>, AccessError> {
        for role in &self.spec.roles {
            if role != super::steps::ROOT_ROLE && store.role(role).await?.is_none() {
                return Ok(Some(role));
            }
        }
        Ok(None)
    }

    /// Sees to the user's certificate; what is to be said of it, if anything.
    async fn certificate(
        &self,
        client: &kube::Client,
        cluster: &HoldfastCluster,
        done: &mut Vec<String>,
    ) -> Result<String, AccessError> {
        if !self.spec.client_certificate.enabled {
            return Ok(String::new());
        }
        if cluster.spec.tls.client.mode != TlsMode::Managed {
            return Ok("clientCertificate needs spec.tls.client.mode Managed in the cluster: none is made"
                .to_owned());
        }
        done.extend(ensure_user_certificate(client, cluster, self).await?);
        Ok(String::new())
    }
}
