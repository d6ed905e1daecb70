//! One stream of appends to a peer: a message goes out, its answer comes back, then the next. Must not outlive a message
//! that was not answered: later answers would be taken for those of later messages.

use holdfast_proto::peer::peer_client::PeerClient;
use holdfast_proto::peer::{AppendRequest, AppendResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// An open stream.
pub struct AppendLane {
    requests: mpsc::Sender<AppendRequest>,
    answers: Streaming<AppendResponse>,
}

impl AppendLane {
    /// Opens a stream on a connection.
    pub async fn open(mut client: PeerClient<Channel>) -> Result<AppendLane, Status> {
        // Only one message is ever under way.
        let (requests, outgoing) = mpsc::channel(1);
        let answers = client.append(ReceiverStream::new(outgoing)).await?.into_inner();
        Ok(AppendLane { requests, answers })
    }

    /// Sends a message and waits for its answer. After an error the lane is of no use.
    pub async fn append(&mut self, message: AppendRequest) -> Result<AppendResponse, Status> {
        // A closed queue means that the stream has ended; why, it tells itself.
        let _ = self.requests.send(message).await;
        let answer = self.answers.message().await?;
        answer.ok_or_else(|| Status::unavailable("the peer has ended the stream of appends"))
    }
}
