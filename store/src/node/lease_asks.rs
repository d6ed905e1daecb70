//! Lease calls that only the leader's memory can answer, as other members ask for them. Must not be used for anything
//! that has to go through the log.

use std::pin::Pin;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use holdfast_consensus::handle::AskHandler;
use holdfast_core::ids::LeaseId;

use super::lease_clock::{LeaseClock, Renewal};

/// The call numbers on the peer wire.
pub(super) const ASK_RENEW: u32 = 1;
/// See `ASK_RENEW`.
pub(super) const ASK_REMAINING: u32 = 2;

/// Answers the asks of other members from this member's clock.
pub(super) struct LeaseAsks {
    pub(super) clock: Arc<LeaseClock>,
}

impl AskHandler for LeaseAsks {
    fn answer(&self, kind: u32, payload: Bytes) -> Pin<Box<dyn Future<Output = Option<Bytes>> + Send + '_>> {
        Box::pin(async move {
            let id = decode_id(payload)?;
            match kind {
                ASK_RENEW => match self.clock.renew_or_wait(id).await {
                    Renewal::Renewed(ttl_seconds) => Some(encode_pair(ttl_seconds, 0)),
                    Renewal::Unknown | Renewal::Expiring => Some(encode_pair(0, 0)),
                    Renewal::NotLeading => None,
                },
                ASK_REMAINING => {
                    if !self.clock.is_leading() {
                        return None;
                    }
                    let (left, granted) = self.clock.remaining(id).unwrap_or((-1, 0));
                    Some(encode_pair(left, granted))
                }
                _ => None,
            }
        })
    }
}

/// A lease id as payload.
pub(super) fn encode_id(id: LeaseId) -> Bytes {
    Bytes::copy_from_slice(&id.0.to_le_bytes())
}

fn decode_id(mut payload: Bytes) -> Option<LeaseId> {
    (payload.len() == 8).then(|| LeaseId(payload.get_i64_le()))
}

fn encode_pair(first: i64, second: i64) -> Bytes {
    let mut answer = BytesMut::with_capacity(16);
    answer.put_i64_le(first);
    answer.put_i64_le(second);
    answer.freeze()
}

/// Reads the answer of either ask; `None` when its length is wrong.
pub(super) fn decode_pair(mut answer: Bytes) -> Option<(i64, i64)> {
    (answer.len() == 16).then(|| (answer.get_i64_le(), answer.get_i64_le()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_ids_survive_the_wire_and_wrong_lengths_are_refused() {
        assert_eq!(decode_pair(encode_pair(-1, 60)), Some((-1, 60)));
        assert_eq!(decode_id(encode_id(LeaseId(i64::MIN))), Some(LeaseId(i64::MIN)));
        assert_eq!(decode_id(Bytes::from_static(b"123")), None);
        assert_eq!(decode_pair(Bytes::from_static(b"123")), None);
    }
}
