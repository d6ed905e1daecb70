//! Range answers straight into wire bytes: what storage lends goes into the frame without becoming messages first.

use bytes::{BufMut, BytesMut};
use holdfast_core::read::{KeyValueRef, RangeSummary};
use holdfast_proto::etcdserverpb as pb;
use prost::Message;
use prost::encoding::{encode_varint, encoded_len_varint};

use super::response::wire_count;

/// Room for a header and one small key, so that a point read allocates once.
const CAPACITY_BYTES: usize = 512;

/// Tags of the messages here: field number and wire type in one byte.
mod tag {
    pub(super) const HEADER: u8 = 1 << 3 | 2;
    pub(super) const KVS: u8 = 2 << 3 | 2;
    pub(super) const MORE: u8 = 3 << 3;
    pub(super) const COUNT: u8 = 4 << 3;
    pub(super) const KEY: u8 = 1 << 3 | 2;
    pub(super) const CREATE_REVISION: u8 = 2 << 3;
    pub(super) const MOD_REVISION: u8 = 3 << 3;
    pub(super) const VERSION: u8 = 4 << 3;
    pub(super) const VALUE: u8 = 5 << 3 | 2;
    pub(super) const LEASE: u8 = 6 << 3;
}

/// An `etcdserverpb.RangeResponse` under construction, after `prefix_len` bytes for the caller to fill.
pub struct RangeWriter {
    buffer: BytesMut,
}

impl RangeWriter {
    /// Begins with the header.
    pub fn new(prefix_len: usize, header: &pb::ResponseHeader) -> RangeWriter {
        let mut buffer = BytesMut::with_capacity(CAPACITY_BYTES);
        buffer.put_bytes(0, prefix_len);
        buffer.put_u8(tag::HEADER);
        encode_varint(header.encoded_len() as u64, &mut buffer);
        header.encode_raw(&mut buffer);
        RangeWriter { buffer }
    }

    /// Adds a key.
    pub fn key_value(&mut self, kv: KeyValueRef<'_>) {
        let len = bytes_len(kv.key)
            + number_len(kv.create_revision.0)
            + number_len(kv.mod_revision.0)
            + number_len(kv.version)
            + bytes_len(kv.value)
            + number_len(kv.lease.0);
        self.buffer.reserve(1 + encoded_len_varint(len as u64) + len);
        self.buffer.put_u8(tag::KVS);
        encode_varint(len as u64, &mut self.buffer);
        self.bytes(tag::KEY, kv.key);
        self.number(tag::CREATE_REVISION, kv.create_revision.0);
        self.number(tag::MOD_REVISION, kv.mod_revision.0);
        self.number(tag::VERSION, kv.version);
        self.bytes(tag::VALUE, kv.value);
        self.number(tag::LEASE, kv.lease.0);
    }

    /// Ends with the count.
    pub fn finish(mut self, summary: RangeSummary) -> BytesMut {
        self.number(tag::MORE, i64::from(summary.more));
        self.number(tag::COUNT, wire_count(summary.count));
        self.buffer
    }

    fn number(&mut self, tag: u8, number: i64) {
        if number != 0 {
            self.buffer.put_u8(tag);
            encode_varint(number.cast_unsigned(), &mut self.buffer);
        }
    }

    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.buffer.put_u8(tag);
            encode_varint(bytes.len() as u64, &mut self.buffer);
            self.buffer.put_slice(bytes);
        }
    }
}

fn number_len(number: i64) -> usize {
    if number == 0 { 0 } else { 1 + encoded_len_varint(number.cast_unsigned()) }
}

fn bytes_len(bytes: &[u8]) -> usize {
    if bytes.is_empty() { 0 } else { 1 + encoded_len_varint(bytes.len() as u64) + bytes.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::convert::response;
    use holdfast_core::ids::{LeaseId, Revision};
    use holdfast_core::response::{KeyValue, RangeResponse};

    #[test]
    fn the_bytes_are_those_of_the_message() {
        let of = |key: &'static str, value: Vec<u8>, numbers: [i64; 4]| KeyValue {
            key: key.into(),
            value: value.into(),
            create_revision: Revision(numbers[0]),
            mod_revision: Revision(numbers[1]),
            version: numbers[2],
            lease: LeaseId(numbers[3]),
        };
        let kvs = vec![
            of("a", b"b".to_vec(), [2, 3, 2, 0]),
            of("", vec![], [0, 0, 0, 0]),
            of("k", vec![7; 100_000], [i64::MAX, i64::MIN, -1, i64::MAX]),
        ];
        let header = pb::ResponseHeader { cluster_id: u64::MAX, member_id: 1, revision: 300, raft_term: 2 };
        for (kvs, more, count) in [(vec![], false, 0), (kvs.clone(), true, 3), (kvs, false, 1 << 40)] {
            let mut writer = RangeWriter::new(5, &header);
            for kv in &kvs {
                writer.key_value(KeyValueRef {
                    key: &kv.key,
                    value: &kv.value,
                    create_revision: kv.create_revision,
                    mod_revision: kv.mod_revision,
                    version: kv.version,
                    lease: kv.lease,
                });
            }
            let written = writer.finish(RangeSummary { more, count });
            let message = response::range(header, RangeResponse { kvs, more, count });
            assert_eq!(written[..5], [0; 5]);
            assert_eq!(written[5..], message.encode_to_vec());
        }
    }
}
