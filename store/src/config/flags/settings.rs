//! The flags that set something here. Must hold the table only.

use super::{Effect, Flag, Group, Setting};
use crate::config::value::Kind;

const fn flag(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    group: Group,
    setting: Setting,
    help: &'static str,
) -> Flag {
    Flag { name, kind, default, effect: Effect::Sets { setting, group, help } }
}

/// 256 MiB: bounds a member's memory however much data there is (the log's buffers and requests under way come on top).
/// It is taken as data is read and written, so a small store stays small.
const CACHE_BYTES_DEFAULT: &str = "268435456";

const TLS_VERSIONS: &[&str] = &["TLS1.2", "TLS1.3"];

const LOG_LEVELS: &[&str] = &["debug", "info", "warn", "error", "panic", "fatal"];

#[rustfmt::skip]
pub(super) const FLAGS: &[Flag] = &[
    flag("name", Kind::Text, "default", Group::Member, Setting::Name, "Name of this member"),
    flag("data-dir", Kind::Path, "", Group::Member, Setting::DataDir, "Folder for the data (default: NAME.holdfast)"),
    flag("listen-client-urls", Kind::Urls, "http://localhost:2379", Group::Member, Setting::ListenClientUrls,
        "Listens for clients"),
    flag("listen-peer-urls", Kind::Urls, "http://localhost:2380", Group::Member, Setting::ListenPeerUrls,
        "Listens for members"),
    flag("listen-metrics-urls", Kind::Urls, "", Group::Member, Setting::ListenMetricsUrls,
        "Listens for metrics and health only"),
    flag("listen-client-http-urls", Kind::Urls, "", Group::Member, Setting::ListenClientHttpUrls,
        "Takes HTTP from the client URLs"),
    flag("advertise-client-urls", Kind::Urls, "", Group::Member, Setting::AdvertiseClientUrls,
        "Where clients reach this member (default: as it listens)"),
    flag("config-file", Kind::Path, "", Group::Member, Setting::ConfigFile,
        "YAML file; replaces flags and environment"),
    flag("version", Kind::Bool, "false", Group::Member, Setting::Version, "Print the version"),
    flag("help", Kind::Bool, "false", Group::Member, Setting::Help, "Print this text"),

    flag("initial-cluster", Kind::Text, "", Group::Cluster, Setting::InitialCluster,
        "First members: name=URL,name=URL (default: this one)"),
    flag("initial-advertise-peer-urls", Kind::Urls, "", Group::Cluster, Setting::AdvertisePeerUrls,
        "Where members reach this one (default: as it listens)"),
    flag("initial-cluster-state", Kind::Choice(&["new", "existing"]), "new", Group::Cluster,
        Setting::InitialClusterState, "Whether the cluster is there already"),
    flag("initial-cluster-token", Kind::Text, "etcd-cluster", Group::Cluster, Setting::InitialClusterToken,
        "Tells clusters apart"),
    flag("managed", Kind::Bool, "false", Group::Cluster, Setting::IsManaged,
        "Wait to be told which member to be"),
    flag("expected-cluster-id", Kind::Text, "", Group::Cluster, Setting::ExpectedClusterId,
        "Cluster that the data must be of, in hex"),
    flag("strict-reconfig-check", Kind::Bool, "true", Group::Cluster, Setting::StrictReconfigCheck,
        "Refuse risky changes of the members"),
    flag("max-learners", Kind::Integer, "1", Group::Cluster, Setting::LearnersMax, "Most learners at a time"),
    flag("heartbeat-interval", Kind::Count, "100", Group::Cluster, Setting::HeartbeatInterval,
        "Milliseconds between heartbeats"),
    flag("election-timeout", Kind::Count, "1000", Group::Cluster, Setting::ElectionTimeout,
        "Milliseconds until an election"),
    flag("snapshot-count", Kind::Count, "10000", Group::Cluster, Setting::SnapshotCount,
        "Entries applied before the log is cut"),
    flag("snapshot-catchup-entries", Kind::Count, "5000", Group::Cluster, Setting::SnapshotCatchUpEntries,
        "Entries kept for members that lag"),

    flag("quota-backend-bytes", Kind::Integer, "8589934592", Group::Storage, Setting::QuotaBytes,
        "Bytes of data; 0 for no limit"),
    flag("cache-size-bytes", Kind::Count, CACHE_BYTES_DEFAULT, Group::Storage, Setting::CacheBytes,
        "Memory for caches and buffers"),
    flag("auto-compaction-mode", Kind::Choice(&["periodic", "revision"]), "periodic", Group::Storage,
        Setting::AutoCompactionMode, "What the retention counts"),
    flag("auto-compaction-retention", Kind::Text, "0", Group::Storage, Setting::AutoCompactionRetention,
        "History kept: hours, 30m, or revisions"),

    flag("max-request-bytes", Kind::Count, "1572864", Group::Requests, Setting::RequestBytesMax,
        "Largest request"),
    flag("max-txn-ops", Kind::Count, "128", Group::Requests, Setting::TxnOperationsMax,
        "Most operations in a transaction"),
    flag("watch-progress-notify-interval", Kind::Duration, "10m", Group::Requests, Setting::WatchProgressInterval,
        "How often watchers hear of progress"),

    flag("max-concurrent-streams", Kind::Count32, "4294967295", Group::Requests, Setting::ConcurrentStreamsMax,
        "Most calls at once on a connection"),
    flag("grpc-keepalive-interval", Kind::Duration, "2h", Group::Requests, Setting::KeepaliveInterval,
        "Silence after which a client is pinged"),
    flag("grpc-keepalive-timeout", Kind::Duration, "20s", Group::Requests, Setting::KeepaliveTimeout,
        "How long its answer may take"),

    flag("enable-grpc-gateway", Kind::Bool, "true", Group::Http, Setting::HasGateway, "Serve JSON at /v3"),
    flag("cors", Kind::List, "*", Group::Http, Setting::Cors, "Origins that browsers may call from"),
    flag("host-whitelist", Kind::List, "*", Group::Http, Setting::HostWhitelist, "Host names that requests may carry"),
    flag("metrics", Kind::Choice(&["basic", "extensive"]), "basic", Group::Http, Setting::Metrics,
        "Whether calls are timed"),

    flag("auth-token", Kind::Text, "simple", Group::Users, Setting::AuthToken,
        "simple, or jwt,... with key files"),
    flag("auth-token-ttl", Kind::Count, "300", Group::Users, Setting::AuthTokenTtl,
        "Seconds that an unused token lasts"),
    flag("bcrypt-cost", Kind::Count, "10", Group::Users, Setting::BcryptCost, "Cost of hashing a password"),
    flag("audit-log", Kind::Path, "", Group::Users, Setting::AuditLog,
        "File for who did what, as lines of JSON"),

    flag("cert-file", Kind::Path, "", Group::Tls, Setting::CertFile, "Certificates shown to clients (PEM)"),
    flag("key-file", Kind::Path, "", Group::Tls, Setting::KeyFile, "The key of the first of them"),
    flag("trusted-ca-file", Kind::Path, "", Group::Tls, Setting::TrustedCaFile,
        "CAs of clients; these need a certificate then"),
    flag("client-cert-auth", Kind::Bool, "false", Group::Tls, Setting::ClientCertAuth,
        "A client's certificate names its user"),
    flag("client-cert-user", Kind::Choice(&["cn", "dns", "email", "uri"]), "cn", Group::Tls, Setting::ClientCertUser,
        "Which name in it that is"),
    flag("client-crl-file", Kind::Path, "", Group::Tls, Setting::ClientCrlFile, "Certificates taken back (PEM or DER)"),
    flag("client-cert-allowed-cn", Kind::List, "", Group::Tls, Setting::ClientCertAllowedCn,
        "Common names of clients"),
    flag("client-cert-allowed-hostname", Kind::List, "", Group::Tls, Setting::ClientCertAllowedHostname,
        "Hosts that clients' certificates are for"),
    flag("auto-tls", Kind::Bool, "false", Group::Tls, Setting::AutoTls, "Make a certificate for clients"),
    flag("peer-cert-file", Kind::Path, "", Group::Tls, Setting::PeerCertFile, "Certificates shown to members (PEM)"),
    flag("peer-key-file", Kind::Path, "", Group::Tls, Setting::PeerKeyFile, "The key of the first of them"),
    flag("peer-trusted-ca-file", Kind::Path, "", Group::Tls, Setting::PeerTrustedCaFile,
        "CAs of members; these need a certificate then"),
    flag("peer-client-cert-auth", Kind::Bool, "false", Group::Tls, Setting::PeerClientCertAuth,
        "Members need a certificate"),
    flag("peer-client-cert-file", Kind::Path, "", Group::Tls, Setting::PeerClientCertFile,
        "Certificates to connect with, if others"),
    flag("peer-client-key-file", Kind::Path, "", Group::Tls, Setting::PeerClientKeyFile,
        "The key of the first of them"),
    flag("peer-crl-file", Kind::Path, "", Group::Tls, Setting::PeerCrlFile, "Certificates taken back (PEM or DER)"),
    flag("peer-cert-allowed-cn", Kind::List, "", Group::Tls, Setting::PeerCertAllowedCn, "Common names of members"),
    flag("peer-cert-allowed-hostname", Kind::List, "", Group::Tls, Setting::PeerCertAllowedHostname,
        "Hosts that members' certificates are for"),
    flag("peer-skip-client-san-verification", Kind::Bool, "false", Group::Tls,
        Setting::PeerSkipClientSanVerification, "Members may connect from any address"),
    flag("peer-auto-tls", Kind::Bool, "false", Group::Tls, Setting::PeerAutoTls,
        "Make a certificate for members; checks none"),
    flag("self-signed-cert-validity", Kind::Count, "1", Group::Tls, Setting::SelfSignedCertValidity,
        "Years that made certificates last"),
    flag("cipher-suites", Kind::List, "", Group::Tls, Setting::CipherSuites, "Of TLS 1.2 (default: all that are safe)"),
    flag("tls-min-version", Kind::OptionalChoice(TLS_VERSIONS), "TLS1.2", Group::Tls, Setting::TlsMinVersion,
        "Oldest version"),
    flag("tls-max-version", Kind::OptionalChoice(TLS_VERSIONS), "", Group::Tls, Setting::TlsMaxVersion,
        "Newest version"),

    flag("log-level", Kind::Choice(LOG_LEVELS), "info", Group::Logs, Setting::LogLevel, "debug, info, warn or error"),
    flag("log-format", Kind::OptionalChoice(&["console", "json"]), "", Group::Logs, Setting::LogFormat,
        "Form of a line (default: console)"),
    flag("log-outputs", Kind::List, "default", Group::Logs, Setting::LogOutputs, "stderr, stdout, or files"),
];
