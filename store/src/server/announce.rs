//! Says in the log, and to systemd, when this member is ready and who leads. Must not decide anything.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Weak};

use crate::node::Node;

/// Runs as long as the node: one line when it is ready, one for each change of leader.
pub(super) async fn run(node: Weak<Node>, addresses: String) {
    let Some(mut leadership) = node.upgrade().map(|node| node.leadership()) else { return };
    let mut is_ready = false;
    let mut known = None;
    loop {
        let (term, leader) = *leadership.borrow_and_update();
        if (term, leader) != known.unwrap_or_default() {
            known = Some((term, leader));
            match leader {
                Some(leader) => tracing::info!(
                    leader = format_args!("{:x}", leader.0),
                    term = term.0,
                    "a leader is known"
                ),
                None => tracing::warn!(term = term.0, "no leader is known: writes wait for an election"),
            }
        }
        if !is_ready && leader.is_some() && is_up_to_date(&node).await {
            is_ready = true;
            tracing::info!(address = %addresses, "ready to serve client requests");
            tell_systemd();
        }
        if leadership.changed().await.is_err() {
            return;
        }
    }
}

/// Waits until this member has what was acknowledged before it started.
async fn is_up_to_date(node: &Weak<Node>) -> bool {
    let Some(node) = node.upgrade() else { return false };
    let node: Arc<Node> = node;
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
