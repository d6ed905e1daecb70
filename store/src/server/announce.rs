//! Says in the log, and to systemd, when this member is ready and who leads. Must not decide anything.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Weak;

use holdfast_consensus::handle::MemberIdentity;
use holdfast_core::ids::{MemberId, Term};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use crate::limits::LEADERLESS_WARNING_ELECTIONS;
use crate::node::{Header, Node};

type Leadership = Receiver<(Term, Option<MemberId>)>;

/// Says which member of which cluster runs, and when the flags `described` another: once there is data, it decides.
pub(super) fn identity(node: &Node, described: Option<MemberIdentity>) {
    let Header { cluster_id, member_id, .. } = node.header();
    let (cluster, member) = (format!("{:x}", cluster_id.0), format!("{:x}", member_id.0));
    tracing::info!(member, cluster, "this member of this cluster");
    let Some(described) = described.filter(|it| (it.cluster_id, it.member_id) != (cluster_id, member_id))
    else {
        return;
    };
    tracing::warn!(
        member,
        cluster,
        described_member = format_args!("{:x}", described.member_id.0),
        described_cluster = format_args!("{:x}", described.cluster_id.0),
        "the --initial-* settings have no effect: the data folder says which member of which cluster this is"
    );
}

/// Says who leads, for as long as the node lives. An election that goes well is one line; only one that takes long is a
/// warning.
pub(super) async fn leaders(node: Weak<Node>) {
    let Some((mut leadership, patience)) = node.upgrade().map(|node| {
        let patience = node.settings().election_timeout * LEADERLESS_WARNING_ELECTIONS;
        (node.leadership(), patience)
    }) else {
        return;
    };
    let mut told = None;
    let mut warn_at = None;
    loop {
        let (term, leader) = *leadership.borrow_and_update();
        if let Some(leader) = leader {
            warn_at = None;
            if told.replace((term, leader)) != Some((term, leader)) {
                tell_leader(&node, term, leader);
            }
        } else {
            warn_at.get_or_insert_with(|| Some(Instant::now() + patience));
        }
        let moved = match warn_at {
            Some(Some(warn_at)) => timeout_at(warn_at, leadership.changed()).await,
            _ => Ok(leadership.changed().await),
        };
        match moved {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                // Said once; the next leader ends it.
                warn_at = Some(None);
                tracing::warn!(
                    term = term.0,
                    "no leader: writes go on once most members run and reach each other"
                );
            }
        }
    }
}

fn tell_leader(node: &Weak<Node>, term: Term, leader: MemberId) {
    let Some(node) = node.upgrade() else { return };
    let peers = node.peers();
    let name = peers.iter().find(|peer| peer.id == leader).map_or("", |peer| peer.name.as_str());
    let is_self = node.header().member_id == leader;
    tracing::info!(
        leader = format_args!("{:x}", leader.0),
        name,
        term = term.0,
        "{}",
        if is_self { "this member leads" } else { "this member follows" }
    );
}

/// Says once that this member is ready, `addresses` being where.
pub(super) async fn readiness(node: Weak<Node>, addresses: String) {
    let Some(mut leadership) = node.upgrade().map(|node| node.leadership()) else { return };
    while !is_up_to_date(&node, &mut leadership).await {
        if node.strong_count() == 0 {
            return;
        }
    }
    tracing::info!(address = addresses, "ready to serve client requests");
    tell_systemd();
}

/// Waits for a leader and then until this member has what was acknowledged before it started.
async fn is_up_to_date(node: &Weak<Node>, leadership: &mut Leadership) -> bool {
    if leadership.wait_for(|(_, leader)| leader.is_some()).await.is_err() {
        return false;
    }
    let Some(node) = node.upgrade() else { return false };
    node.read(true).await.is_ok()
}

/// etcd's systemd units wait for this message.
fn tell_systemd() {
    let Some(target) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = notify(&target) {
        tracing::warn!(%error, "systemd was not told that this member is ready");
    }
}

fn notify(target: &OsString) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    let socket = UnixDatagram::unbound()?;
    let address = match target.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(target)?,
    };
    socket.send_to_addr(b"READY=1", &address)?;
    Ok(())
}
