//! Questions to the leader's memory, from any member. Must not know what is asked.

use bytes::Bytes;
use holdfast_proto::peer;

use crate::handle::ProposeError;
use crate::member::Member;
use crate::peers::book::Purpose;

impl Member {
    /// Asks the leader, which may be this member, and waits for one to be there.
    pub async fn ask_leader(&self, kind: u32, payload: Bytes) -> Result<Bytes, ProposeError> {
        let asking = async {
            loop {
                if let Some(answer) = self.try_ask(kind, payload.clone()).await {
                    return answer;
                }
                if self.failure.has_failed() {
                    return Err(ProposeError::Stopped);
                }
                self.leadership_moved().await;
            }
        };
        match tokio::time::timeout(self.request_timeout(), asking).await {
            Ok(answer) => answer,
            Err(_) if self.leadership.leader().is_none() => Err(ProposeError::NoLeader),
            Err(_) => Err(ProposeError::Timeout),
        }
    }

    /// One attempt; `None` when nobody answered as a leader.
    async fn try_ask(&self, kind: u32, payload: Bytes) -> Option<Result<Bytes, ProposeError>> {
        let leader = self.leadership.leader()?;
        if leader == self.id {
            let handler = self.asks.read().clone()?;
            return handler.answer(kind, payload).await.map(Ok);
        }
        let node = self.leadership.node(leader)?;
        let mut client = self.book.client(leader, &node, Purpose::Forward).ok()?;
        let request = peer::AskRequest { header: Some(self.book.header(leader)), kind, payload };
        let limit = self.election_timeout.max(std::time::Duration::from_secs(1));
        let response = tokio::time::timeout(limit, client.ask(request)).await.ok()?.ok()?.into_inner();
        response.answered.then_some(Ok(response.payload))
    }
}
