//! etcd's flags that change safety or security and that this version does not have: taking them without effect would
//! be a lie. Must hold the table only.

use super::{Effect, Flag};
use crate::config::value::Kind;

const fn flag(name: &'static str, kind: Kind, default: &'static str, reason: &'static str) -> Flag {
    Flag { name, kind, default, effect: Effect::Refused(reason) }
}

const NO_DISCOVERY: &str = "discovery is not available; list the members in --initial-cluster instead";

#[rustfmt::skip]
pub(super) const FLAGS: &[Flag] = &[
    flag("wal-dir", Kind::Path, "", "the log is kept inside the data folder; put --data-dir on the disk for it"),
    flag("force-new-cluster", Kind::Bool, "false", "a cluster that lost its quorum cannot be cut down by this version"),
    flag("unsafe-no-fsync", Kind::Bool, "false", "writes are always synced before they are acknowledged"),

    flag("discovery", Kind::Text, "", NO_DISCOVERY),
    flag("discovery-token", Kind::Text, "", NO_DISCOVERY),
    flag("discovery-endpoints", Kind::List, "", NO_DISCOVERY),
    flag("discovery-dial-timeout", Kind::Duration, "2s", NO_DISCOVERY),
    flag("discovery-request-timeout", Kind::Duration, "5s", NO_DISCOVERY),
    flag("discovery-keepalive-time", Kind::Duration, "2s", NO_DISCOVERY),
    flag("discovery-keepalive-timeout", Kind::Duration, "6s", NO_DISCOVERY),
    flag("discovery-insecure-transport", Kind::Bool, "true", NO_DISCOVERY),
    flag("discovery-insecure-skip-tls-verify", Kind::Bool, "false", NO_DISCOVERY),
    flag("discovery-cert", Kind::Path, "", NO_DISCOVERY),
    flag("discovery-key", Kind::Path, "", NO_DISCOVERY),
    flag("discovery-cacert", Kind::Path, "", NO_DISCOVERY),
    flag("discovery-user", Kind::Text, "", NO_DISCOVERY),
    flag("discovery-password", Kind::Text, "", NO_DISCOVERY),
    flag("discovery-fallback", Kind::Text, "exit", NO_DISCOVERY),
    flag("discovery-proxy", Kind::Text, "", NO_DISCOVERY),
    flag("discovery-srv", Kind::Text, "", NO_DISCOVERY),
    flag("discovery-srv-name", Kind::Text, "", NO_DISCOVERY),
];
