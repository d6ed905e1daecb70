//! What good command lines become.

use std::path::{Path, PathBuf};
use std::time::Duration;

use holdfast_consensus::handle::Founding;

use super::{config, config_of, read};
use crate::config::{
    AutoCompaction, Config, FirstStart, Http2Settings, Invocation, JoinPlan, ListenAddress, LogFormat,
    LogLevel, LogOutput,
};

fn texts(urls: &[crate::config::ListenUrl]) -> Vec<&str> {
    urls.iter().map(|url| url.text.as_str()).collect()
}

pub fn founding(config: &Config) -> &Founding {
    match &config.first_start {
        Some(FirstStart::New(founding)) => founding,
        other => panic!("{other:?}"),
    }
}

fn peer_urls(config: &Config) -> Vec<(&str, Vec<&str>)> {
    let members = founding(config).members.iter();
    let mut urls: Vec<_> = members
        .map(|member| (member.name.as_str(), member.peer_urls.iter().map(String::as_str).collect()))
        .collect();
    urls.sort();
    urls
}

#[test]
fn no_flags_are_a_store_on_localhost() {
    let config = config("");
    assert_eq!(texts(&config.listeners.client), ["http://localhost:2379"]);
    assert_eq!(texts(&config.listeners.peer), ["http://localhost:2380"]);
    assert!(config.listeners.metrics.is_empty());
    assert_eq!(config.node.name, "default");
    assert_eq!(config.node.advertise_client_urls, ["http://localhost:2379"]);
    assert_eq!(config.node.quota_bytes, 8 << 30);
    assert_eq!(config.node.request_bytes_max, 1_572_864);
    assert_eq!(config.node.txn_operations_max, 128);
    assert_eq!(config.node.watch_progress_interval, Duration::from_secs(600));
    assert_eq!(config.consensus.data_dir, Path::new("default.holdfast"));
    assert_eq!(config.consensus.heartbeat_interval, Duration::from_millis(100));
    assert_eq!(config.consensus.election_timeout, Duration::from_secs(1));
    assert_eq!(config.consensus.snapshot_entries, 10_000);
    assert_eq!(config.consensus.catch_up_entries, 5_000);
    assert_eq!(config.consensus.cache_bytes, 256 << 20);
    assert!(!config.is_first_start_given);
    assert_eq!(config.auto_compaction, None);
    assert_eq!(config.logs.level, LogLevel::Info);
    assert_eq!(config.logs.format, LogFormat::Console);
    assert_eq!(config.logs.outputs, [LogOutput::Stderr]);
    assert!(config.http.has_gateway);
    assert_eq!(config.http.cors_origins, ["*"]);
    assert_eq!(config.http.host_whitelist, ["*"]);
    assert!(!config.http.has_extensive_metrics);
    assert_eq!(config.http2, Http2Settings::default());
    assert!(!config.is_etcd);
    assert_eq!(config.notices, Vec::<String>::new());
    // As etcd's for the same flags.
    assert_eq!(founding(&config).identity.member_id.0, 10_276_657_743_932_975_437);
    assert_eq!(founding(&config).identity.cluster_id.0, 14_841_639_068_965_178_418);
}

#[test]
fn under_the_name_etcd_its_defaults_hold() {
    let config = config_of("/usr/bin/etcd", "--name a", None);
    assert!(config.is_etcd);
    assert_eq!(config.consensus.data_dir, Path::new("a.etcd"));
    assert_eq!(config.logs.format, LogFormat::Json);
    assert_eq!(peer_urls(&config), [("a", vec!["http://localhost:2380"])]);
    // etcd does not take the advertised peer URLs from where it listens.
    let config = config_of("etcd", "--listen-peer-urls http://127.0.0.1:42380", None);
    assert_eq!(founding(&config).identity.member_id.0, 10_276_657_743_932_975_437);
}

#[test]
fn a_static_cluster_has_etcds_ids() {
    let line = "--name b --initial-cluster-token moon-base --initial-cluster \
        a=http://127.0.0.1:42382,a=http://127.0.0.2:42382,b=http://127.0.0.1:42384,c=http://127.0.0.1:42386 \
        --initial-advertise-peer-urls http://127.0.0.1:42384 --listen-peer-urls http://127.0.0.1:42384";
    for program in ["etcd", "holdfast"] {
        let config = config_of(program, line, None);
        assert_eq!(founding(&config).identity.member_id.0, 12_242_064_209_309_107_473);
        assert_eq!(founding(&config).identity.cluster_id.0, 12_265_756_838_966_165_118);
        let ids: Vec<u64> = founding(&config).members.iter().map(|member| member.id.0).collect();
        assert_eq!(ids, [5_161_032_408_997_475_464, 12_242_064_209_309_107_473, 13_898_947_207_022_412_552]);
        let urls = peer_urls(&config);
        assert_eq!(urls[0], ("a", vec!["http://127.0.0.1:42382", "http://127.0.0.2:42382"]));
    }
}

#[test]
fn what_is_advertised_follows_from_what_is_listened_on() {
    let both = "--listen-client-urls http://127.0.0.1:1 --listen-peer-urls http://127.0.0.1:2";
    let alone = config(both);
    assert_eq!(alone.node.advertise_client_urls, ["http://127.0.0.1:1"]);
    assert_eq!(peer_urls(&alone), [("default", vec!["http://127.0.0.1:2"])]);

    // The initial cluster says where this member is; localhost is where 127.0.0.1 is.
    let listed = config("--name a --initial-cluster a=http://node-a:2380,b=http://node-b:2380");
    assert_eq!(founding(&listed).members.len(), 2);
    assert_eq!(
        listed.notices,
        [
            "other members are told http://node-a:2380, and this one listens on http://localhost:2380; if nothing \
             forwards from there, change --listen-peer-urls"
        ]
    );
    let listening = "--name a --initial-cluster a=http://node-a:2380,b=http://node-b:2380 --listen-peer-urls \
        http://0.0.0.0:2380";
    assert_eq!(config(listening).notices, Vec::<String>::new());
    let line =
        "--initial-cluster default=http://127.0.0.1:2380 --initial-advertise-peer-urls http://localhost:2380";
    assert_eq!(peer_urls(&config(line)), [("default", vec!["http://127.0.0.1:2380"])]);

    let everywhere = config("--listen-peer-urls http://0.0.0.0:7");
    assert_eq!(peer_urls(&everywhere), [("default", vec!["http://localhost:7"])]);
    assert_eq!(
        everywhere.notices,
        [
            "other members cannot reach http://localhost:7; give --initial-advertise-peer-urls before this cluster \
             gets more members"
        ]
    );
}

#[test]
fn listeners_of_all_kinds() {
    let config = config(
        "--listen-client-urls unix:///tmp/h.sock,http://[::1]:4 --listen-client-http-urls http://127.0.0.1:5 \
         --advertise-client-urls http://node:4 --listen-metrics-urls http://0.0.0.0:6 --initial-cluster-state existing",
    );
    let addresses: Vec<&ListenAddress> = config.listeners.client.iter().map(|url| &url.address).collect();
    let tcp = |host: &str, port| ListenAddress::Tcp { host: host.to_owned(), port };
    let socket = ListenAddress::Unix(PathBuf::from("/tmp/h.sock"));
    assert_eq!(addresses, [&tcp("::1", 4), &socket]);
    assert_eq!(texts(&config.listeners.client_http), ["http://127.0.0.1:5"]);
    assert_eq!(texts(&config.listeners.metrics), ["http://0.0.0.0:6"]);
    let plan = JoinPlan { peer_urls: vec!["http://localhost:2380".to_owned()], ask: Vec::new() };
    assert_eq!(config.first_start, Some(FirstStart::Join(plan)));
    assert_eq!(config.notices, Vec::<String>::new());
}

#[test]
fn compaction_in_both_modes() {
    let periodic = |seconds| Some(AutoCompaction::Periodic(Duration::from_secs(seconds)));
    for (line, compaction) in [
        ("--auto-compaction-retention 0", None),
        ("--auto-compaction-retention=", None),
        ("--auto-compaction-retention 5", periodic(5 * 3600)),
        ("--auto-compaction-retention 1h30m", periodic(5400)),
        ("--auto-compaction-mode revision", None),
        (
            "--auto-compaction-mode revision --auto-compaction-retention 1000",
            Some(AutoCompaction::Revision(1000)),
        ),
    ] {
        assert_eq!(config(line).auto_compaction, compaction, "{line}");
    }
}

#[test]
fn numbers_and_words_reach_their_places() {
    let config = config(
        "HOLDFAST_QUOTA_BACKEND_BYTES=0 ETCD_MAX_TXN_OPS=0x400 ETCD_SNAPSHOT_COUNT=0 \
         --heartbeat-interval 20 --election-timeout 100 --snapshot-catchup-entries 7 --cache-size-bytes 16777216 \
         --max-request-bytes 1000 --watch-progress-notify-interval 5ms --log-level fatal --log-format json \
         --log-outputs stdout,/var/log/h,stdout,systemd/journal --enable-grpc-gateway=false --cors http://a,http://b \
         --host-whitelist a,* --metrics extensive --data-dir relative/dir",
    );
    assert_eq!(config.node.quota_bytes, 0);
    assert_eq!(config.node.txn_operations_max, 1024);
    assert_eq!(config.node.heartbeat_interval, Duration::from_millis(20));
    assert_eq!(config.consensus.election_timeout, Duration::from_millis(100));
    assert_eq!(config.consensus.snapshot_entries, 10_000);
    assert_eq!(config.consensus.catch_up_entries, 7);
    assert_eq!(config.consensus.cache_bytes, 16 << 20);
    assert_eq!(config.node.request_bytes_max, 1000);
    assert_eq!(config.node.watch_progress_interval, Duration::from_millis(100));
    assert_eq!(config.logs.level, LogLevel::Error);
    assert_eq!(config.logs.format, LogFormat::Json);
    assert_eq!(
        config.logs.outputs,
        [LogOutput::Stdout, LogOutput::File(PathBuf::from("/var/log/h")), LogOutput::Stderr]
    );
    assert!(!config.http.has_gateway);
    assert_eq!(config.http.cors_origins, ["http://a", "http://b"]);
    assert_eq!(config.http.host_whitelist, ["*"]);
    assert!(config.http.has_extensive_metrics);
    assert_eq!(config.consensus.data_dir, Path::new("relative/dir"));
    assert_eq!(
        config.notices,
        [
            "--watch-progress-notify-interval is raised to the shortest interval, 100ms",
            "--log-outputs: systemd/journal means stderr, which a unit's journal takes up",
        ]
    );
    assert_eq!(super::config("--quota-backend-bytes=-1").node.quota_bytes, 0);
}

#[test]
fn connections_are_held_as_asked_for_and_zero_means_the_default() {
    let http2 = |line| config(line).http2;
    let asked =
        http2("--max-concurrent-streams 7 --grpc-keepalive-interval 3s --grpc-keepalive-timeout 500ms");
    assert_eq!(asked.streams_max, 7);
    assert_eq!(asked.keepalive_interval, Duration::from_secs(3));
    assert_eq!(asked.keepalive_timeout, Duration::from_millis(500));
    let none = "--max-concurrent-streams 0 --grpc-keepalive-interval 0 --grpc-keepalive-timeout 3s";
    assert_eq!(http2(none), Http2Settings::default());
    let brief = http2("--grpc-keepalive-interval 1ms");
    assert_eq!(brief.keepalive_interval, Duration::from_secs(1));
}

#[test]
fn etcds_other_flags_are_taken_and_named_when_they_would_change_something() {
    // Each at its default says nothing.
    let defaults = config(
        "--pre-vote --strict-reconfig-check=true --max-wals 5 --auth-token simple --client-cert-auth=false \
         --auto-tls=false --force-new-cluster=false --unsafe-no-fsync=false --cert-file= --logger zap --max-learners 1 \
         --grpc-keepalive-interval 120m --feature-gates FastLeaseKeepAlive=true --discovery-fallback exit \
         --tls-min-version TLS1.2 --wal-dir=",
    );
    assert_eq!(defaults.notices, Vec::<String>::new());
    let changed = config(
        "ETCD_MAX_WALS=7 --pre-vote=false --grpc-keepalive-min-time 1h --snapshot --feature-gates PriorityRequest=true",
    );
    assert_eq!(
        changed.notices,
        [
            "--feature-gates has no effect: gates of etcd's code do not exist here",
            "--grpc-keepalive-min-time has no effect: clients may ping as often as they like",
            "ETCD_MAX_WALS has no effect: the store counts its own files",
            "--pre-vote has no effect: this is always on",
            "--snapshot has no effect: etcd dropped this long ago",
        ]
    );
}

#[test]
fn tokens_and_passwords_are_set_as_in_etcd() {
    use crate::auth::{JwtSettings, TokenKind};
    let auth = |line| config(line).node.auth;
    let defaults = auth("");
    assert_eq!(defaults.tokens, TokenKind::Simple);
    assert_eq!((defaults.token_ttl, defaults.bcrypt_cost), (Duration::from_secs(300), 10));
    assert_eq!(defaults.audit_log, None);
    assert_eq!(auth("--auth-token-ttl 7 --bcrypt-cost 4").token_ttl, Duration::from_secs(7));
    let line = "--auth-token jwt,pub-key=a.pub,priv-key=a.key,sign-method=PS384,ttl=90s --audit-log a.log";
    let found = auth(line);
    let expected = JwtSettings {
        algorithm: crate::auth::jwt_algorithm("PS384").unwrap(),
        public_key: Some("a.pub".into()),
        private_key: Some("a.key".into()),
        ttl: Duration::from_secs(90),
    };
    assert_eq!(found.tokens, TokenKind::Jwt(expected));
    assert_eq!(found.audit_log.as_deref(), Some(Path::new("a.log")));
    let cost = config("--bcrypt-cost 99");
    assert_eq!(cost.node.auth.bcrypt_cost, 10);
    assert_eq!(cost.notices, ["--bcrypt-cost: bcrypt has costs from 4 to 31; using 10"]);
}

#[test]
fn prints_instead_of_running() {
    for (line, beginning) in [
        ("--version", "holdfast 0.1.0 (speaks etcd 3.7.3)\n"),
        ("--name a --version=true", "holdfast 0.1.0 (speaks etcd 3.7.3)\n"),
        ("-h", "A store of keys and values that speaks etcd's API.\n"),
        ("completion bash", "_holdfast()"),
    ] {
        match read("holdfast", line, None) {
            Ok(Invocation::Print(text)) => assert!(text.starts_with(beginning), "{line}: {text}"),
            other => panic!("{line}: {other:?}"),
        }
    }
    assert!(matches!(read("holdfast", "--version=false", None), Ok(Invocation::Run(_))));
}
