//! Hands leadership to another member, by the store's own call on the leader. Needs the right to read the operator's
//! certificate, since only root may do that.
#![allow(clippy::print_stdout, reason = "it talks to a person on the command line")]

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::json;

use super::asked::Asked;
use super::error::PluginError;
use super::tunnel::Tunnel;
use crate::crd::{HoldfastClusterStatus, MemberStatus};
use crate::trust::names;

/// Moves leadership to a member, or to any other that can lead.
pub async fn move_to(asked: &Asked, ordinal: Option<u32>) -> Result<(), PluginError> {
    let cluster = asked.cluster().await?;
    let status = cluster.status.clone().unwrap_or_default();
    let leader = status
        .leader
        .clone()
        .ok_or_else(|| PluginError::NotNow(format!("{} has no leader now", asked.name)))?;
    let target = target(&status, &leader, ordinal).map_err(PluginError::NotNow)?;
    let id = target.member_id.as_deref().and_then(|id| u64::from_str_radix(id, 16).ok()).unwrap_or_default();
    let tunnel = Tunnel::new(asked, &cluster, &names::operator_certificate_secret(&cluster)).await?;
    let stream = tunnel.connect(asked, &leader).await?;
    let failed = |cause: String| PluginError::Local { what: format!("ask {leader}"), cause };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(error.to_string()))?;
    tokio::spawn(connection);
    let body = json!({ "targetID": id.to_string() }).to_string();
    let request = http::Request::post("/holdfast/v1/maintenance/transfer-leadership")
        .header(http::header::HOST, leader.as_str())
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .expect("a pod's name fits into a header");
    let answer = sender.send_request(request).await.map_err(|error| failed(error.to_string()))?;
    let code = answer.status();
    let body = answer.into_body().collect().await.map_err(|error| failed(error.to_string()))?.to_bytes();
    if code != http::StatusCode::OK {
        return Err(PluginError::NotNow(format!(
            "{leader} refuses: {}",
            String::from_utf8_lossy(&body).trim()
        )));
    }
    println!("{} leads now; it was {leader}.", target.name);
    Ok(())
}

fn target<'a>(
    status: &'a HoldfastClusterStatus,
    leader: &str,
    ordinal: Option<u32>,
) -> Result<&'a MemberStatus, String> {
    let candidates =
        || status.members.iter().filter(|member| member.role == "Voter" && member.name != leader);
    match ordinal {
        None => candidates().find(|member| member.ready).ok_or_else(|| "no other voter is ready".to_owned()),
        Some(ordinal) => {
            let wanted = candidates().find(|member| u32::try_from(member.ordinal) == Ok(ordinal));
            wanted.ok_or_else(|| format!("member {ordinal} leads already, does not vote, or does not exist"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(ordinal: i32, role: &str, ready: bool) -> MemberStatus {
        MemberStatus {
            name: format!("kv-{ordinal}"),
            ordinal,
            role: role.to_owned(),
            ready,
            ..MemberStatus::default()
        }
    }

    #[test]
    fn leadership_goes_to_a_ready_voter_or_to_whom_was_named() {
        let members = vec![
            member(0, "Leader", true),
            member(1, "Voter", false),
            member(2, "Voter", true),
            member(3, "Learner", true),
        ];
        let status = HoldfastClusterStatus { members, ..HoldfastClusterStatus::default() };
        let chosen = |ordinal| target(&status, "kv-0", ordinal).map(|member| member.ordinal);
        assert_eq!(chosen(None), Ok(2));
        assert_eq!(chosen(Some(1)), Ok(1));
        for impossible in [0, 3, 9] {
            assert!(chosen(Some(impossible)).is_err(), "{impossible}");
        }
    }
}
