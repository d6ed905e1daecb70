//! The configuration file beside flags and environment.

use std::path::Path;

use super::{config_of, read};

#[test]
fn a_file_stands_alone() {
    let file = Some("name: filed\nheartbeat-interval: 50\n");
    let line = "ETCD_DATA_DIR=there HOLDFAST_MAX_WALS=nonsense --name typed --config-file c.yaml";
    let config = config_of("holdfast", line, file);
    assert_eq!(config.node.name, "filed");
    assert_eq!(config.node.heartbeat_interval.as_millis(), 50);
    assert_eq!(config.consensus.data_dir, Path::new("filed.holdfast"));
    assert_eq!(
        config.notices,
        [
            "the configuration file c.yaml stands alone; no effect have --name, ETCD_DATA_DIR, HOLDFAST_MAX_WALS"
        ]
    );
}

#[test]
fn variables_name_it_too() {
    for line in ["ETCD_CONFIG_FILE=c.yaml", "ETCD_CONFIG_FILE=other HOLDFAST_CONFIG_FILE=c.yaml"] {
        let config = config_of("etcd", line, Some("name: filed\n"));
        assert_eq!(config.node.name, "filed", "{line}");
        assert_eq!(config.notices, Vec::<String>::new(), "{line}");
    }
}

#[test]
fn etcd_asks_for_advertised_urls_on_the_command_line_only() {
    let file = Some("listen-client-urls: http://0.0.0.0:2379\n");
    let config = config_of("etcd", "--config-file c.yaml", file);
    assert_eq!(config.node.advertise_client_urls, ["http://localhost:2379"]);
    assert_eq!(
        read("holdfast", "--config-file c.yaml", file).unwrap_err().to_string(),
        "listen-client-urls (c.yaml, line 1): clients need to be told where this member is; also give \
         --advertise-client-urls http://<this host>:2379"
    );
}

#[test]
fn a_file_for_etcd_of_old_is_taken() {
    // The keys of the sample that came with etcd 3.4 to 3.6, as people copy it.
    let file = "\
name: 'default'
data-dir:
wal-dir:
snapshot-count: 10000
heartbeat-interval: 100
election-timeout: 1000
quota-backend-bytes: 0
listen-peer-urls: http://localhost:2380
listen-client-urls: http://localhost:2379
max-snapshots: 5
max-wals: 5
cors:
initial-advertise-peer-urls: http://localhost:2380
advertise-client-urls: http://localhost:2379
discovery:
discovery-fallback: 'exit'
discovery-proxy:
discovery-srv:
initial-cluster:
initial-cluster-token: 'etcd-cluster'
initial-cluster-state: 'new'
strict-reconfig-check: false
enable-pprof: true
client-transport-security:
  cert-file:
  key-file:
  client-cert-auth: false
  trusted-ca-file:
  auto-tls: false
peer-transport-security:
  cert-file:
  key-file:
  client-cert-auth: false
  trusted-ca-file:
  auto-tls: false
  allowed-cn:
  allowed-hostname:
self-signed-cert-validity: 1
log-level: debug
logger: zap
log-outputs: [stderr]
force-new-cluster: false
auto-compaction-mode: periodic
auto-compaction-retention: \"1\"
tls-min-version: 'TLS1.2'
";
    let config = config_of("etcd", "--config-file /etc/etcd.yml", Some(file));
    assert_eq!(config.node.quota_bytes, 0);
    assert_eq!(
        config.notices,
        ["enable-pprof (/etc/etcd.yml, line 23) has no effect: there is no Go runtime to profile",]
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    for (line, file, text) in [
        ("--config-file c.yaml", None, "--config-file: cannot read \"c.yaml\": entity not found"),
        ("ETCD_CONFIG_FILE=c.yaml", None, "ETCD_CONFIG_FILE: cannot read \"c.yaml\": entity not found"),
        (
            "--config-file c.yaml",
            Some("name: a\nheartbeat-interval: 300\nelection-timeout: 1000\n"),
            "election-timeout (c.yaml, line 3): 1000 ms is less than 5 times the heartbeat interval of 300 ms; write \
             1500 or more, or make --heartbeat-interval shorter",
        ),
        (
            "--config-file c.yaml",
            Some("listen-client-urls: http://a\n"),
            "listen-client-urls (c.yaml, line 1): \"http://a\" has no port; write http://a:PORT",
        ),
        (
            "--config-file c.yaml",
            Some("config-file: d.yaml\n"),
            "config-file (c.yaml, line 1): unknown key; keys are the names of flags without dashes",
        ),
    ] {
        let error = read("holdfast", line, file).unwrap_err();
        assert_eq!(error.to_string(), text);
        assert_eq!(error.exit_code(), 1, "{text}");
    }
}
