//! The table of flags. It alone drives the command line, the environment, the configuration file, the help and the
//! completion scripts. Must not hold what values mean together.

mod ignored;
mod refused;
mod settings;

use super::value::Kind;

/// A setting by its etcd name, or one of Holdfast's own.
#[derive(Debug)]
pub struct Flag {
    /// The name without dashes.
    pub name: &'static str,
    /// The form of its value.
    pub kind: Kind,
    /// What it is when not given, as text; empty where that follows from other settings.
    pub default: &'static str,
    /// What it does here.
    pub effect: Effect,
}

/// What a flag does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is part of the configuration.
    Sets {
        /// Which part.
        setting: Setting,
        /// Where the help lists it.
        group: Group,
        /// One line for the help, without the default.
        help: &'static str,
    },
    /// It is etcd's, and doing without it is safe: another value than the default becomes a notice with this reason.
    Ignored(&'static str),
    /// It is etcd's and changes safety or security: another value than the default is refused for this reason.
    Refused(&'static str),
}

/// Groups of the help, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Member,
    Cluster,
    Storage,
    Requests,
    Http,
    Users,
    Tls,
    Logs,
}

impl Group {
    /// All groups in the order of the help.
    pub const ALL: [Group; 8] = [
        Group::Member,
        Group::Cluster,
        Group::Storage,
        Group::Requests,
        Group::Http,
        Group::Users,
        Group::Tls,
        Group::Logs,
    ];

    /// The group's heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Member => "Member",
            Group::Cluster => "Cluster",
            Group::Storage => "Storage",
            Group::Requests => "Requests",
            Group::Http => "HTTP",
            Group::Users => "Users",
            Group::Tls => "TLS",
            Group::Logs => "Logs",
        }
    }
}

/// The parts of the configuration that a flag sets; the help of each flag explains its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    Name,
    DataDir,
    ConfigFile,
    ListenClientUrls,
    ListenClientHttpUrls,
    ListenPeerUrls,
    ListenMetricsUrls,
    AdvertiseClientUrls,
    AdvertisePeerUrls,
    InitialCluster,
    InitialClusterState,
    InitialClusterToken,
    IsManaged,
    ExpectedClusterId,
    StrictReconfigCheck,
    LearnersMax,
    HeartbeatInterval,
    ElectionTimeout,
    SnapshotCount,
    SnapshotCatchUpEntries,
    QuotaBytes,
    CacheBytes,
    AutoCompactionMode,
    AutoCompactionRetention,
    RequestBytesMax,
    TxnOperationsMax,
    WatchProgressInterval,
    ConcurrentStreamsMax,
    KeepaliveInterval,
    KeepaliveTimeout,
    HasGateway,
    Cors,
    HostWhitelist,
    Metrics,
    AuthToken,
    AuthTokenTtl,
    BcryptCost,
    AuditLog,
    CertFile,
    KeyFile,
    TrustedCaFile,
    ClientCertAuth,
    ClientCertUser,
    ClientCrlFile,
    ClientCertAllowedCn,
    ClientCertAllowedHostname,
    AutoTls,
    PeerCertFile,
    PeerKeyFile,
    PeerTrustedCaFile,
    PeerClientCertAuth,
    PeerClientCertFile,
    PeerClientKeyFile,
    PeerCrlFile,
    PeerCertAllowedCn,
    PeerCertAllowedHostname,
    PeerSkipClientSanVerification,
    PeerAutoTls,
    SelfSignedCertValidity,
    CipherSuites,
    TlsMinVersion,
    TlsMaxVersion,
    LogLevel,
    LogFormat,
    LogOutputs,
    Version,
    Help,
}

/// Every flag, by group and then in the order of the help.
pub fn all() -> impl Iterator<Item = &'static Flag> {
    settings::FLAGS.iter().chain(ignored::FLAGS).chain(refused::FLAGS)
}

/// The flag of this name.
pub fn find(name: &str) -> Option<&'static Flag> {
    all().find(|flag| flag.name == name)
}

/// The flag that sets `setting`.
pub fn of(setting: Setting) -> &'static Flag {
    let is_it = |flag: &&Flag| matches!(flag.effect, Effect::Sets { setting: set, .. } if set == setting);
    settings::FLAGS.iter().find(is_it).expect("every setting has a flag; a test looks at all of them")
}

/// The flag whose name is most like `name`, when it is like enough to have been meant.
pub fn nearest(name: &str) -> Option<&'static str> {
    const LIKENESS_MIN: f64 = 0.6;
    // etcd 3.5 called many of today's flags experimental.
    let name = name.strip_prefix("experimental-").unwrap_or(name);
    let by_likeness = all().map(|flag| (strsim::normalized_damerau_levenshtein(name, flag.name), flag.name));
    let best = by_likeness.max_by(|left, right| left.0.total_cmp(&right.0))?;
    if best.0 >= LIKENESS_MIN {
        return Some(best.1);
    }
    // The beginning of exactly one flag is as good.
    let mut continued = all().filter(|flag| name.len() > 2 && flag.name.starts_with(name));
    let first = continued.next()?;
    continued.next().is_none().then_some(first.name)
}

impl Flag {
    /// Whether it may stand in the environment and in the configuration file.
    pub fn is_a_setting(&self) -> bool {
        !matches!(self.effect, Effect::Sets { setting: Setting::Version | Setting::Help, .. })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Effect, Group, all, find, nearest};

    #[test]
    fn names_are_unique_and_defaults_are_valid() {
        let mut names = BTreeSet::new();
        for flag in all() {
            assert!(names.insert(flag.name), "--{} twice", flag.name);
            if let Err(error) = flag.kind.parse(flag.default) {
                panic!("the default of --{}: {error}", flag.name);
            }
        }
    }

    #[test]
    fn every_group_has_flags() {
        for group in Group::ALL {
            assert!(
                all().any(|flag| matches!(flag.effect, Effect::Sets { group: found, .. } if found == group))
            );
        }
    }

    #[test]
    fn knows_all_of_etcds_flags() {
        // What `etcd --help` of 3.7.3 lists.
        let names = "name data-dir wal-dir snapshot-count heartbeat-interval election-timeout \
            initial-election-tick-advance listen-peer-urls listen-client-urls listen-client-http-urls max-snapshots \
            max-wals memory-mlock quota-backend-bytes backend-bbolt-freelist-type backend-batch-interval \
            backend-batch-limit max-txn-ops max-request-bytes max-concurrent-streams grpc-keepalive-min-time \
            grpc-keepalive-interval grpc-keepalive-timeout socket-reuse-port socket-reuse-address enable-grpc-gateway \
            raft-read-timeout raft-write-timeout feature-gates initial-advertise-peer-urls initial-cluster \
            initial-cluster-state initial-cluster-token advertise-client-urls discovery discovery-token \
            discovery-endpoints discovery-dial-timeout discovery-request-timeout discovery-keepalive-time \
            discovery-keepalive-timeout discovery-insecure-transport discovery-insecure-skip-tls-verify \
            discovery-cert discovery-key discovery-cacert discovery-user discovery-password discovery-fallback \
            discovery-proxy discovery-srv discovery-srv-name strict-reconfig-check pre-vote auto-compaction-retention \
            auto-compaction-mode v2-deprecation cert-file key-file client-cert-auth client-cert-file client-key-file \
            client-crl-file client-cert-allowed-hostname trusted-ca-file auto-tls peer-cert-file peer-key-file \
            peer-client-cert-auth peer-client-cert-file peer-client-key-file peer-trusted-ca-file \
            peer-cert-allowed-cn peer-cert-allowed-hostname peer-auto-tls self-signed-cert-validity peer-crl-file \
            cipher-suites cors host-whitelist tls-min-version tls-max-version auth-token bcrypt-cost auth-token-ttl \
            enable-pprof metrics listen-metrics-urls logger log-outputs log-level log-format enable-log-rotation \
            log-rotation-config-json warning-unary-request-duration enable-distributed-tracing \
            distributed-tracing-address distributed-tracing-service-name distributed-tracing-instance-id \
            distributed-tracing-sampling-rate corrupt-check-time compact-hash-check-time compaction-batch-limit \
            peer-skip-client-san-verification watch-progress-notify-interval warning-apply-duration \
            bootstrap-defrag-threshold-megabytes max-learners compaction-sleep-interval downgrade-check-time \
            snapshot-catchup-entries force-new-cluster unsafe-no-fsync config-file version";
        for name in names.split_whitespace() {
            assert!(find(name).is_some(), "--{name}");
        }
    }

    #[test]
    fn guesses_what_was_meant() {
        assert_eq!(nearest("nam"), Some("name"));
        assert_eq!(nearest("listen-client-url"), Some("listen-client-urls"));
        assert_eq!(
            nearest("experimental-watch-progress-notify-interval"),
            Some("watch-progress-notify-interval")
        );
        assert_eq!(nearest("quota"), Some("quota-backend-bytes"));
        assert_eq!(nearest("verbose-output-please"), None);
    }
}
