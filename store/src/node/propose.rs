//! Admission of writes (quota, free disk) and their way into consensus. Must not look into what a write does beyond
//! its cost.

use holdfast_core::auth::PermissionError;
use holdfast_core::command::{Command, Operation};
use holdfast_core::error::ApplyError;
use holdfast_core::ids::MemberId;
use holdfast_core::quota;
use holdfast_core::response::{Alarm, AlarmKind, Response};

use super::{Header, Node, NodeError};
use crate::auth::Claim;
use crate::limits::AUTH_RETRIES_MAX;

impl Node {
    /// Proposes an operation of this member's own after admission and returns its answer and header.
    pub async fn propose(&self, operation: Operation) -> Result<(Header, Response), NodeError> {
        self.admit(&operation).await?;
        self.propose_command(Command::of_member(operation)).await
    }

    /// Proposes an operation of a client. Whether it may is decided where it is applied; if users or roles changed on
    /// the way there, nothing was done, and it is proposed again for whoever the client is now.
    pub async fn propose_as(
        &self,
        claim: &Claim,
        operation: Operation,
    ) -> Result<(Header, Response), NodeError> {
        self.admit(&operation).await?;
        if !self.is_guarded() && claim.is_empty() {
            return self.propose_command(Command::from(operation)).await;
        }
        let mut caller = self.caller(claim).await?;
        for _ in 0..AUTH_RETRIES_MAX {
            let command = Command { caller: caller.clone(), operation: operation.clone() };
            let outcome = self.propose_command(command).await;
            let Err(NodeError::Apply(ApplyError::Permission(refusal))) = &outcome else { return outcome };
            if !matches!(refusal, PermissionError::OldRevision | PermissionError::Nobody) {
                return outcome;
            }
            let now = self.caller(claim).await?;
            if now == caller {
                return outcome;
            }
            caller = now;
        }
        Err(ApplyError::from(PermissionError::OldRevision).into())
    }

    async fn propose_command(&self, command: Command) -> Result<(Header, Response), NodeError> {
        let applied = self.consensus.propose(command).await?;
        let response = applied.result?;
        Ok((self.header_at(applied.revision), response))
    }

    /// Refuses writes that add data when the quota or the disk is used up. A quota that is passed raises the alarm, so
    /// that all members refuse from then on (etcd's rule); a full disk is this member's own affair and passes by itself.
    async fn admit(&self, operation: &Operation) -> Result<(), NodeError> {
        let cost_bytes = quota::cost_bytes(operation);
        if cost_bytes == 0 {
            return Ok(());
        }
        if self.disk_guard.is_full() {
            return Err(NodeError::NoSpace);
        }
        if self.settings.quota_bytes == 0 {
            return Ok(());
        }
        let size_bytes = self.consensus.size().total_bytes;
        if size_bytes.saturating_add(cost_bytes) <= self.settings.quota_bytes {
            return Ok(());
        }
        let alarm = Alarm { member: self.member_id, kind: AlarmKind::NoSpace };
        if !self.view().head().alarms.contains(&alarm) {
            tracing::warn!(
                size_bytes,
                quota_bytes = self.settings.quota_bytes,
                "space quota exceeded: raising the NOSPACE alarm; delete and compact, then disarm it"
            );
            let raise = Operation::AlarmRaise { member: alarm.member, kind: alarm.kind };
            self.consensus.propose(Command::of_member(raise)).await?;
        }
        Err(NodeError::NoSpace)
    }

    /// Raises or clears an alarm. With `member` 0 a clear concerns every member.
    pub async fn alarm(
        &self,
        claim: &Claim,
        raise: bool,
        member: MemberId,
        kind: Option<AlarmKind>,
    ) -> Result<(Header, Vec<Alarm>), NodeError> {
        let operation = match (raise, kind) {
            (true, Some(kind)) => Operation::AlarmRaise { member, kind },
            (true, None) => {
                self.check_root(claim).await?;
                return Ok((self.header(), Vec::new()));
            }
            (false, kind) => Operation::AlarmClear { member, kind },
        };
        let (header, response) = self.propose_as(claim, operation).await?;
        let alarms = match response {
            Response::Alarm(alarms) => alarms,
            _ => Vec::new(),
        };
        Ok((header, alarms))
    }
}
