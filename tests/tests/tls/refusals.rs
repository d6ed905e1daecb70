//! Those who do not get in at the client port: each with a reason in the log that says what to look at.

use holdfast_tests::certificates::{Authority, Issued, Wanted};
use holdfast_tests::http::HttpError;
use holdfast_tests::tls::{TlsClient, path_flag, root_reason};

use super::member::{PUT, TlsMember, ca_path, crl_path};

/// How a client sees that it is not let in.
async fn refused(member: &TlsMember, own: Option<&Issued>) -> String {
    let client = TlsClient::new(&[member.authority.pem()], own);
    match client.post(member.address, "/v3/kv/put", PUT).await {
        Err(error @ (HttpError::Connect { .. } | HttpError::Exchange(_))) => root_reason(&error),
        other => panic!("it is let in: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_good_is_refused_with_its_reason() {
    let member = TlsMember::start(|plan, folder| {
        std::fs::write(crl_path(folder), "").unwrap();
        plan.flag(path_flag("trusted-ca-file", &ca_path(folder))).flag("--client-cert-auth")
    })
    .await;
    let authority = &member.authority;
    let others = Authority::new("first");
    for (own, seen, logged) in [
        (None, "CertificateRequired", "it showed no certificate, and one is needed here"),
        (
            Some(others.issue(&Wanted::new("a"))),
            "",
            "its certificate is signed by no CA of --trusted-ca-file",
        ),
        (
            Some(authority.issue(&Wanted::new("a").expired())),
            "CertificateExpired",
            "its certificate has expired on",
        ),
    ] {
        let text = refused(&member, own.as_ref()).await;
        assert!(text.contains(seen), "{text}");
        member.wait_log(&["a connection was refused", "clients", "127.0.0.1", logged]).await;
    }
    assert!(member.client("a").post(member.address, "/v3/kv/put", PUT).await.is_ok());
    member.wait_metric("holdfast_tls_handshakes_total{outcome=\"refused\",port=\"clients\"}", 3.0).await;
    member.wait_metric("holdfast_tls_handshakes_total{outcome=\"done\",port=\"clients\"}", 1.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_was_taken_back_is_refused() {
    let member = TlsMember::start(|plan, folder| {
        plan.flag(path_flag("trusted-ca-file", &ca_path(folder)))
            .flag(path_flag("client-crl-file", &crl_path(folder)))
    })
    .await;
    let good = member.authority.issue(&Wanted::new("a").serial(1));
    let bad = member.authority.issue(&Wanted::new("b").serial(2));
    let client = TlsClient::new(&[member.authority.pem()], Some(&bad));
    let mut open = client.open(member.address).await.unwrap();
    assert!(open.post("/v3/kv/put", PUT).await.is_ok());
    std::fs::write(crl_path(member.folder.path()), member.authority.revoke(&[2])).unwrap();
    member.wait_log(&["new TLS files are in use", "revoked"]).await;
    assert!(refused(&member, Some(&bad)).await.contains("CertificateRevoked"));
    member
        .wait_log(&["a connection was refused", "its certificate was revoked, says --client-crl-file"])
        .await;
    // What stands, stands: a list is for those who come.
    assert!(open.post("/v3/kv/put", PUT).await.is_ok());
    let client = TlsClient::new(&[member.authority.pem()], Some(&good));
    assert!(client.post(member.address, "/v3/kv/put", PUT).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_allowed_names_are_let_in() {
    for (flag, kind) in [
        ("--client-cert-allowed-hostname=node.cluster.example", "hosts"),
        ("--client-cert-allowed-cn=node", "common names"),
    ] {
        let member = TlsMember::start(|plan, folder| {
            plan.flag(path_flag("trusted-ca-file", &ca_path(folder))).flag(flag)
        })
        .await;
        let other = member.authority.issue(&Wanted::new("other").hosts(&["other.example"]));
        refused(&member, Some(&other)).await;
        member
            .wait_log(&[
                "a connection was refused",
                "the certificate of",
                "other",
                &format!("allowed {kind}: node"),
            ])
            .await;
        let node = member.authority.issue(&Wanted::new("node").hosts(&["*.cluster.example"]));
        let client = TlsClient::new(&[member.authority.pem()], Some(&node));
        assert!(client.post(member.address, "/v3/kv/put", PUT).await.is_ok());
    }
}
