//! What the flags for TLS mean together, and what is refused.

use std::path::Path;

use super::configs::founding;
use super::{config, read};
use crate::config::{
    CertificateFiles, CertificateSource, CertificateUser, SelfSigned, TlsProtocol, TlsSettings,
};

const CLIENTS: &str = "--listen-client-urls https://127.0.0.1:1 --advertise-client-urls https://a:1";
const PAIR: &str = "--cert-file c.pem --key-file k.pem";
const PEERS: &str = "--listen-peer-urls https://127.0.0.1:2";
const PEER_PAIR: &str = "--peer-cert-file c.pem --peer-key-file k.pem";

fn files(certificate: &str, key: &str) -> CertificateFiles {
    CertificateFiles { certificate: certificate.into(), key: key.into() }
}

#[test]
fn none_is_the_default() {
    assert_eq!(
        config("").tls,
        TlsSettings {
            peers: crate::config::PortTls { checks_addresses: true, ..Default::default() },
            ..Default::default()
        }
    );
}

#[test]
fn files_and_demands_reach_their_port() {
    let config = config(&format!(
        "{CLIENTS} {PAIR} --trusted-ca-file ca.pem --client-cert-auth --client-crl-file crl.pem \
         --client-cert-allowed-cn a,b --client-cert-allowed-hostname h {PEERS} {PEER_PAIR} \
         --peer-trusted-ca-file pca.pem --peer-client-cert-auth --peer-crl-file pcrl.pem --peer-cert-allowed-cn m \
         --peer-client-cert-file pc.pem --peer-client-key-file pk.pem --peer-skip-client-san-verification \
         --listen-metrics-urls https://127.0.0.1:3"
    ));
    assert_eq!(config.notices, Vec::<String>::new());
    assert!(config.listeners.client[0].is_encrypted && config.listeners.peer[0].is_encrypted);
    assert_eq!(founding(&config).members[0].peer_urls, ["https://127.0.0.1:2"]);
    let clients = config.tls.clients;
    assert_eq!(clients.certificate, Some(CertificateSource::Files(files("c.pem", "k.pem"))));
    assert_eq!(clients.trusted_ca.as_deref(), Some(Path::new("ca.pem")));
    assert_eq!(clients.revoked.as_deref(), Some(Path::new("crl.pem")));
    assert!(clients.user_name == Some(CertificateUser::CommonName) && !clients.checks_addresses);
    assert_eq!((clients.allowed_common_names.len(), clients.allowed_hostnames.len()), (2, 1));
    let peers = config.tls.peers;
    assert_eq!(peers.outgoing, Some(files("pc.pem", "pk.pem")));
    assert_eq!(peers.trusted_ca.as_deref(), Some(Path::new("pca.pem")));
    assert_eq!(peers.revoked.as_deref(), Some(Path::new("pcrl.pem")));
    assert!(peers.user_name.is_none() && !peers.checks_addresses);
    assert_eq!(peers.allowed_common_names, ["m"]);
}

#[test]
fn a_certificate_of_this_members_own_is_for_where_it_listens() {
    let config = config(&format!("{CLIENTS} --auto-tls --self-signed-cert-validity 3 --data-dir d"));
    let own = SelfSigned {
        folder: Path::new("d/tls/clients").to_path_buf(),
        hosts: ["127.0.0.1", "::1", "localhost"].map(str::to_owned).to_vec(),
        validity_years: 3,
    };
    assert_eq!(config.tls.clients.certificate, Some(CertificateSource::SelfSigned(own)));
    let both = super::config(&format!("{CLIENTS} --auto-tls {PAIR}"));
    assert_eq!(both.tls.clients.certificate, Some(CertificateSource::Files(files("c.pem", "k.pem"))));
    assert_eq!(both.notices, ["--auto-tls has no effect: a certificate was given"]);
}

#[test]
fn versions_and_suites() {
    let of = |line: &str| {
        let config = config(line);
        (config.tls.protocol, config.notices)
    };
    let suite = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    let (protocol, notices) =
        of(&format!("--cipher-suites {suite},TLS_RSA_WITH_AES_128_CBC_SHA,TLS_AES_128_GCM_SHA256"));
    assert_eq!(protocol.cipher_suites, [suite]);
    assert_eq!(notices, ["--cipher-suites: TLS_RSA_WITH_AES_128_CBC_SHA is not offered, it is not safe"]);
    assert_eq!(of("--tls-min-version TLS1.3").0, TlsProtocol { has_tls12: false, ..TlsProtocol::default() });
    assert_eq!(of("--tls-max-version TLS1.2").0, TlsProtocol { has_tls13: false, ..TlsProtocol::default() });
}

#[test]
fn a_port_without_tls_beside_one_with_it_is_mentioned() {
    let line =
        "--listen-client-urls http://127.0.0.1:1,https://127.0.0.1:2 --advertise-client-urls https://a:2";
    assert_eq!(
        config(&format!("{line} {PAIR}")).notices,
        [
            "--listen-client-urls has addresses without TLS: no certificate is shown or asked for there, write https if \
          it should be"
        ]
    );
}

fn refused(line: &str, expected: &str) {
    match read("holdfast", line, None) {
        Err(error) => assert_eq!(error.to_string(), expected, "{line}"),
        Ok(_) => panic!("{line} is taken"),
    }
}

#[test]
fn what_would_not_protect_as_it_looks_is_refused() {
    let no_ca = "the CAs whose certificates are taken; without it nobody is asked for one";
    for (line, expected) in [
        (
            CLIENTS.to_owned(),
            "--listen-client-urls: \"https://127.0.0.1:1\" asks for TLS; also give --cert-file and --key-file, or \
             --auto-tls to have one made"
                .to_owned(),
        ),
        (
            "--listen-metrics-urls https://127.0.0.1:1".to_owned(),
            "--listen-metrics-urls: \"https://127.0.0.1:1\" asks for TLS; also give --cert-file and --key-file, or \
             --auto-tls to have one made"
                .to_owned(),
        ),
        (
            PEERS.to_owned(),
            "--listen-peer-urls: \"https://127.0.0.1:2\" asks for TLS; also give --peer-cert-file and \
             --peer-key-file, or --peer-auto-tls to have one made"
                .to_owned(),
        ),
        (
            "ETCD_CERT_FILE=c.pem".to_owned(),
            "ETCD_CERT_FILE: is of no use alone; also give --key-file".to_owned(),
        ),
        (
            "--peer-client-key-file k.pem".to_owned(),
            "--peer-client-key-file: is of no use alone; also give --peer-client-cert-file".to_owned(),
        ),
        (
            format!("{CLIENTS} {PAIR} --client-cert-auth"),
            format!("--client-cert-auth: needs --trusted-ca-file, {no_ca}"),
        ),
        (
            format!("{PEERS} {PEER_PAIR} --peer-cert-allowed-cn a"),
            format!("--peer-cert-allowed-cn: needs --peer-trusted-ca-file, {no_ca}"),
        ),
        (
            format!("{CLIENTS} {PAIR} --client-crl-file crl.pem"),
            format!("--client-crl-file: needs --trusted-ca-file, {no_ca}"),
        ),
        (
            format!(
                "{PEERS} {PEER_PAIR} --peer-trusted-ca-file ca.pem --peer-cert-allowed-cn a \
                 --peer-cert-allowed-hostname h"
            ),
            "--peer-cert-allowed-cn: cannot be used together with --peer-cert-allowed-hostname; remove one of them"
                .to_owned(),
        ),
        (
            format!("{CLIENTS} {PAIR} --trusted-ca-file ca.pem --client-cert-allowed-hostname a_/b"),
            "--client-cert-allowed-hostname: \"a_/b\" is neither a host name nor an address".to_owned(),
        ),
    ] {
        refused(&line, &expected);
    }
}

#[test]
fn versions_and_suites_that_are_none_are_refused() {
    for (line, expected) in [
        (
            "--tls-min-version TLS1.3 --tls-max-version TLS1.2".to_owned(),
            "--tls-max-version: leaves no version of TLS; write TLS1.3, or --tls-min-version TLS1.2"
                .to_owned(),
        ),
        (
            "--tls-min-version TLS1.1".to_owned(),
            "--tls-min-version: \"TLS1.1\" is not possible; write TLS1.2 or TLS1.3".to_owned(),
        ),
        (
            "--cipher-suites TLS_NONE".to_owned(),
            "--cipher-suites: \"TLS_NONE\" is no cipher suite; write names such as \
             TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
                .to_owned(),
        ),
        (
            "--cipher-suites TLS_RSA_WITH_AES_128_CBC_SHA".to_owned(),
            "--cipher-suites: has no suite that is safe; leave it out, or write names such as \
             TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
                .to_owned(),
        ),
        (
            format!("{CLIENTS} --auto-tls --self-signed-cert-validity 0"),
            "--self-signed-cert-validity: must be above 0; leave it out for 1 year".to_owned(),
        ),
    ] {
        refused(&line, &expected);
    }
}
