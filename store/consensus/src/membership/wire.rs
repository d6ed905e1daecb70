//! A change of the membership as a message between members, and its outcome as one. Must not decide anything.

use holdfast_core::ids::{LogIndex, MemberId};
use holdfast_proto::peer;
use peer::change_members_request::Change;
use peer::change_members_response::Status;

use super::change::{ChangeError, MemberChange, MemberRefusal, NewMember, Replacement};
use super::execute::Made;
use crate::handle::ProposeError;
use crate::wire::Malformed;

/// A change as a message.
pub fn change_to_wire(header: peer::Header, change: &MemberChange) -> peer::ChangeMembersRequest {
    let change = match change {
        MemberChange::Add(new) => Change::Add(new_to_wire(new)),
        MemberChange::Promote(member) => Change::Promote(member.0),
        MemberChange::Remove(member) => Change::Remove(member.0),
        MemberChange::Update { member, peer_urls } => {
            Change::Update(peer::UpdateMember { member: member.0, peer_urls: peer_urls.clone() })
        }
        MemberChange::Replace(replacement) => Change::Replace(peer::ReplaceMembers {
            expected: replacement.expected.0,
            add: replacement.add.iter().map(new_to_wire).collect(),
            voters: replacement.voters.iter().map(|voter| voter.0).collect(),
            remove: replacement.remove.iter().map(|member| member.0).collect(),
        }),
    };
    peer::ChangeMembersRequest { header: Some(header), change: Some(change) }
}

/// A change from a message.
pub fn change_from_wire(request: peer::ChangeMembersRequest) -> Result<MemberChange, Malformed> {
    Ok(match request.change.ok_or(Malformed("no change"))? {
        Change::Add(new) => MemberChange::Add(new_from_wire(new)),
        Change::Promote(member) => MemberChange::Promote(MemberId(member)),
        Change::Remove(member) => MemberChange::Remove(MemberId(member)),
        Change::Update(update) => {
            MemberChange::Update { member: MemberId(update.member), peer_urls: update.peer_urls }
        }
        Change::Replace(replace) => MemberChange::Replace(Replacement {
            expected: LogIndex(replace.expected),
            add: replace.add.into_iter().map(new_from_wire).collect(),
            voters: replace.voters.into_iter().map(MemberId).collect(),
            remove: replace.remove.into_iter().map(MemberId).collect(),
        }),
    })
}

fn new_to_wire(new: &NewMember) -> peer::AddMember {
    peer::AddMember { member: new.id.0, peer_urls: new.peer_urls.clone(), is_learner: new.is_learner }
}

fn new_from_wire(new: peer::AddMember) -> NewMember {
    NewMember { id: MemberId(new.member), peer_urls: new.peer_urls, is_learner: new.is_learner }
}

/// An outcome as a message.
pub fn outcome_to_wire(outcome: Result<Made, ChangeError>) -> peer::ChangeMembersResponse {
    let (status, configuration, member) = match outcome {
        Ok(Made::Done(configuration)) => (Status::Done, configuration.0, 0),
        Ok(Made::NotLeader) | Err(ChangeError::Propose(ProposeError::NoLeader)) => (Status::NotLeader, 0, 0),
        Err(ChangeError::Propose(ProposeError::Stopped)) => (Status::Stopped, 0, 0),
        Err(ChangeError::Propose(_)) => (Status::Unknown, 0, 0),
        Err(ChangeError::Refused(refusal)) => refusal_to_wire(refusal),
    };
    peer::ChangeMembersResponse { status: status.into(), configuration, member }
}

fn refusal_to_wire(refusal: MemberRefusal) -> (Status, u64, u64) {
    match refusal {
        MemberRefusal::NotFound(member) => (Status::MemberNotFound, 0, member.0),
        MemberRefusal::Removed(member) => (Status::MemberRemoved, 0, member.0),
        MemberRefusal::Exists(member) => (Status::MemberExists, 0, member.0),
        MemberRefusal::PeerUrlExists => (Status::PeerUrlExists, 0, 0),
        MemberRefusal::TooManyLearners => (Status::TooManyLearners, 0, 0),
        MemberRefusal::NotALearner(member) => (Status::NotALearner, 0, member.0),
        MemberRefusal::LearnerNotReady(member) => (Status::LearnerNotReady, 0, member.0),
        MemberRefusal::NotEnoughStarted => (Status::NotEnoughStarted, 0, 0),
        MemberRefusal::Unhealthy => (Status::Unhealthy, 0, 0),
        MemberRefusal::OtherConfiguration { present } => (Status::OtherConfiguration, present.0, 0),
        MemberRefusal::Unclear(member) => (Status::StillAVoter, 0, member.0),
        MemberRefusal::NoVoters => (Status::NoVoters, 0, 0),
    }
}

/// An outcome from a message.
pub fn outcome_from_wire(response: peer::ChangeMembersResponse) -> Result<Made, ChangeError> {
    let member = MemberId(response.member);
    let refusal = match Status::try_from(response.status) {
        Ok(Status::Done) => return Ok(Made::Done(LogIndex(response.configuration))),
        Ok(Status::NotLeader) => return Ok(Made::NotLeader),
        Ok(Status::Stopped | Status::Unknown) | Err(_) => return Err(ProposeError::LeaderChanged.into()),
        Ok(Status::MemberNotFound) => MemberRefusal::NotFound(member),
        Ok(Status::MemberRemoved) => MemberRefusal::Removed(member),
        Ok(Status::MemberExists) => MemberRefusal::Exists(member),
        Ok(Status::PeerUrlExists) => MemberRefusal::PeerUrlExists,
        Ok(Status::TooManyLearners) => MemberRefusal::TooManyLearners,
        Ok(Status::NotALearner) => MemberRefusal::NotALearner(member),
        Ok(Status::LearnerNotReady) => MemberRefusal::LearnerNotReady(member),
        Ok(Status::NotEnoughStarted) => MemberRefusal::NotEnoughStarted,
        Ok(Status::Unhealthy) => MemberRefusal::Unhealthy,
        Ok(Status::OtherConfiguration) => {
            MemberRefusal::OtherConfiguration { present: LogIndex(response.configuration) }
        }
        Ok(Status::StillAVoter) => MemberRefusal::Unclear(member),
        Ok(Status::NoVoters) => MemberRefusal::NoVoters,
    };
    Err(refusal.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(id: u64) -> NewMember {
        NewMember { id: MemberId(id), peer_urls: vec![format!("http://{id}")], is_learner: id > 1 }
    }

    #[test]
    fn changes_come_back() {
        let changes = [
            MemberChange::Add(new(1)),
            MemberChange::Add(new(2)),
            MemberChange::Promote(MemberId(3)),
            MemberChange::Remove(MemberId(4)),
            MemberChange::Update {
                member: MemberId(5),
                peer_urls: vec!["http://a".into(), "http://b".into()],
            },
            MemberChange::Replace(Replacement {
                expected: LogIndex(7),
                add: vec![new(8), new(9)],
                voters: [MemberId(1), MemberId(2)].into(),
                remove: [MemberId(3)].into(),
            }),
        ];
        for change in changes {
            let request = change_to_wire(peer::Header::default(), &change);
            assert_eq!(change_from_wire(request), Ok(change));
        }
        assert!(change_from_wire(peer::ChangeMembersRequest::default()).is_err());
    }

    #[test]
    fn refusals_come_back() {
        let member = MemberId(6);
        for refusal in [
            MemberRefusal::NotFound(member),
            MemberRefusal::Removed(member),
            MemberRefusal::Exists(member),
            MemberRefusal::PeerUrlExists,
            MemberRefusal::TooManyLearners,
            MemberRefusal::NotALearner(member),
            MemberRefusal::LearnerNotReady(member),
            MemberRefusal::NotEnoughStarted,
            MemberRefusal::Unhealthy,
            MemberRefusal::OtherConfiguration { present: LogIndex(9) },
            MemberRefusal::Unclear(member),
            MemberRefusal::NoVoters,
        ] {
            let back = outcome_from_wire(outcome_to_wire(Err(refusal.into())));
            assert!(matches!(back, Err(ChangeError::Refused(found)) if found == refusal), "{refusal}");
        }
        let done = outcome_from_wire(outcome_to_wire(Ok(Made::Done(LogIndex(3)))));
        assert!(matches!(done, Ok(Made::Done(LogIndex(3)))));
    }
}
