//! The calls that the operator makes, with their requests and answers as types. The names of fields are the store's; what
//! an answer leaves out is its default. Decides nothing.

use serde::{Deserialize, Serialize};

use super::connection::Shown;
use super::error::StoreError;
use super::member::MemberClient;
use super::number;

/// Who a member is (`holdfast.v1.StateResponse`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct State {
    /// It has no data, and waits.
    pub is_blank: bool,
    /// The cluster that it belongs to, or waits for.
    #[serde(with = "number")]
    pub cluster_id: u64,
    /// Its id; 0 while it is blank.
    #[serde(with = "number")]
    pub member_id: u64,
    /// Its name.
    pub name: String,
}

/// Whether a member votes (`holdfast.v1.MemberRole`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum MemberRole {
    /// It does.
    #[default]
    #[serde(rename = "VOTER")]
    Voter,
    /// It does not.
    #[serde(rename = "LEARNER")]
    Learner,
    /// It will as soon as it has caught up.
    #[serde(rename = "JOINING")]
    Joining,
}

/// A member of the configuration (`holdfast.v1.ConfigurationMember`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ConfigurationMember {
    /// Its id.
    #[serde(with = "number")]
    pub id: u64,
    /// Its name, empty until it has run.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Whether it votes.
    pub role: MemberRole,
    /// It has run at least once.
    pub has_started: bool,
    /// It answers the leader.
    pub is_active: bool,
    /// It votes and keeps up, or could vote.
    pub is_in_sync: bool,
}

/// The membership (`holdfast.v1.MembershipResponse`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MembershipAnswer {
    /// Who answered, and how far it is.
    pub header: Header,
    /// The leader, 0 for none.
    #[serde(with = "number")]
    pub leader: u64,
    /// The configuration's number.
    #[serde(with = "number")]
    pub configuration: u64,
    /// A change is under way.
    pub is_changing: bool,
    /// All members.
    pub members: Vec<ConfigurationMember>,
}

/// Who answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Header {
    /// Its cluster.
    #[serde(with = "number")]
    pub cluster_id: u64,
    /// Its id.
    #[serde(with = "number")]
    pub member_id: u64,
    /// The revision that it has.
    #[serde(with = "number")]
    pub revision: u64,
    /// The term that it knows.
    #[serde(with = "number")]
    pub raft_term: u64,
}

/// A member to take in (`holdfast.v1.AddedMember`), as a learner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddedMember {
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
}

/// A change of the configuration (`holdfast.v1.ChangeMembershipRequest`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChangeMembership {
    /// The configuration that it begins from.
    #[serde(with = "number")]
    pub expected_configuration: u64,
    /// Members to take in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<AddedMember>,
    /// All voters afterwards; empty leaves those that are not removed.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "number::list::serialize")]
    pub voters: Vec<u64>,
    /// Members to remove for good.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "number::list::serialize")]
    pub remove: Vec<u64>,
}

/// How a member fares (`etcdserverpb.StatusResponse`, as far as it is looked at).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct MemberStatus {
    /// Who answered.
    pub header: Header,
    /// Size of its data on disk in bytes.
    #[serde(rename = "dbSize", with = "number")]
    pub data_size_bytes: u64,
    /// Index of the last entry that it has applied.
    #[serde(rename = "raftAppliedIndex", with = "number")]
    pub applied_index: u64,
    /// What is wrong with it, in its words.
    pub errors: Vec<String>,
}

/// The versions that a member tells of itself (`/version`), as far as they are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Versions {
    /// Holdfast's own; the others are those of the etcd that it speaks like.
    pub holdfast: String,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Deserialize)]
struct Ignored {}

impl MemberClient {
    /// Who the member is, and which certificate it shows.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn state(&self) -> Result<(State, Shown), StoreError> {
        self.post_seeing("/holdfast/v1/state", &Empty {}).await
    }

    /// The membership that holds now.
    ///
    /// # Errors
    /// See [`StoreError`]; without a leader nobody knows.
    pub async fn membership(&self) -> Result<MembershipAnswer, StoreError> {
        self.post("/holdfast/v1/membership", &Empty {}).await
    }

    /// The newest membership that the member has heard of, which may be an old one: it names no leader.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn known_membership(&self) -> Result<MembershipAnswer, StoreError> {
        let request = serde_json::json!({ "serializable": true });
        let answer: MembershipAnswer = self.post("/holdfast/v1/membership", &request).await?;
        Ok(MembershipAnswer { leader: 0, ..answer })
    }

    /// Changes the membership.
    ///
    /// # Errors
    /// See [`StoreError`]; a refusal when another configuration holds by now.
    pub async fn change_membership(&self, change: &ChangeMembership) -> Result<MembershipAnswer, StoreError> {
        self.post("/holdfast/v1/membership/change", change).await
    }

    /// Makes a blank member the first of the cluster that it waits for.
    ///
    /// # Errors
    /// See [`StoreError`]; a refusal when it is not blank, or waits for another cluster.
    pub async fn initialize(&self, cluster_id: u64) -> Result<State, StoreError> {
        let request = serde_json::json!({ "cluster_id": cluster_id.to_string() });
        self.post("/holdfast/v1/initialize", &request).await
    }

    /// How the member fares.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn status(&self) -> Result<MemberStatus, StoreError> {
        self.post("/v3/maintenance/status", &Empty {}).await
    }

    /// Which version it is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn versions(&self) -> Result<Versions, StoreError> {
        self.get("/version").await.map(|(versions, _)| versions)
    }

    /// Hands leadership on. Only the leader takes this.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn move_leader(&self, to: u64) -> Result<(), StoreError> {
        let request = serde_json::json!({ "targetID": to.to_string() });
        self.post::<Ignored>("/v3/maintenance/transfer-leadership", &request).await.map(|_| ())
    }

    /// Reads one key that nobody has, with all that a linearizable read needs: a leader with a quorum behind it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn linearizable_read(&self) -> Result<(), StoreError> {
        // The byte 0: a name that no client gives by accident.
        let request = serde_json::json!({ "key": "AA==", "count_only": true });
        match self.post::<Ignored>("/v3/kv/range", &request).await {
            Ok(_) => Ok(()),
            // Rights are looked at once the read is linearizable. Somebody has taken the operator's away, which is put right
            // only in a cluster that is known to serve.
            Err(error) if error.is_refusal_with("permission denied") => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_store_are_read() {
        let text = r#"{"header":{"cluster_id":"14841639068965178418","member_id":"5","revision":"1","raft_term":"2"},
            "leader":"5","configuration":"7","members":[{"id":"5","name":"m1","peer_urls":["http://a:1"],
            "has_started":true,"is_active":true,"is_in_sync":true},{"id":"6","role":"LEARNER"}]}"#;
        let answer: MembershipAnswer = serde_json::from_str(text).unwrap();
        assert_eq!((answer.leader, answer.configuration, answer.is_changing), (5, 7, false));
        assert_eq!(answer.header.cluster_id, 14_841_639_068_965_178_418);
        assert_eq!(answer.members[0].role, MemberRole::Voter);
        assert_eq!(answer.members[1].role, MemberRole::Learner);
        let state: State = serde_json::from_str(r#"{"is_blank":true,"cluster_id":"1","name":"m"}"#).unwrap();
        assert!(state.is_blank && state.member_id == 0);
    }

    #[test]
    fn numbers_go_out_as_text() {
        let change =
            ChangeMembership { expected_configuration: 3, voters: vec![u64::MAX], ..Default::default() };
        let text = serde_json::to_string(&change).unwrap();
        assert_eq!(text, r#"{"expected_configuration":"3","voters":["18446744073709551615"]}"#);
    }
}
