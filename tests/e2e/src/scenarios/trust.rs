//! Scenarios F1, F3, F4 and F5: certificates are renewed, caught up with, made again, and strangers' refused.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use serde_json::json;
use tokio::time::sleep;

use super::size::demand_patience_at_most;
use crate::cluster::Cluster;
use crate::failure::{Failure, Outcome, expect};
use crate::limits;
use crate::oracle::{CLIENT_PORT, LoadKind, PEER_PORT, Store, client_config, is_let_in};
use crate::scenario::{Company, Scenario};
use crate::scene::Scene;
use crate::waiting::{Look, stays, wait_until};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::new(
        "F1",
        "certificates of a short life are renewed under load: nothing restarts, no request fails",
        Company::Any,
        |scene| Box::pin(f1_leaves_are_renewed_under_load(scene)),
    )
    .short(),
    Scenario::new(
        "F3",
        "the operator is away past the time of renewal: it renews as soon as it is back",
        Company::None,
        |scene| Box::pin(f3_renewal_is_caught_up_with(scene)),
    ),
    Scenario::new(
        "F4",
        "a certificate's Secret is deleted: made again; an authority's: reported, and none is put in its place silently",
        Company::Any,
        |scene| Box::pin(f4_lost_secrets(scene)),
    ),
    Scenario::new(
        "F5",
        "certificates of another authority, and expired ones, are refused on the client and the peer port",
        Company::Any,
        |scene| Box::pin(f5_strangers_are_refused(scene)),
    ),
];

/// Fingerprints of the certificates, by Secret.
pub async fn fingerprints(cluster: &Cluster) -> Outcome<BTreeMap<String, String>> {
    let certificates = cluster.status().await?.certificates;
    Ok(certificates.into_iter().map(|each| (each.secret_name, each.fingerprint)).collect())
}

async fn f1_leaves_are_renewed_under_load(scene: Arc<Scene>) -> Outcome {
    let brief = json!({ "duration": "3m", "renewBefore": "2m" });
    let cluster =
        Cluster::running(&scene, "renewed", 3, json!({ "tls": { "client": brief, "peer": brief } })).await?;
    let (before, lives) = (fingerprints(&cluster).await?, cluster.lives().await?);
    let load = cluster.load("f1", LoadKind::default()).await?;
    let leaves = ["server-tls", "peer-tls", "operator-tls", "client-tls"]
        .map(|leaf| format!("{}-{leaf}", cluster.name));
    wait_until("new leaves", Duration::from_secs(200), async || {
        let now = fingerprints(&cluster).await?;
        let old: Vec<_> = leaves.iter().filter(|leaf| now.get(*leaf) == before.get(*leaf)).collect();
        Ok(Look::when(old.is_empty(), format!("not renewed yet: {old:?}")))
    })
    .await?;
    // Longer than the first ones were good for: what still used them would fail now.
    sleep(Duration::from_secs(130)).await;
    let ledger = cluster.audited(load, 3).await?;
    let refused: Vec<_> =
        ledger.failed_tries.iter().map(|(_, text)| text).filter(|text| text.contains("TLS")).collect();
    expect(refused.is_empty(), || format!("handshakes failed: {refused:?}"))?;
    demand_patience_at_most(&ledger, 1)?;
    let now = cluster.lives().await?;
    expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))
}

async fn f3_renewal_is_caught_up_with(scene: Arc<Scene>) -> Outcome {
    let brief = json!({ "duration": "4m", "renewBefore": "3m" });
    let cluster =
        Cluster::running(&scene, "late", 1, json!({ "tls": { "client": brief, "peer": brief } })).await?;
    let before = fingerprints(&cluster).await?;
    scene.chart().scale(0).await?;
    sleep(Duration::from_secs(90)).await;
    scene.chart().scale(1).await?;
    let leaf = format!("{}-server-tls", cluster.name);
    wait_until("a new server certificate", limits::CONDITION, async || {
        let now = fingerprints(&cluster).await?;
        Ok(Look::when(now.get(&leaf) != before.get(&leaf), format!("{now:?}")))
    })
    .await?;
    cluster.settles(1, limits::STEP).await
}

async fn f4_lost_secrets(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "careless", 3, json!({})).await?;
    let lives = cluster.lives().await?;
    let load = cluster.load("f4", LoadKind::default()).await?;
    let authority = cluster.secret_value("client-ca", "tls.crt").await?;
    cluster.delete_secret("server-tls").await?;
    wait_until("the server's Secret", limits::CONDITION, async || {
        let made = cluster.secret_value("server-tls", "tls.crt").await?;
        Ok(Look::when(made.contains("BEGIN CERTIFICATE"), made))
    })
    .await?;
    cluster.delete_secret("client-ca").await?;
    let said = cluster.shows("CertificatesReady", "False", limits::CONDITION).await?;
    scene.note(format!("the authority is gone: {}: {}", said.reason, said.message));
    stays(limits::STILLNESS, async || match cluster.secret_value("client-ca", "tls.crt").await {
        Ok(now) if now != authority => Err(Failure::unmet("another authority was put in its place")),
        _ => Ok(()),
    })
    .await?;
    let now = cluster.lives().await?;
    expect(now == lives, || format!("pods were {lives:?} and are {now:?}"))?;
    let ledger = load.stop().await;
    demand_patience_at_most(&ledger, 1)
}

/// A client certificate for the user `app`, from an authority of our own or one that is given.
fn stranger(expired: bool) -> (String, String, String) {
    let fine = "certificates of a test have plain parameters";
    let key = KeyPair::generate().expect(fine);
    let mut authority = CertificateParams::new(Vec::new()).expect(fine);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key).expect(fine);
    let key = KeyPair::generate().expect(fine);
    let mut leaf = CertificateParams::new(vec!["app".to_owned()]).expect(fine);
    leaf.distinguished_name.push(rcgen::DnType::CommonName, "app");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    if expired {
        leaf.not_before = rcgen::date_time_ymd(2020, 1, 1);
        leaf.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    let leaf = leaf.signed_by(&key, &authority).expect(fine);
    (authority.pem(), leaf.pem(), key.serialize_pem())
}

async fn f5_strangers_are_refused(scene: Arc<Scene>) -> Outcome {
    let cluster = Cluster::running(&scene, "guarded", 1, json!({})).await?;
    let other = Cluster::running(&scene, "other", 1, json!({})).await?;
    let store = cluster.store();
    let member = store.door.look().await?.into_iter().next();
    let member = member.ok_or_else(|| Failure::unmet("the member has no address"))?;

    // Clients trust the right authority, so what fails is what they show.
    let trusted = cluster.secret_value("client-tls", "ca.crt").await?;
    let peers = cluster.secret_value("peer-tls", "ca.crt").await?;
    let own = (
        cluster.secret_value("client-tls", "tls.crt").await?,
        cluster.secret_value("client-tls", "tls.key").await?,
    );
    let foreign = (
        other.secret_value("client-tls", "tls.crt").await?,
        other.secret_value("client-tls", "tls.key").await?,
    );
    let (_, made, made_key) = stranger(false);
    let (_, expired, expired_key) = stranger(true);

    let shown = [
        ("another cluster's", &foreign.0, &foreign.1),
        ("a made up", &made, &made_key),
        ("an expired", &expired, &expired_key),
    ];
    for (whose, certificate, key) in shown {
        for (port, authority) in [(CLIENT_PORT, &trusted), (PEER_PORT, &peers)] {
            demand_entry(&store, &member, port, authority, Some((certificate, key)), false).await.map_err(
                |failure| Failure::unmet(format!("{whose} certificate on port {port}: {failure}")),
            )?;
        }
    }
    demand_entry(&store, &member, CLIENT_PORT, &trusted, None, false).await?;
    demand_entry(&store, &member, CLIENT_PORT, &trusted, Some((&own.0, &own.1)), true).await?;
    // Two authorities: what opens the client port does not open the other.
    demand_entry(&store, &member, PEER_PORT, &peers, Some((&own.0, &own.1)), false).await
}

async fn demand_entry(
    store: &Store,
    member: &crate::oracle::MemberDoor,
    port: u16,
    authority: &str,
    own: Option<(&String, &String)>,
    wanted: bool,
) -> Outcome {
    let own = own.map(|(certificate, key)| (certificate.as_bytes(), key.as_bytes()));
    let config = client_config(authority.as_bytes(), own).map_err(Failure::unmet)?;
    let answer = is_let_in(&store.door, member, port, config).await;
    match (answer, wanted) {
        (Ok(()), true) | (Err(_), false) => Ok(()),
        (Ok(()), false) => Err(Failure::unmet("it was let in")),
        (Err(error), true) => Err(error.into()),
    }
}
