//! Scenario F7: passwords and users follow their Secrets and resources, and are never in a log.

use std::sync::Arc;
use std::time::Duration;

use holdfast_operator::crd::{HoldfastRole, HoldfastUser};
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, DeleteParams, LogParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::cluster::Cluster;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::oracle::{Identity, RequestError, Store};
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, wait_until};

pub const SCENARIOS: &[Scenario] = &[Scenario::new(
    "F7",
    "root's password follows its Secret; users and roles come and go with their resources; no log has a password",
    Company::Any,
    |scene| Box::pin(f7_passwords_follow_their_secrets(scene)),
)];

/// The store as somebody with a password. Without a certificate of its own, a client must not even be let in where
/// certificates are demanded, so the certificate is the application's: the password counts more.
fn with_password(cluster: &Cluster, username: &str, password: &str) -> Store {
    cluster.store_as(Identity::Password {
        secret: format!("{}-client-tls", cluster.name),
        username: username.to_owned(),
        password: password.to_owned(),
    })
}

async fn is_accepted(cluster: &Cluster, username: &str, password: &str) -> Outcome<bool> {
    let store = with_password(cluster, username, password);
    store.credentials.read().await?;
    match store.get("anything").await {
        Ok(_) => Ok(true),
        Err(RequestError::Refused { status: 400..=403, .. }) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

async fn accepts(cluster: &Cluster, username: &str, password: &str, wanted: bool) -> Outcome {
    let what = format!("{username}'s password to be {}", if wanted { "accepted" } else { "refused" });
    wait_until(&what, limits::STEP, async || {
        let is = is_accepted(cluster, username, password).await?;
        Ok(Look::when(is == wanted, format!("accepted: {is}")))
    })
    .await
}

async fn f7_passwords_follow_their_secrets(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "secretive", 1, json!({})).await?;
    let first = cluster.secret_value("root", "password").await?;
    accepts(&cluster, "root", &first, true).await?;

    let second = "a-second-password-of-root";
    let patch = json!({ "stringData": { "password": second } });
    let secrets: Api<Secret> = scene.api();
    secrets.patch(&format!("{}-root", cluster.name), &PatchParams::default(), &Patch::Merge(patch)).await?;
    accepts(&cluster, "root", second, true).await?;
    accepts(&cluster, "root", &first, false).await?;

    let role: HoldfastRole = resource(json!({
        "apiVersion": "holdfast.dev/v1alpha1", "kind": "HoldfastRole", "metadata": { "name": "reader" },
        "spec": {
            "clusterRef": { "name": cluster.name }, "roleName": "reader",
            "permissions": [{ "type": "Read", "prefix": "any" }],
        },
    }))?;
    scene.api::<HoldfastRole>().create(&PostParams::default(), &role).await?;
    let user: HoldfastUser = resource(json!({
        "apiVersion": "holdfast.dev/v1alpha1", "kind": "HoldfastUser", "metadata": { "name": "reader" },
        "spec": { "clusterRef": { "name": cluster.name }, "username": "reader", "roles": ["reader"] },
    }))?;
    let users: Api<HoldfastUser> = scene.api();
    users.create(&PostParams::default(), &user).await?;
    wait_until("the user to be applied", limits::STEP, async || {
        let status = users.get("reader").await?.status.unwrap_or_default();
        Ok(Look::when(status.applied, status.message))
    })
    .await?;
    let third = password_of(&secrets, "reader-password").await?;
    accepts(&cluster, "reader", &third, true).await?;
    let store = with_password(&cluster, "reader", &third);
    store.credentials.read().await?;
    let write = store.put("any/key", "value").await;
    expect(matches!(write, Err(RequestError::Refused { .. })), || format!("a reader may write: {write:?}"))?;

    users.delete("reader", &DeleteParams::default()).await?;
    accepts(&cluster, "reader", &third, false).await?;
    // A deleted Secret leaves the password as it is.
    secrets.delete(&format!("{}-root", cluster.name), &DeleteParams::default()).await?;
    tokio::time::sleep(limits::STILLNESS).await;
    no_log_has(&scene, &cluster, &[&first, second, &third]).await
}

fn resource<Kind: serde::de::DeserializeOwned>(value: serde_json::Value) -> Outcome<Kind> {
    serde_json::from_value(value)
        .map_err(|error| Failure::unmet(format!("the scenario's own resource: {error}")))
}

async fn password_of(secrets: &Api<Secret>, name: &str) -> Outcome<String> {
    let data = secrets.get(name).await?.data.unwrap_or_default();
    let password =
        data.get("password").ok_or_else(|| Failure::unmet(format!("Secret {name} has no password")))?;
    Ok(String::from_utf8_lossy(&password.0).into_owned())
}

async fn no_log_has(scene: &Arc<Scene>, cluster: &Cluster, passwords: &[&str]) -> Outcome {
    let mut text = scene.chart().logs(Duration::from_secs(600)).await?;
    let pods: Api<k8s_openapi::api::core::v1::Pod> = scene.api();
    text += &pods.logs(&cluster.pod_name(0), &LogParams::default()).await?;
    text += &scene.kubectl(&["get", "events", "-o", "yaml"]).await?;
    text += &scene.kubectl(&["get", "holdfastclusters,holdfastusers", "-o", "yaml"]).await?;
    let found = passwords.iter().filter(|password| text.contains(**password)).count();
    expect(found == 0, || {
        format!("{found} of {} passwords are in logs, events or resources", passwords.len())
    })
}
