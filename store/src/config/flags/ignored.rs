//! etcd's flags without effect here that are safe to do without, each with the reason that its notice gives.
//! Must hold the table only.

use super::{Effect, Flag};
use crate::config::value::Kind;

const fn flag(name: &'static str, kind: Kind, default: &'static str, reason: &'static str) -> Flag {
    Flag { name, kind, default, effect: Effect::Ignored(reason) }
}

const NO_BACKEND: &str = "there is no such backend here";
const OWN_FILES: &str = "the store counts its own files";
const FIXED: &str = "this is not adjustable yet";
const NO_PACING: &str = "compaction runs in the background and paces itself";
const NO_TRACING: &str = "traces are not exported yet";
const NO_ROTATION: &str = "log files are not rotated; leave that to the system's tools";
const NO_LOOPBACK: &str = "the JSON gateway needs no connection of its own, so it shows no certificate";
const ALWAYS_ON: &str = "this is always on";
const OF_OLD: &str = "etcd dropped this long ago";

#[rustfmt::skip]
pub(super) const FLAGS: &[Flag] = &[
    flag("max-snapshots", Kind::Count, "5", OWN_FILES),
    flag("max-wals", Kind::Count, "5", OWN_FILES),
    flag("backend-bbolt-freelist-type", Kind::Text, "", NO_BACKEND),
    flag("backend-batch-interval", Kind::Duration, "0", NO_BACKEND),
    flag("backend-batch-limit", Kind::Integer, "0", NO_BACKEND),
    flag("bootstrap-defrag-threshold-megabytes", Kind::Count, "0", "there is nothing to defragment"),
    flag("memory-mlock", Kind::Bool, "false", "memory is not locked"),
    flag("initial-election-tick-advance", Kind::Bool, "true", FIXED),
    flag("enable-v2", Kind::Bool, "true", "the v2 API is always on"),
    flag("pre-vote", Kind::Bool, "true", ALWAYS_ON),
    flag("raft-read-timeout", Kind::Duration, "5s", FIXED),
    flag("raft-write-timeout", Kind::Duration, "5s", FIXED),
    flag("downgrade-check-time", Kind::Duration, "5s", "there are no downgrades yet"),

    flag("grpc-keepalive-min-time", Kind::Duration, "5s", "clients may ping as often as they like"),
    flag("socket-reuse-port", Kind::Bool, "false", "a port belongs to one process"),
    flag("socket-reuse-address", Kind::Bool, "false", "addresses in TIME_WAIT are always taken again"),
    flag("warning-apply-duration", Kind::Duration, "100ms", FIXED),
    flag("warning-unary-request-duration", Kind::Duration, "300ms", FIXED),

    flag("corrupt-check-time", Kind::Duration, "0", "members do not compare their data yet"),
    flag("compact-hash-check-time", Kind::Duration, "1m", "members do not compare their data yet"),
    flag("compaction-batch-limit", Kind::Integer, "1000", NO_PACING),
    flag("compaction-sleep-interval", Kind::Duration, "10ms", NO_PACING),

    flag("client-cert-file", Kind::Path, "", NO_LOOPBACK),
    flag("client-key-file", Kind::Path, "", NO_LOOPBACK),

    flag("logger", Kind::Choice(&["zap"]), "zap", "there is one logger"),
    flag("enable-log-rotation", Kind::Bool, "false", NO_ROTATION),
    flag("log-rotation-config-json", Kind::Text,
        r#"{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}"#, NO_ROTATION),
    flag("enable-pprof", Kind::Bool, "false", "there is no Go runtime to profile"),
    flag("enable-distributed-tracing", Kind::Bool, "false", NO_TRACING),
    flag("distributed-tracing-address", Kind::Text, "localhost:4317", NO_TRACING),
    flag("distributed-tracing-service-name", Kind::Text, "etcd", NO_TRACING),
    flag("distributed-tracing-instance-id", Kind::Text, "", NO_TRACING),
    flag("distributed-tracing-sampling-rate", Kind::Integer, "0", NO_TRACING),

    flag("feature-gates", Kind::Gates, "", "gates of etcd's code do not exist here"),
    flag("v2-deprecation", Kind::Text, "write-only-drop-data", "etcd ignores it too"),

    flag("cluster-active-size", Kind::Anything, "", OF_OLD),
    flag("cluster-remove-delay", Kind::Anything, "", OF_OLD),
    flag("cluster-sync-interval", Kind::Anything, "", OF_OLD),
    flag("config", Kind::Anything, "", OF_OLD),
    flag("force", Kind::Anything, "", OF_OLD),
    flag("max-result-buffer", Kind::Anything, "", OF_OLD),
    flag("max-retry-attempts", Kind::Anything, "", OF_OLD),
    flag("peer-heartbeat-interval", Kind::Anything, "", OF_OLD),
    flag("peer-election-timeout", Kind::Anything, "", OF_OLD),
    flag("retry-interval", Kind::Anything, "", OF_OLD),
    flag("snapshot", Kind::Anything, "", OF_OLD),
    flag("v", Kind::Anything, "", OF_OLD),
    flag("vv", Kind::Anything, "", OF_OLD),
];
