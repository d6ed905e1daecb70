//! What `openssl s_client` can get this server to speak: no old version, no weak cipher, no renegotiation, and tickets
//! that do not outlive the files they were given under.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use holdfast_tests::certificates::{Wanted, replace};
use holdfast_tests::server::ServerPlan;
use holdfast_tests::{Implementation, Server, ports};

use super::member::{TlsMember, ca_path};

/// Old versions and ciphers are asked for in earnest.
const ANY_LEVEL: &str = "@SECLEVEL=0";

fn s_client(address: SocketAddr, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &address.to_string()]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may have ended before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Whether a handshake comes to an end.
fn is_spoken(address: SocketAddr, arguments: &[&str]) -> bool {
    s_client(address, arguments, "").status.success()
}

/// The suites of TLS 1.2 that the server takes, of all that openssl knows.
fn suites(address: SocketAddr) -> BTreeSet<String> {
    let all = format!("ALL:COMPLEMENTOFALL:{ANY_LEVEL}");
    let listed = Command::new("openssl").args(["ciphers", "-tls1_2", &all]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let names = listed.trim().split(':').filter(|name| !name.starts_with("TLS_"));
    let is_taken = |name: &&str| is_spoken(address, &["-tls1_2", "-cipher", &format!("{name}:{ANY_LEVEL}")]);
    names.filter(is_taken).map(str::to_owned).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn start_with(certificate: &str, key: &str, flags: &[&str]) -> (Server, SocketAddr, ports::PortLease) {
    let (plain, port) = (ports::lease(), ports::lease());
    let (plain_address, address) = (plain.address(), port.address());
    let mut plan = ServerPlan::new(Implementation::Holdfast)
        .client_port(plain)
        .flag(format!("--listen-client-urls=http://{plain_address},https://{address}"))
        .flag(format!("--cert-file={certificate}"))
        .flag(format!("--key-file={key}"));
    for flag in flags {
        plan = plan.flag(*flag);
    }
    (plan.start().await.unwrap(), address, port)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_versions_and_weak_suites_are_not_spoken() {
    let member = TlsMember::start(|plan, _| plan).await;
    for (version, is_taken) in [("-tls1", false), ("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        let cipher = format!("ALL:{ANY_LEVEL}");
        let output = s_client(member.address, &[version, "-cipher", &cipher], "");
        assert_eq!(output.status.success(), is_taken, "{version}: {}", text(&output));
    }
    member.wait_log(&["a connection was refused", "no version of TLS that is taken here"]).await;
    let of_ecdsa =
        ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"];
    assert_eq!(suites(member.address), set(&of_ecdsa));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_rsa_key_has_safe_suites_only_and_flags_narrow_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa", "-keyout", &key, "-out"])
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", text(&made));
    let (server, address, port) = start_with(&certificate, &key, &[]).await;
    let of_rsa =
        ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"];
    assert_eq!(suites(address), set(&of_rsa));
    drop((server, port));

    let narrow = ["--cipher-suites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_128_CBC_SHA"];
    let (server, address, port) = start_with(&certificate, &key, &narrow).await;
    assert_eq!(suites(address), set(&of_rsa[1..2]));
    assert!(is_spoken(address, &["-tls1_3"]));
    drop((server, port));

    for (flag, has_12, has_13) in
        [("--tls-min-version=TLS1.3", false, true), ("--tls-max-version=TLS1.2", true, false)]
    {
        let (server, address, port) = start_with(&certificate, &key, &[flag]).await;
        assert_eq!(is_spoken(address, &["-tls1_2"]), has_12, "{flag}");
        assert_eq!(is_spoken(address, &["-tls1_3"]), has_13, "{flag}");
        drop((server, port));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_negotiated_twice_and_protocols_are_chosen_by_name() {
    let member = TlsMember::start(|plan, _| plan).await;
    let again = s_client(member.address, &["-tls1_2"], "R\n");
    let said = text(&again);
    let (_, after) = said.split_once("RENEGOTIATING").unwrap();
    assert!(!again.status.success() && after.contains("error") && !after.contains("verify return"), "{said}");
    for (offered, chosen) in [("h2", "ALPN protocol: h2"), ("http/1.1,foo", "ALPN protocol: http/1.1")] {
        let output = text(&s_client(member.address, &["-alpn", offered], ""));
        assert!(output.contains(chosen), "{output}");
    }
    assert!(!is_spoken(member.address, &["-alpn", "foo"]));
    assert!(member.server.is_ready().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_only_under_the_files_that_it_began_under() {
    let member = TlsMember::start_mutual().await;
    let own = member.authority.issue(&Wanted::new("client")).write(member.folder.path(), "client");
    let session = member.folder.path().join("session").display().to_string();
    let (certificate, key) = (own.certificate.display().to_string(), own.key.display().to_string());
    let with = |how: [&str; 2]| {
        let arguments = ["-tls1_2", "-cert", &certificate, "-key", &key, how[0], how[1]];
        let output = s_client(member.address, &arguments, "");
        let text = text(&output);
        let is_reused = text.contains("\nReused, ");
        assert!(output.status.success() && (is_reused || text.contains("\nNew, ")), "{text}");
        (is_reused, ticket(&text))
    };
    let (is_reused, first) = with(["-sess_out", &session]);
    assert!(!is_reused && !first.is_empty());
    assert!(with(["-sess_in", &session]).0, "a session goes on");
    let (_, second) = with(["-sess_out", &session]);
    assert_ne!(first, second, "each session has a ticket of its own");

    // The same CA and one more: whatever changes, who comes is looked at anew.
    let other = holdfast_tests::certificates::Authority::new("other");
    replace(&ca_path(member.folder.path()), &format!("{}{}", member.authority.pem(), other.pem()));
    member.wait_metric("holdfast_tls_reload_total{outcome=\"taken\",port=\"clients\"}", 1.0).await;
    assert!(!with(["-sess_in", &session]).0, "the keys of tickets are others now");
}

/// The lines of hexadecimal numbers below `TLS session ticket`.
fn ticket(text: &str) -> String {
    let below = text.lines().skip_while(|line| !line.contains("TLS session ticket:")).skip(1);
    below.take_while(|line| line.contains(" - ")).collect()
}
