//! Those who get in: etcdctl, curl and TLS clients, with and without certificates, at every kind of client port.

use std::path::Path;
use std::process::{Command, Output};

use ::http::Method;
use holdfast_tests::binaries::{ReferenceTool, have_reference, reference};
use holdfast_tests::certificates::Wanted;
use holdfast_tests::server::{ServerError, ServerPlan};
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

/// A member that cannot have its port leaves nothing behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_certificate_is_made_for_a_port_that_is_taken() {
    let port = ports::lease();
    let taken = std::net::TcpListener::bind(port.address()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    let refused = ServerPlan::new(Implementation::Holdfast)
        .data_dir(&data_dir)
        .flag(format!("--listen-client-urls=https://{}", taken.local_addr().unwrap()))
        .flag("--auto-tls")
        .start()
        .await;
    assert!(matches!(refused, Err(ServerError::Ended { .. })), "{refused:?}");
    assert!(!data_dir.exists());
}

/// The curve P-521 is not offered; whoever gives such a key is told so, and what to take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_kind_that_is_not_offered_is_refused_with_those_that_are() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-nodes"])
        .args(["-subj", "/CN=member", "-out", path(&certificate), "-keyout", path(&key)])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let port = ports::lease();
    let refused = ServerPlan::new(Implementation::Holdfast)
        .flag(format!("--listen-client-urls=https://{}", port.address()))
        .flag(path_flag("cert-file", &certificate))
        .flag(path_flag("key-file", &key))
        .start()
        .await;
    let Err(ServerError::Ended { output, .. }) = refused else { panic!("it starts: {refused:?}") };
    assert!(output.contains("--key-file") && output.contains("P-256 or P-384"), "{output}");
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
    enforce_users(&member, &["guest"]).await;
    let (is_taken, said) = put_with(&member, &Wanted::new("root"));
    assert!(is_taken, "{said}");
    for name in ["guest", "stranger"] {
        let (is_taken, said) = put_with(&member, &Wanted::new(name));
        assert!(!is_taken && is_denial(&said), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alternative_name_may_name_the_user() {
    if !have_reference("an_alternative_name_may_name_the_user", &[ReferenceTool::Etcdctl]) {
        return;
    }
    let member = TlsMember::start(|plan, folder| {
        plan.flag(path_flag("trusted-ca-file", &ca_path(folder)))
            .flag("--client-cert-auth")
            .flag("--client-cert-user=dns")
    })
    .await;
    enforce_users(&member, &["app.example"]).await;
    let answer = http::post(
        member.server.client_address(),
        "/v3/auth/authenticate",
        r#"{"name":"root","password":"secret"}"#,
    );
    let token = answer.await.unwrap().json().unwrap()["token"].as_str().unwrap().to_owned();
    let headers = [("Content-Type", "application/json"), ("Authorization", token.as_str())];
    let grant = r#"{"user":"app.example","role":"root"}"#;
    let address = member.server.client_address();
    let granted = http::send(address, Method::POST, "/v3/auth/user/grant", &headers, grant).await.unwrap();
    assert!(granted.status.is_success(), "{}", granted.text());
    let (is_taken, said) = put_with(&member, &Wanted::new("stranger").hosts(&["app.example"]));
    assert!(is_taken, "{said}");
    // Neither the common name nor one of several names is the user.
    for other in [
        Wanted::new("root").hosts(&["other.example"]),
        Wanted::new("app.example").hosts(&["app.example", "other.example"]),
    ] {
        let (is_taken, said) = put_with(&member, &other);
        assert!(!is_taken && is_denial(&said), "{said}");
    }
}

/// Makes `root` with a password and `others` without one, and puts users in force.
async fn enforce_users(member: &TlsMember, others: &[&str]) {
    let mut calls = vec![("user/add", r#"{"name":"root","password":"secret"}"#.to_owned())];
    calls.extend(
        others
            .iter()
            .map(|name| ("user/add", format!(r#"{{"name":"{name}","options":{{"no_password":true}}}}"#))),
    );
    calls.extend([
        ("role/add", r#"{"name":"root"}"#.to_owned()),
        ("user/grant", r#"{"user":"root","role":"root"}"#.to_owned()),
        ("enable", "{}".to_owned()),
    ]);
    for (path, body) in calls {
        let answer =
            http::post(member.server.client_address(), &format!("/v3/auth/{path}"), body).await.unwrap();
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
}

/// Whether a put by somebody with this certificate is taken, and what etcdctl says to it.
fn put_with(member: &TlsMember, wanted: &Wanted) -> (bool, String) {
    let own = member.authority.issue(wanted).write(member.folder.path(), "client");
    let output = Command::new(reference(ReferenceTool::Etcdctl).unwrap())
        .arg(format!("--endpoints=https://{}", member.address))
        .args([path_flag("cacert", &ca_path(member.folder.path())), "--command-timeout=5s".to_owned()])
        .args([path_flag("cert", &own.certificate), path_flag("key", &own.key)])
        .args(["put", "key", "value"])
        .output()
        .unwrap();
    (output.status.success(), text(&output))
}

fn is_denial(said: &str) -> bool {
    said.contains("permission denied") || said.contains("user name is empty")
}
