//! What is wrong with values that are well-formed, in the words of a person's error. Must hold no checks.

/// One setting that cannot be as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// The name is empty.
    #[error("a member needs a name; write one such as node1")]
    NameEmpty,
    /// The name has characters that `--initial-cluster` cannot hold.
    #[error("\"{name}\" has a comma, an equals sign or a control character; use letters, digits and dashes")]
    NameCharacter {
        /// The name.
        name: String,
    },
    /// An id of a cluster that is none.
    #[error(
        "\"{text}\" is no cluster id; write the hexadecimal number that the cluster shows, such as cdf818194e3a8c32"
    )]
    ClusterId {
        /// The text.
        text: String,
    },
    /// A managed member that is not told which cluster to wait for.
    #[error(
        "a managed member needs to know its cluster; also give --expected-cluster-id, or an --initial-cluster-token of \
         this cluster alone"
    )]
    ManagedWithoutCluster,
    /// No way to make tokens.
    #[error("\"{text}\": {problem}; write simple, or jwt,pub-key=FILE,priv-key=FILE,sign-method=RS256")]
    AuthToken {
        /// What was given.
        text: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A URL that asks for TLS without anything to show.
    #[error(
        "\"{url}\" asks for TLS; also give --{prefix}cert-file and --{prefix}key-file, or --{prefix}auto-tls to have \
         one made"
    )]
    NoCertificate {
        /// The URL.
        url: String,
        /// What the flags of this port begin with.
        prefix: &'static str,
    },
    /// A certificate without key, or the other way round.
    #[error("is of no use alone; also give --{missing}")]
    HalfAPair {
        /// The flag of what is missing.
        missing: &'static str,
    },
    /// A demand on certificates that nobody would be asked for.
    #[error("needs --{flag}, the CAs whose certificates are taken; without it nobody is asked for one")]
    NoCa {
        /// The flag of the CAs.
        flag: &'static str,
    },
    /// Two settings of which only one can hold.
    #[error("cannot be used together with --{other}; remove one of them")]
    Both {
        /// The other.
        other: &'static str,
    },
    /// A host that no certificate can be for.
    #[error("\"{host}\" is neither a host name nor an address")]
    NoHost {
        /// The host.
        host: String,
    },
    /// The oldest version is newer than the newest.
    #[error("leaves no version of TLS; write TLS1.3, or --tls-min-version TLS1.2")]
    NoTlsVersion,
    /// A cipher suite that does not exist.
    #[error("\"{name}\" is no cipher suite; write names such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")]
    UnknownSuite {
        /// The name.
        name: String,
    },
    /// None of the cipher suites is safe.
    #[error(
        "has no suite that is safe; leave it out, or write names such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    )]
    NoSuite,
    /// A Unix socket between members.
    #[error("\"{url}\" is a Unix socket, and members talk over TCP only; use http://host:2380")]
    SocketBetweenMembers {
        /// The URL.
        url: String,
    },
    /// A host name where an address of this machine is wanted.
    #[error(
        "\"{url}\" has the host \"{host}\"; listen on an IP address or localhost, such as http://0.0.0.0:{port} for \
         all addresses of this machine"
    )]
    ListenHost {
        /// The URL.
        url: String,
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A URL for others without host.
    #[error("\"{url}\" has no host; write the name or address that others reach this machine by")]
    AdvertisedHost {
        /// The URL.
        url: String,
    },
    /// A URL for others without a real port.
    #[error("\"{url}\" has the port 0; write the port that is listened on")]
    AdvertisedPort {
        /// The URL.
        url: String,
    },
    /// Two listeners on one address.
    #[error("\"{url}\" is listened on by {other} too; give each a port of its own")]
    SameAddress {
        /// The URL.
        url: String,
        /// Where else it was given.
        other: String,
    },
    /// It cannot be known where clients reach this member.
    #[error(
        "clients need to be told where this member is; also give --advertise-client-urls http://<this host>:{port}"
    )]
    AdvertiseClientUrlsMissing {
        /// The port that is listened on.
        port: u16,
    },
    /// A number that must not be 0.
    #[error("must be above 0; leave it out for {default}")]
    Zero {
        /// The default.
        default: &'static str,
    },
    /// Too few heartbeats in an election timeout.
    #[error(
        "{election_ms} ms is less than 5 times the heartbeat interval of {heartbeat_ms} ms; write {least_ms} or more, \
         or make --heartbeat-interval shorter"
    )]
    ElectionTooShort {
        /// The election timeout.
        election_ms: u64,
        /// The heartbeat interval.
        heartbeat_ms: u64,
        /// The shortest election timeout for it.
        least_ms: u64,
    },
    /// An election timeout beyond etcd's limit.
    #[error(
        "{election_ms} ms is too long; write {longest_ms} or less, and about 10 times the round trip between members"
    )]
    ElectionTooLong {
        /// The election timeout.
        election_ms: u64,
        /// The longest.
        longest_ms: u64,
    },
    /// A number beyond what this version can do.
    #[error("{number} is too much; write {largest} or less")]
    TooLarge {
        /// The number.
        number: u64,
        /// The largest.
        largest: u64,
    },
    /// A number below what this version needs.
    #[error("{number} is too little; write {smallest} or more")]
    TooSmall {
        /// The number.
        number: u64,
        /// The smallest.
        smallest: u64,
    },
    /// A duration below zero.
    #[error("\"{text}\" is below zero; write a duration such as 10m")]
    NegativeDuration {
        /// The duration.
        text: String,
    },
    /// No retention for periodic compaction.
    #[error("\"{text}\" is neither hours nor a duration; write one such as 8 (hours), 30m or 1h30m")]
    PeriodicRetention {
        /// The text.
        text: String,
    },
    /// No retention for compaction by revision.
    #[error(
        "\"{text}\" is no number of revisions, which --auto-compaction-mode revision needs; write one such as 1000"
    )]
    RevisionRetention {
        /// The text.
        text: String,
    },
}

/// What is wrong with the initial cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// An entry without name or URL.
    #[error("{origin}: \"{entry}\" is not name=URL; write it as {name}=http://host:2380")]
    Entry {
        /// Where the initial cluster was given.
        origin: String,
        /// The entry.
        entry: String,
        /// A name for the example.
        name: String,
    },
    /// This member is not in it.
    #[error(
        "{origin}: no member is called \"{name}\" in \"{cluster}\"; add {name}=URL to it, or set --name to the name there"
    )]
    OwnNameMissing {
        /// Where the initial cluster was given.
        origin: String,
        /// This member's name.
        name: String,
        /// The initial cluster.
        cluster: String,
    },
    /// This member has other URLs in it.
    #[error(
        "{origin} says that \"{name}\" is at {listed}, and --initial-advertise-peer-urls says {advertised}; \
         make the two the same"
    )]
    OwnUrlsDiffer {
        /// Where the initial cluster was given.
        origin: String,
        /// This member's name.
        name: String,
        /// Its URLs in the initial cluster.
        listed: String,
        /// Its advertised URLs.
        advertised: String,
    },
    /// One URL twice.
    #[error(
        "{origin}: {url} is listed twice, for \"{first}\" and \"{second}\"; give each member a URL of its own"
    )]
    DuplicateUrl {
        /// Where the initial cluster was given.
        origin: String,
        /// The URL.
        url: String,
        /// Who has it.
        first: String,
        /// Who has it too.
        second: String,
    },
}
