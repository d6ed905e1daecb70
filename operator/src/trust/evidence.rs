//! What members trust and show, found out by visiting them with a certificate that the newest authority has signed. Must
//! not conclude anything from it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::future::join_all;
use holdfast_plan::trust::MemberSeen;
use rustls::ClientConfig;

use super::RunningMember;
use super::client_config::{ShownPair, client_config};
use super::endpoint::Endpoint;
use super::making::{LeafContents, LeafUse, Pair, make_leaf};
use super::probe::probe;
use super::time::UnixSeconds;
use crate::crd::KeyAlgorithm;
use crate::limits::VISITOR_LIFE;

/// A member that nothing was asked.
pub(crate) fn unasked(member: &RunningMember) -> MemberSeen {
    MemberSeen { name: member.name.clone(), trusts_next: None, shows: None }
}

/// A configuration that shows a certificate of `signer`, made for this one visit. It names no host, so that the peer port
/// does not ask where it comes from, and no user.
pub(crate) fn visitor(signer: &Pair, trusted: &str, algorithm: KeyAlgorithm) -> Result<ClientConfig, String> {
    let contents = LeafContents {
        common_name: "holdfast-visitor",
        names: &BTreeSet::new(),
        purpose: LeafUse::Client,
        lifetime: VISITOR_LIFE,
        algorithm,
    };
    let made = make_leaf(signer, &contents, UnixSeconds::now()).map_err(|error| error.to_string())?;
    client_config(trusted, Some(ShownPair { certificate: &made.certificate, key: &made.key }), b"h2")
}

/// Visits all members at once.
pub(crate) async fn ask(
    members: &[RunningMember],
    endpoint: Endpoint,
    config: &Arc<ClientConfig>,
) -> Vec<MemberSeen> {
    let visits = members.iter().map(async |member| {
        let port = match endpoint {
            Endpoint::Client => member.client_port,
            Endpoint::Peer => member.peer_port,
        };
        let seen = probe(SocketAddr::new(member.address, port), &member.server_name, config).await;
        MemberSeen { name: member.name.clone(), trusts_next: seen.accepts, shows: seen.shows }
    });
    join_all(visits).await
}
