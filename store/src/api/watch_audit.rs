//! Writes watches into the audit log once their stream has said what became of them, in the order in which they were
//! asked for. Without an audit log it looks at nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use holdfast_proto::etcdserverpb as pb;
use parking_lot::Mutex;
use pb::watch_request::RequestUnion;
use prost::Message;

use super::audit;
use crate::auth::Claim;
use crate::node::Node;

/// What precedes the code in the reason of a refusal that has one.
const CODE_PREFIX: &str = "rpc error: code = ";

/// The watches of one stream. Its clones stand for the same stream.
#[derive(Clone)]
pub(super) struct WatchAudit(Option<Arc<Stream>>);

struct Stream {
    node: Arc<Node>,
    claim: Claim,
    /// Asked for and not answered yet.
    asked: Mutex<VecDeque<pb::WatchCreateRequest>>,
}

impl WatchAudit {
    /// That of a new stream.
    pub fn new(node: &Arc<Node>, claim: &Claim) -> WatchAudit {
        let stream = || Stream { node: Arc::clone(node), claim: claim.clone(), asked: Mutex::default() };
        WatchAudit(audit::is_on(node).then(stream).map(Arc::new))
    }

    /// Before the stream is given a request.
    pub fn asked(&self, request: &pb::WatchRequest) {
        if let (Some(stream), Some(RequestUnion::CreateRequest(create))) = (&self.0, &request.request_union) {
            stream.asked.lock().push_back(create.clone());
        }
    }

    /// When the stream has given an answer.
    pub fn answered(&self, answer: &Bytes) {
        let Some(stream) = &self.0 else { return };
        let mut asked = stream.asked.lock();
        if asked.is_empty() {
            return;
        }
        let answer = pb::WatchResponse::decode(answer.clone()).unwrap_or_default();
        if !answer.created {
            return;
        }
        if let Some(create) = asked.pop_front() {
            stream.write(&create, outcome(&answer));
        }
    }
}

impl Stream {
    fn write(&self, create: &pb::WatchCreateRequest, outcome: &str) {
        audit::watch(&self.node, &self.claim, create, outcome);
    }
}

/// What was asked for is written down even if nobody waited for the answer.
impl Drop for Stream {
    fn drop(&mut self) {
        for create in std::mem::take(&mut *self.asked.lock()) {
            self.write(&create, "Cancelled");
        }
    }
}

/// The outcome as the log has it for all calls; a refusal that the client is told without a code is of its request.
fn outcome(answer: &pb::WatchResponse) -> &str {
    if !answer.canceled {
        return "Ok";
    }
    let code = answer.cancel_reason.strip_prefix(CODE_PREFIX).and_then(|rest| rest.split(' ').next());
    code.unwrap_or("InvalidArgument")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_code_that_their_reason_names() {
        let refused = |reason: &str| pb::WatchResponse {
            created: true,
            canceled: true,
            cancel_reason: reason.into(),
            ..Default::default()
        };
        assert_eq!(outcome(&pb::WatchResponse { created: true, ..Default::default() }), "Ok");
        let denied = refused("rpc error: code = PermissionDenied desc = etcdserver: permission denied");
        assert_eq!(outcome(&denied), "PermissionDenied");
        assert_eq!(outcome(&refused("mvcc: watcher range is empty")), "InvalidArgument");
    }
}
