//! Alarms, and what they forbid. Every member refuses the same commands, since alarms are replicated state.

use super::ApplyBatch;
use crate::command::Operation;
use crate::error::ApplyError;
use crate::ids::MemberId;
use crate::quota;
use crate::response::{Alarm, AlarmKind, Response};

impl ApplyBatch<'_> {
    /// Refuses what the raised alarms forbid: with a corrupt member all changes of keys and leases, with the space
    /// used up whatever adds data (etcd's rules).
    pub(super) fn check_alarms(&self, operation: &Operation) -> Result<(), ApplyError> {
        if self.head.alarms.is_empty() {
            return Ok(());
        }
        if self.is_raised(AlarmKind::Corrupt) && touches_data(operation) {
            return Err(ApplyError::Corrupt);
        }
        if self.is_raised(AlarmKind::NoSpace) && quota::cost_bytes(operation) > 0 {
            return Err(ApplyError::NoSpace);
        }
        Ok(())
    }

    fn is_raised(&self, kind: AlarmKind) -> bool {
        self.head.alarms.iter().any(|alarm| alarm.kind == kind)
    }

    pub(super) fn alarm_raise(&mut self, member: MemberId, kind: AlarmKind) -> Response {
        let alarm = Alarm { member, kind };
        if let Err(at) = self.head.alarms.binary_search(&alarm) {
            self.head.alarms.insert(at, alarm);
        }
        Response::Alarm(vec![alarm])
    }

    pub(super) fn alarm_clear(&mut self, member: MemberId, kind: Option<AlarmKind>) -> Response {
        let concerned = |alarm: &Alarm| {
            (member.0 == 0 || alarm.member == member) && kind.is_none_or(|kind| alarm.kind == kind)
        };
        let cleared = self.head.alarms.iter().copied().filter(concerned).collect();
        self.head.alarms.retain(|alarm| !concerned(alarm));
        Response::Alarm(cleared)
    }
}

fn touches_data(operation: &Operation) -> bool {
    match operation {
        Operation::Put(_)
        | Operation::DeleteRange(_)
        | Operation::Txn(_)
        | Operation::Compact { .. }
        | Operation::LeaseGrant { .. }
        | Operation::LeaseRevoke { .. }
        | Operation::LeaseExpire { .. }
        | Operation::V2(_) => true,
        Operation::Noop
        | Operation::LeaseCheckpoint { .. }
        | Operation::AlarmRaise { .. }
        | Operation::AlarmClear { .. }
        | Operation::MemberPublish { .. }
        | Operation::ClusterVersionSet { .. }
        | Operation::Auth(_) => false,
    }
}
