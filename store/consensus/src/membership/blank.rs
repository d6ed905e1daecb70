//! The peer service of a member that is none yet: it takes the word of a leader of the expected cluster that it is a
//! member, and answers nothing else. Must not touch a data folder.

use futures::stream::BoxStream;
use holdfast_core::ids::{ClusterId, MemberId};
use holdfast_proto::peer;
use holdfast_proto::peer::peer_server::{Peer, PeerServer};
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming};

use crate::handle::MemberIdentity;

/// What a blank member is told by others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is this member.
    Adopted(MemberIdentity),
    /// A member of another cluster than the expected one takes it for its own.
    OtherCluster(ClusterId),
}

struct BlankPeer {
    expected: ClusterId,
    peer_urls: Vec<String>,
    told: mpsc::Sender<Told>,
}

/// The routes of a blank member that is reached at `peer_urls` and belongs to cluster `expected`.
pub fn blank_routes(
    expected: ClusterId,
    peer_urls: Vec<String>,
    told: mpsc::Sender<Told>,
) -> tonic::service::Routes {
    tonic::service::Routes::new(PeerServer::new(BlankPeer { expected, peer_urls, told }))
}

fn blank<T>() -> Result<Response<T>, Status> {
    Err(Status::unavailable("this member is blank: it waits to be taken into a cluster"))
}

#[tonic::async_trait]
impl Peer for BlankPeer {
    async fn adopt(
        &self,
        request: Request<peer::AdoptRequest>,
    ) -> Result<Response<peer::AdoptResponse>, Status> {
        let request = request.into_inner();
        let header = request.header.ok_or_else(|| Status::invalid_argument("header is missing"))?;
        if !request.peer_urls.iter().any(|url| self.peer_urls.contains(url)) {
            let own = self.peer_urls.join(",");
            return Err(Status::failed_precondition(format!(
                "this member is reached at {own}: check the peer URLs"
            )));
        }
        let cluster_id = ClusterId(header.cluster_id);
        if cluster_id != self.expected {
            // A second one says nothing new.
            let _ = self.told.try_send(Told::OtherCluster(cluster_id));
            return Err(Status::failed_precondition(format!(
                "this member waits for cluster {:x}, not {:x}",
                self.expected.0, header.cluster_id
            )));
        }
        let identity = MemberIdentity { cluster_id, member_id: MemberId(header.to) };
        let _ = self.told.try_send(Told::Adopted(identity));
        Ok(Response::new(peer::AdoptResponse { member: header.to }))
    }

    type AppendStream = BoxStream<'static, Result<peer::AppendResponse, Status>>;

    async fn append(
        &self,
        _: Request<Streaming<peer::AppendRequest>>,
    ) -> Result<Response<Self::AppendStream>, Status> {
        blank()
    }

    async fn vote(&self, _: Request<peer::VoteRequest>) -> Result<Response<peer::VoteResponse>, Status> {
        blank()
    }

    async fn transfer_leader(
        &self,
        _: Request<peer::TransferLeaderRequest>,
    ) -> Result<Response<peer::TransferLeaderResponse>, Status> {
        blank()
    }

    async fn install_snapshot(
        &self,
        _: Request<Streaming<peer::SnapshotFrame>>,
    ) -> Result<Response<peer::SnapshotResponse>, Status> {
        blank()
    }

    async fn propose(
        &self,
        _: Request<peer::ProposeRequest>,
    ) -> Result<Response<peer::ProposeResponse>, Status> {
        blank()
    }

    async fn confirm(
        &self,
        _: Request<peer::ConfirmRequest>,
    ) -> Result<Response<peer::ConfirmResponse>, Status> {
        blank()
    }

    async fn read_index(
        &self,
        _: Request<peer::ReadIndexRequest>,
    ) -> Result<Response<peer::ReadIndexResponse>, Status> {
        blank()
    }

    async fn ask(&self, _: Request<peer::AskRequest>) -> Result<Response<peer::AskResponse>, Status> {
        blank()
    }

    async fn change_members(
        &self,
        _: Request<peer::ChangeMembersRequest>,
    ) -> Result<Response<peer::ChangeMembersResponse>, Status> {
        blank()
    }

    async fn standing(
        &self,
        _: Request<peer::StandingRequest>,
    ) -> Result<Response<peer::StandingResponse>, Status> {
        blank()
    }

    async fn removed(
        &self,
        _: Request<peer::RemovedRequest>,
    ) -> Result<Response<peer::RemovedResponse>, Status> {
        blank()
    }

    async fn introduce(
        &self,
        _: Request<peer::IntroduceRequest>,
    ) -> Result<Response<peer::IntroduceResponse>, Status> {
        blank()
    }
}
