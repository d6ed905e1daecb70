//! Finds out who a member is whose folder holds no data: from the flags, from members of the cluster that it joins, or
//! from whoever manages it. Must not touch the folder.

use holdfast_consensus::handle::{Founding, JoinError, MemberIdentity, find_identity, holds_member};

use super::Bound;
use super::blank;
use super::error::StartupError;
use crate::config::{Config, FirstStart, JoinPlan};
use crate::tls::Tls;

/// Says who this member becomes where the data does not. Who has to wait for that is served on what is bound, and binds
/// it once more.
pub(super) async fn prepare(
    config: &Config,
    bound: Bound,
    tls: &Tls,
) -> Result<(Bound, Option<Founding>), StartupError> {
    let has_data = holds_member(&config.consensus.data_dir);
    let founding = match &config.first_start {
        Some(FirstStart::New(founding)) => Some(founding.clone()),
        None => None,
        Some(_) if has_data => None,
        Some(FirstStart::Join(plan)) => Some(waiting(join(plan, tls).await?)),
        Some(FirstStart::Managed(plan)) => {
            let founding = blank::wait(bound, plan, tls).await?;
            return Ok((Bound::bind(&config.listeners).await?, Some(founding)));
        }
    };
    Ok((bound, founding))
}

/// A member of a cluster that runs already.
pub(super) fn waiting(identity: MemberIdentity) -> Founding {
    Founding { identity, members: Vec::new() }
}

async fn join(plan: &JoinPlan, tls: &Tls) -> Result<MemberIdentity, StartupError> {
    let identity =
        find_identity(&plan.peer_urls, &plan.ask, Some(&tls.dial())).await.map_err(|error| match error {
            JoinError::NobodyToAsk => StartupError::NobodyToJoin,
            JoinError::NoAnswer { url, reason } => StartupError::NoAnswerToJoin { url, reason },
            JoinError::NotAnnounced { cluster, peer_urls } => {
                StartupError::NotAnnounced { cluster, peer_urls }
            }
            JoinError::HasRun { cluster, member } => StartupError::HasRun { cluster, member },
        })?;
    tracing::info!(
        member = format_args!("{:x}", identity.member_id.0),
        cluster = format_args!("{:x}", identity.cluster_id.0),
        "joining a cluster"
    );
    Ok(identity)
}
