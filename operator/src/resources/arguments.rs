//! The server's flags, from the specification. What may be among `options.extraArguments` is checked in `validate`.

use holdfast_plan::ClusterId;

use super::names::{CLIENT_PORT, METRICS_PORT, Names, PEER_PORT, scheme};
use crate::crd::{AutoCompactionMode, HoldfastClusterSpec, TlsMode};

/// Where the volume is.
pub(super) const VOLUME_PATH: &str = "/var/lib/holdfast";
/// Where the certificate for clients is.
pub(super) const SERVER_TLS_PATH: &str = "/etc/holdfast/server";
/// Where the certificate for members is.
pub(super) const PEER_TLS_PATH: &str = "/etc/holdfast/peer";

/// The flags, in an order that never changes: they are part of the template's hash.
pub(super) fn arguments(spec: &HoldfastClusterSpec, names: &Names, cluster_id: ClusterId) -> Vec<String> {
    let client = scheme(spec.tls.client.mode != TlsMode::Disabled);
    let peer = scheme(spec.tls.peer.mode != TlsMode::Disabled);
    // Kubernetes fills in the pod's name.
    let host = format!("$(POD_NAME).{}.{}.svc", names.peers_service(), names.namespace());
    let mut all = vec![
        "--managed".to_owned(),
        format!("--expected-cluster-id={cluster_id}"),
        "--name=$(POD_NAME)".to_owned(),
        // Not the volume's root, where a file system keeps things of its own.
        format!("--data-dir={VOLUME_PATH}/data"),
        format!("--listen-client-urls={client}://0.0.0.0:{CLIENT_PORT}"),
        format!("--advertise-client-urls={client}://{host}:{CLIENT_PORT}"),
        format!("--listen-peer-urls={peer}://0.0.0.0:{PEER_PORT}"),
        format!("--initial-advertise-peer-urls={peer}://{host}:{PEER_PORT}"),
        format!("--listen-metrics-urls=http://0.0.0.0:{METRICS_PORT}"),
        "--log-format=json".to_owned(),
    ];
    if spec.tls.client.mode != TlsMode::Disabled {
        all.extend(files("", SERVER_TLS_PATH));
        all.push("--client-cert-auth".to_owned());
    }
    if spec.tls.peer.mode != TlsMode::Disabled {
        all.extend(files("peer-", PEER_TLS_PATH));
        all.push("--peer-client-cert-auth".to_owned());
    }
    all.extend(options(spec));
    all
}

fn files(prefix: &str, folder: &str) -> [String; 3] {
    [
        format!("--{prefix}cert-file={folder}/tls.crt"),
        format!("--{prefix}key-file={folder}/tls.key"),
        format!("--{prefix}trusted-ca-file={folder}/ca.crt"),
    ]
}

fn options(spec: &HoldfastClusterSpec) -> Vec<String> {
    let options = &spec.options;
    let mut all = Vec::new();
    let numbers = [
        ("quota-backend-bytes", options.quota_backend_bytes),
        ("heartbeat-interval", options.heartbeat_interval_milliseconds),
        ("election-timeout", options.election_timeout_milliseconds),
        ("max-request-bytes", options.max_request_bytes),
        ("max-txn-ops", options.max_transaction_operations),
    ];
    for (flag, value) in numbers {
        if let Some(value) = value {
            all.push(format!("--{flag}={value}"));
        }
    }
    if let Some(compaction) = &options.auto_compaction {
        let mode = match compaction.mode {
            AutoCompactionMode::Periodic => "periodic",
            AutoCompactionMode::Revision => "revision",
        };
        all.push(format!("--auto-compaction-mode={mode}"));
        all.push(format!("--auto-compaction-retention={}", compaction.retention));
    }
    if let Some(level) = &options.log_level {
        all.push(format!("--log-level={level}"));
    }
    all.extend(options.extra_arguments.iter().map(|(flag, value)| format!("--{flag}={value}")));
    all
}
