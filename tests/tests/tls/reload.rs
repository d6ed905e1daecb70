//! Files that change: good ones are taken up, broken ones are not, and nobody notices.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use holdfast_tests::certificates::{Issued, Wanted, replace};
use holdfast_tests::server::ServerPlan;
use holdfast_tests::tls::TlsClient;
use holdfast_tests::{Implementation, ports};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::member::{PUT, TlsMember, metric, wait_log};

const TAKEN: &str = "holdfast_tls_reload_total{outcome=\"taken\",port=\"clients\"}";
const REFUSED: &str = "holdfast_tls_reload_total{outcome=\"refused\",port=\"clients\"}";
const FAILING: &str = "holdfast_tls_reload_failing{port=\"clients\"}";

/// Whether a new connection is shown this certificate.
async fn shows(client: &TlsClient, address: std::net::SocketAddr, issued: &Issued) -> bool {
    let connection = client.connect(address).await.unwrap();
    let shown = connection.get_ref().1.peer_certificates().unwrap()[0].clone();
    shown == CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_files_are_refused_and_the_old_ones_stay() {
    let member = TlsMember::start(|plan, _| plan).await;
    let client = TlsClient::new(&[member.authority.pem()], None);
    let mut open = client.open(member.address).await.unwrap();
    assert!(open.post("/v3/kv/put", PUT).await.unwrap().status.is_success());
    let old = std::fs::read_to_string(&member.files.certificate).unwrap();
    let next = member.authority.issue(&Wanted::new("next"));
    for (certificate, reason) in [
        ("", "has no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "has a certificate that cannot be read",
        ),
        (next.certificate.as_str(), "has another key than the first certificate in"),
    ] {
        let refusals = member.metric(REFUSED).await.unwrap();
        replace(&member.files.certificate, certificate);
        member.wait_metric(REFUSED, refusals + 1.0).await;
        member.wait_log(&["changed TLS files are not used, the old ones stay in use", reason]).await;
        assert_eq!(member.metric(FAILING).await, Some(1.0));
        assert!(client.post(member.address, "/v3/kv/put", PUT).await.unwrap().status.is_success());
    }
    let expired = member.authority.issue(&Wanted::new("late").expired());
    let _ = expired.write(member.folder.path(), "server");
    member.wait_log(&["changed TLS files are not used", "has a certificate that ended on"]).await;
    std::fs::remove_file(&member.files.certificate).unwrap();
    member.wait_log(&["changed TLS files are not used", "cannot be read (No such file"]).await;
    assert!(client.post(member.address, "/v3/kv/put", PUT).await.unwrap().status.is_success());
    assert_eq!(member.metric(TAKEN).await, Some(0.0));

    let _ = next.write(member.folder.path(), "server");
    member.wait_metric(TAKEN, 1.0).await;
    assert_eq!(member.metric(FAILING).await, Some(0.0));
    assert!(shows(&client, member.address, &next).await);
    assert_ne!(old, next.certificate);
    assert!(open.post("/v3/kv/put", PUT).await.unwrap().status.is_success(), "what stands, stands");
}

/// Points a link at a folder in one step, as the kubelet does with `..data`.
fn point(link: &Path, target: &str) {
    let beside = link.with_file_name("..data_tmp");
    symlink(target, &beside).unwrap();
    std::fs::rename(&beside, link).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_kubernetes_swaps_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let authority = holdfast_tests::certificates::Authority::new("first");
    let secret = |version: &str, issued: &Issued| {
        let data = folder.path().join(version);
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("tls.crt"), &issued.certificate).unwrap();
        std::fs::write(data.join("tls.key"), &issued.key).unwrap();
    };
    let (first, second) = (authority.issue(&Wanted::new("first")), authority.issue(&Wanted::new("second")));
    secret("..2026_1", &first);
    point(&folder.path().join("..data"), "..2026_1");
    for name in ["tls.crt", "tls.key"] {
        symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
    }
    let (plain, port) = (ports::lease(), ports::lease());
    let (plain_address, address) = (plain.address(), port.address());
    let server = ServerPlan::new(Implementation::Holdfast)
        .client_port(plain)
        .flag(format!("--listen-client-urls=http://{plain_address},https://{address}"))
        .flag(format!("--cert-file={}", folder.path().join("tls.crt").display()))
        .flag(format!("--key-file={}", folder.path().join("tls.key").display()))
        .start()
        .await
        .unwrap();
    let client = TlsClient::new(&[authority.pem()], None);
    assert!(shows(&client, address, &first).await);
    secret("..2026_2", &second);
    point(&folder.path().join("..data"), "..2026_2");
    std::fs::remove_dir_all(folder.path().join("..2026_1")).unwrap();
    wait_log(&server, &["new TLS files are in use"]).await;
    assert!(shows(&client, address, &second).await);
    assert_eq!(metric(&server, REFUSED).await, Some(0.0));
    let end =
        metric(&server, "holdfast_tls_certificate_end_seconds{certificate=\"own\",port=\"clients\"}").await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let left = end.unwrap() - now.as_secs_f64();
    assert!(left > 9.0 * 86_400.0 && left < 10.1 * 86_400.0, "{left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_used_are_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let authority = holdfast_tests::certificates::Authority::new("first");
    let (one, other) = (authority.issue(&Wanted::new("one")), authority.issue(&Wanted::new("other")));
    let certificate = file("c.pem", &one.certificate);
    let key = file("k.pem", &one.key);
    let other_key = file("o.pem", &other.key);
    let words = file("w.pem", "words");
    for (certificate, key, more, expected) in [
        (&certificate, &"/no/such".to_owned(), None, "--key-file: /no/such cannot be read".to_owned()),
        (&words, &key, None, format!("--cert-file: {words} has no certificate")),
        (&certificate, &words, None, format!("--key-file: {words} has no private key that can be used")),
        (
            &certificate,
            &other_key,
            None,
            format!("--key-file: {other_key} has another key than the first certificate in {certificate}"),
        ),
        (&certificate, &key, Some(&words), format!("--trusted-ca-file: {words} has no certificate")),
    ] {
        let mut plan = ServerPlan::new(Implementation::Holdfast)
            .flag("--listen-client-urls=https://127.0.0.1:0")
            .flag(format!("--cert-file={certificate}"))
            .flag(format!("--key-file={key}"));
        if let Some(ca) = more {
            plan = plan.flag(format!("--trusted-ca-file={ca}"));
        }
        let mut server = plan.spawn().unwrap();
        let status = server.process().wait(Duration::from_secs(20)).unwrap();
        assert_eq!(status.code(), Some(1));
        assert!(server.output().contains(&expected), "{}", server.output());
    }
}
