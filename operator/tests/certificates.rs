//! Certificates of a cluster in Secrets, from nothing to renewal, damage and loss; without members.

#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

mod fake;

use std::sync::Arc;

use fake::{FakeApi, NAMESPACE};
use holdfast_operator::crd::{HoldfastCluster, HoldfastUser};
use holdfast_operator::trust::{Trust, ensure, ensure_user_certificate};
use holdfast_plan::{Condition, ConditionKind, ConditionStatus};
use serde_json::{Value, json};

const LEAVES: [&str; 4] = ["hf-server-tls", "hf-operator-tls", "hf-client-tls", "hf-peer-tls"];

fn cluster(spec: Value) -> HoldfastCluster {
    let object = json!({
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "HoldfastCluster",
        "metadata": { "name": "hf", "namespace": NAMESPACE, "uid": "c1" },
        "spec": spec,
    });
    serde_json::from_value(object).unwrap()
}

async fn look(api: &Arc<FakeApi>, cluster: &HoldfastCluster) -> Trust {
    ensure(&api.client(), cluster, &[]).await.unwrap()
}

fn condition(trust: &Trust, kind: ConditionKind) -> &Condition {
    trust.conditions.iter().find(|condition| condition.kind == kind).unwrap()
}

fn fingerprint(trust: &Trust, secret: &str) -> String {
    trust.certificates.iter().find(|it| it.secret_name == secret).unwrap().fingerprint.clone()
}

#[tokio::test]
async fn a_new_cluster_gets_all_certificates_in_one_look_and_is_then_left_alone() {
    let api = Arc::new(FakeApi::default());
    let cluster = cluster(json!({}));
    let trust = look(&api, &cluster).await;
    assert_eq!(trust.not_ready, Vec::<String>::new());
    assert!(trust.client.is_some());
    assert_eq!(trust.server_secret.as_deref(), Some("hf-server-tls"));
    assert_eq!(trust.peer_secret.as_deref(), Some("hf-peer-tls"));
    assert_eq!(trust.client_secret.as_deref(), Some("hf-client-tls"));
    for leaf in LEAVES {
        assert!(api.text(leaf, "tls.key").unwrap().contains("PRIVATE KEY"), "{leaf}");
        let secret = api.secret(leaf).unwrap();
        assert_eq!(secret.metadata.owner_references.unwrap()[0].uid, "c1");
        assert_eq!(secret.type_.as_deref(), Some("kubernetes.io/tls"));
    }
    assert_ne!(api.text("hf-server-tls", "ca.crt"), api.text("hf-peer-tls", "ca.crt"), "two authorities");
    assert_eq!(api.text("hf-client-tls", "ca.crt"), api.text("hf-client-ca", "tls.crt"));
    let ready = condition(&trust, ConditionKind::CertificatesReady);
    assert_eq!((ready.status, ready.reason.as_str()), (ConditionStatus::True, "Ready"));

    api.take_writes();
    let again = look(&api, &cluster).await;
    assert_eq!(api.take_writes(), Vec::<String>::new());
    assert_eq!(again.certificates, trust.certificates);
    assert_eq!(again.done, Vec::<String>::new());
}

#[tokio::test]
async fn a_leaf_that_is_deleted_damaged_or_for_other_names_is_issued_anew() {
    let api = Arc::new(FakeApi::default());
    let first = look(&api, &cluster(json!({}))).await;
    api.delete_secret("hf-server-tls");
    api.set_text("hf-peer-tls", "tls.crt", "nonsense");
    let other_key = api.text("hf-operator-tls", "tls.key").unwrap();
    api.set_text("hf-client-tls", "tls.key", &other_key);
    let second = look(&api, &cluster(json!({}))).await;
    for leaf in ["hf-server-tls", "hf-peer-tls", "hf-client-tls"] {
        assert_ne!(fingerprint(&first, leaf), fingerprint(&second, leaf), "{leaf}");
    }
    assert_eq!(fingerprint(&first, "hf-operator-tls"), fingerprint(&second, "hf-operator-tls"));
    let lines = second.done.join("\n");
    assert!(
        lines.contains("tls.key does not belong to tls.crt") && lines.contains("there was none"),
        "{lines}"
    );

    let named = cluster(json!({ "tls": { "client": { "additionalNames": ["db.example", "192.0.2.7"] } } }));
    let third = look(&api, &named).await;
    assert_ne!(fingerprint(&second, "hf-server-tls"), fingerprint(&third, "hf-server-tls"));
    assert_eq!(fingerprint(&second, "hf-client-tls"), fingerprint(&third, "hf-client-tls"));

    api.set_text("hf-client-tls", "ca.crt", "");
    let fourth = look(&api, &named).await;
    assert_eq!(fourth.done, ["wrote the trusted authorities of Secret hf-client-tls anew"]);
    assert_eq!(fingerprint(&third, "hf-client-tls"), fingerprint(&fourth, "hf-client-tls"));
}

#[tokio::test]
async fn a_lost_authority_is_told_of_and_replaced_by_a_rotation() {
    let api = Arc::new(FakeApi::default());
    let before = look(&api, &cluster(json!({}))).await;
    let old = api.text("hf-client-ca", "tls.crt").unwrap();
    api.delete_secret("hf-client-ca");
    let lost = look(&api, &cluster(json!({}))).await;
    let told = condition(&lost, ConditionKind::CertificatesReady);
    assert_eq!((told.status, told.reason.as_str()), (ConditionStatus::False, "AuthorityLost"));
    assert!(told.message.contains("spec.tls.rotate"), "{}", told.message);
    assert_eq!(lost.not_ready, Vec::<String>::new(), "what runs goes on");
    assert!(lost.client.is_some(), "and is still reached");
    assert!(api.secret("hf-client-ca").is_none());

    let rotate = cluster(json!({ "tls": { "rotate": "1", "authority": { "overlap": "0s" } } }));
    let mut trust = look(&api, &rotate).await;
    assert!(
        api.text("hf-client-tls", "ca.crt").unwrap().contains(old.trim()),
        "the lost one is still trusted"
    );
    for _ in 0..10 {
        trust = look(&api, &rotate).await;
    }
    assert_eq!(trust.rotated.as_deref(), Some("1"));
    assert_eq!(condition(&trust, ConditionKind::CertificatesReady).status, ConditionStatus::True);
    assert_eq!(condition(&trust, ConditionKind::AuthorityRotating).status, ConditionStatus::False);
    assert!(!api.text("hf-client-tls", "ca.crt").unwrap().contains(old.trim()));
    assert_eq!(api.text("hf-client-tls", "ca.crt"), api.text("hf-client-ca", "tls.crt"));
    for leaf in LEAVES {
        assert_ne!(fingerprint(&before, leaf), fingerprint(&trust, leaf), "{leaf}");
    }
    assert!(
        api.text("hf-client-ca", "previous.crt").is_none() && api.text("hf-client-ca", "next.crt").is_none()
    );
}

#[tokio::test]
async fn a_paused_cluster_is_looked_at_and_not_written() {
    let api = Arc::new(FakeApi::default());
    let trust = look(&api, &cluster(json!({ "paused": true }))).await;
    assert_eq!(api.take_writes(), Vec::<String>::new());
    assert_eq!(trust.not_ready.len(), 3, "{:?}", trust.not_ready);
}

#[tokio::test]
async fn a_user_gets_its_certificate_from_the_authority_of_clients() {
    let api = Arc::new(FakeApi::default());
    let cluster = cluster(json!({}));
    let user: HoldfastUser = serde_json::from_value(json!({
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "HoldfastUser",
        "metadata": { "name": "ann", "namespace": NAMESPACE, "uid": "u1" },
        "spec": { "clusterRef": { "name": "hf" }, "username": "Ann", "clientCertificate": { "enabled": true } },
    }))
    .unwrap();
    let client = api.client();
    assert_eq!(ensure_user_certificate(&client, &cluster, &user).await.unwrap(), Vec::<String>::new());
    look(&api, &cluster).await;
    let done = ensure_user_certificate(&client, &cluster, &user).await.unwrap();
    assert_eq!(done, ["issued the certificate in Secret ann-tls: there was none"]);
    assert_eq!(api.text("ann-tls", "ca.crt"), api.text("hf-client-ca", "tls.crt"));
    assert_eq!(api.secret("ann-tls").unwrap().metadata.owner_references.unwrap()[0].uid, "u1");
    assert_eq!(ensure_user_certificate(&client, &cluster, &user).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn every_kind_of_key_makes_a_cluster() {
    for algorithm in ["EcdsaP256", "EcdsaP384", "Ed25519"] {
        let api = Arc::new(FakeApi::default());
        let trust =
            look(&api, &cluster(json!({ "tls": { "authority": { "keyAlgorithm": algorithm } } }))).await;
        assert!(trust.client.is_some() && trust.not_ready.is_empty(), "{algorithm}");
    }
}

#[tokio::test]
async fn a_secret_that_somebody_else_keeps_is_checked_and_never_written() {
    let api = Arc::new(FakeApi::default());
    look(&api, &cluster(json!({}))).await;
    api.take_writes();
    let spec = json!({ "tls": {
        "client": { "mode": "Secret", "secretName": "mine" },
        "peer": { "mode": "Secret", "secretName": "hf-peer-tls" },
    } });
    let missing = look(&api, &cluster(spec.clone())).await;
    assert_eq!(missing.not_ready, ["Secret mine: it is not there yet"]);
    for key in ["tls.crt", "tls.key", "ca.crt"] {
        api.set_text("mine", key, &api.text("hf-server-tls", key).unwrap());
    }
    let found = look(&api, &cluster(spec)).await;
    assert_eq!(found.not_ready, Vec::<String>::new());
    assert_eq!(found.server_secret.as_deref(), Some("mine"));
    assert_eq!(found.credentials.unwrap().username, "holdfast-operator");
    let writes = api.take_writes();
    assert!(writes.iter().all(|path| path.ends_with("/hf-operator")), "only its own password: {writes:?}");
}

#[tokio::test]
async fn cert_manager_is_asked_and_waited_for() {
    let api = Arc::new(FakeApi::default());
    let issuer = json!({ "mode": "CertManager", "issuerRef": { "name": "company" } });
    let cluster = cluster(json!({ "tls": { "client": issuer, "peer": issuer } }));
    let trust = look(&api, &cluster).await;
    let asked = api.take_writes();
    for name in LEAVES {
        let path = format!("/apis/cert-manager.io/v1/namespaces/{NAMESPACE}/certificates/{name}");
        assert!(asked.contains(&path), "{path} in {asked:?}");
    }
    assert_eq!(trust.not_ready.len(), 4);
    let ready = condition(&trust, ConditionKind::CertificatesReady);
    assert_eq!((ready.status, ready.reason.as_str()), (ConditionStatus::False, "Missing"));
}

#[tokio::test]
async fn without_encryption_nothing_is_made_but_a_password() {
    let api = Arc::new(FakeApi::default());
    let off = json!({ "mode": "Disabled" });
    let cluster = cluster(json!({ "tls": { "client": off, "peer": off } }));
    let trust = look(&api, &cluster).await;
    assert!(trust.client.is_none() && trust.server_secret.is_none() && trust.peer_secret.is_none());
    assert_eq!(api.take_writes(), ["/api/v1/namespaces/ns/secrets/hf-operator"]);
    assert_eq!(trust.credentials.unwrap().password, api.text("hf-operator", "password").unwrap());
}
