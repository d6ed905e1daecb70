//! Those who get in: etcdctl, curl and TLS clients, with and without certificates, at every kind of client port.

use std::path::Path;
use std::process::{Command, Output};

use holdfast_tests::binaries::{ReferenceTool, have_reference, reference};
use holdfast_tests::certificates::Wanted;
use holdfast_tests::server::ServerPlan;
use holdfast_tests::tls::{TlsClient, path_flag};
use holdfast_tests::{Implementation, http, ports};

use super::member::{PUT, TlsMember, ca_path, crl_path};

fn curl(arguments: &[&str]) -> Output {
    Command::new("curl").args(["-sS", "--max-time", "20"]).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curl_speaks_both_versions_of_http() {
    let member = TlsMember::start(|plan, _| plan).await;
    let ca = ca_path(member.folder.path());
    let url = format!("https://localhost:{}/v3/kv/put", member.address.port());
    for version in ["--http1.1", "--http2"] {
        let output = curl(&[version, "--cacert", path(&ca), &url, "-d", PUT, "-w", "%{http_version}"]);
        let text = text(&output);
        assert!(output.status.success() && text.contains("\"revision\""), "{text}");
        let spoken = if version == "--http2" { "2" } else { "1.1" };
        assert!(text.ends_with(spoken), "{text}");
    }
    let unknown = curl(&[&url, "-d", PUT]);
    assert!(!unknown.status.success(), "{}", text(&unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcdctl_speaks_with_and_without_a_certificate() {
    if !have_reference("etcdctl_speaks_with_and_without_a_certificate", &[ReferenceTool::Etcdctl]) {
        return;
    }
    let open = TlsMember::start(|plan, _| plan).await;
    let mutual = TlsMember::start_mutual().await;
    let own = mutual.authority.issue(&Wanted::new("client")).write(mutual.folder.path(), "client");
    let certificate = [path_flag("cert", &own.certificate), path_flag("key", &own.key)];
    for (member, is_shown, is_taken) in [(&open, false, true), (&mutual, true, true), (&mutual, false, false)]
    {
        let mut command = Command::new(reference(ReferenceTool::Etcdctl).unwrap());
        command.arg(format!("--endpoints=https://{}", member.address));
        command.arg(path_flag("cacert", &ca_path(member.folder.path()))).arg("--command-timeout=5s");
        if is_shown {
            command.args(&certificate);
        }
        let output = command.args(["put", "key", "value"]).output().unwrap();
        assert_eq!(output.status.success(), is_taken, "{}", text(&output));
    }
    mutual.wait_log(&["a connection was refused", "it showed no certificate"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_this_member_made_serves_and_stays() {
    let (plain, port) = (ports::lease(), ports::lease());
    let (plain_address, address) = (plain.address(), port.address());
    let mut server = ServerPlan::new(Implementation::Holdfast)
        .client_port(plain)
        .flag(format!("--listen-client-urls=http://{plain_address},https://{address}"))
        .flag("--auto-tls")
        .start()
        .await
        .unwrap();
    let file = server.data_dir().join("tls/clients/cert.pem");
    let made = std::fs::read_to_string(&file).unwrap();
    let key = std::fs::metadata(server.data_dir().join("tls/clients/key.pem")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    let client = TlsClient::new(std::slice::from_ref(&made), None);
    assert!(client.post(address, "/v3/kv/put", PUT).await.unwrap().status.is_success());
    server.restart().await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), made);
    assert!(client.post(address, "/v3/kv/put", PUT).await.unwrap().status.is_success());
}

/// With ports for HTTP of their own, the same certificates and the same list of revoked ones hold at both
/// (GHSA-3wh4-j44w-pg92), and at the port for metrics.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http_and_metrics_ports_ask_for_certificates_as_the_others_do() {
    let (http_port, metrics_port) = (ports::lease(), ports::lease());
    let (http_address, metrics_address) = (http_port.address(), metrics_port.address());
    let ready = ports::lease();
    let ready_address = ready.address();
    let member = TlsMember::spawn(|plan, folder| {
        plan.flag(path_flag("trusted-ca-file", &ca_path(folder)))
            .flag(path_flag("client-crl-file", &crl_path(folder)))
            .flag(format!("--listen-client-http-urls=https://{http_address}"))
            .flag(format!("--listen-metrics-urls=https://{metrics_address},http://{ready_address}"))
    });
    member.wait_serving(ready_address).await;
    std::fs::write(crl_path(member.folder.path()), member.authority.revoke(&[7])).unwrap();
    member.wait_log(&["new TLS files are in use", "revoked=1"]).await;
    let good = member.client("good");
    let revoked = member.authority.issue(&Wanted::new("bad").serial(7));
    let revoked = TlsClient::new(&[member.authority.pem()], Some(&revoked));
    let none = TlsClient::new(&[member.authority.pem()], None);
    for address in [http_address, metrics_address, member.address] {
        for refused in [&revoked, &none] {
            let error = refused.post(address, "/v3/kv/put", PUT).await;
            assert!(error.is_err(), "{address} takes it: {error:?}");
        }
    }
    assert!(good.post(http_address, "/v3/kv/put", PUT).await.unwrap().status.is_success());
    assert_eq!(good.post(metrics_address, "/v3/kv/put", PUT).await.unwrap().status.as_u16(), 404);
    // gRPC only is left here.
    let answer = good.post(member.address, "/v3/kv/put", PUT).await.unwrap();
    assert_eq!(answer.status.as_u16(), 404);
    assert!(answer.text().contains("--listen-client-http-urls"), "{}", answer.text());
    drop((http_port, metrics_port, ready));
    let health = http::get(ready_address, "/health").await.unwrap();
    assert!(health.status.is_success(), "{}", health.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_names_its_user() {
    if !have_reference("a_certificate_names_its_user", &[ReferenceTool::Etcdctl]) {
        return;
    }
    let member = TlsMember::start_mutual().await;
    for (path, body) in [
        ("user/add", r#"{"name":"root","password":"secret"}"#),
        ("user/add", r#"{"name":"guest","options":{"no_password":true}}"#),
        ("role/add", r#"{"name":"root"}"#),
        ("user/grant", r#"{"user":"root","role":"root"}"#),
        ("enable", "{}"),
    ] {
        let answer =
            http::post(member.server.client_address(), &format!("/v3/auth/{path}"), body).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
    let put = |name: &str| {
        let own = member.authority.issue(&Wanted::new(name)).write(member.folder.path(), name);
        let output = Command::new(reference(ReferenceTool::Etcdctl).unwrap())
            .arg(format!("--endpoints=https://{}", member.address))
            .args([path_flag("cacert", &ca_path(member.folder.path())), "--command-timeout=5s".to_owned()])
            .args([path_flag("cert", &own.certificate), path_flag("key", &own.key)])
            .args(["put", "key", "value"])
            .output()
            .unwrap();
        (output.status.success(), text(&output))
    };
    let (is_taken, said) = put("root");
    assert!(is_taken, "{said}");
    for name in ["guest", "stranger"] {
        let (is_taken, said) = put(name);
        assert!(
            !is_taken && (said.contains("permission denied") || said.contains("user name is empty")),
            "{said}"
        );
    }
}
