//! The bytes of a request: a header block without state, and a message of etcd's API with its gRPC prefix. Must not
//! know of streams.

use crate::limits::{KEY_BYTES, PUT_KEYS, RANGE_KEY, VALUE_BYTES};
use crate::row::Operation;

/// What all requests of a row share.
#[derive(Debug)]
pub struct Template {
    /// The encoded headers.
    pub headers: Vec<u8>,
    message: Vec<u8>,
    /// Where the key of a put stands in the message; reads have one key.
    key_at: Option<usize>,
}

/// An odd number near 2^64 divided by the golden ratio: its multiples are spread evenly.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Template {
    /// The requests of an operation at an endpoint, with a token where users are in force.
    #[must_use]
    pub fn new(operation: Operation, endpoint: &str, token: Option<&str>) -> Self {
        let (scheme, authority) = endpoint.split_once("://").unwrap_or(("http", endpoint));
        let key_len = usize::try_from(KEY_BYTES).expect("a key fits into memory");
        let value_len = usize::try_from(VALUE_BYTES).expect("a value fits into memory");
        let mut body = Vec::new();
        let (path, key_at) = match operation {
            Operation::Put => {
                push_field(&mut body, 1, &vec![0; key_len]);
                let key_at = body.len() - key_len;
                push_field(&mut body, 2, &vec![b'v'; value_len]);
                ("/etcdserverpb.KV/Put", Some(key_at))
            }
            Operation::RangeLinearizable | Operation::RangeSerializable => {
                push_field(&mut body, 1, RANGE_KEY.as_bytes());
                if operation == Operation::RangeSerializable {
                    body.extend_from_slice(&[7 << 3, 1]);
                }
                ("/etcdserverpb.KV/Range", None)
            }
            Operation::V2Get | Operation::V2List | Operation::V2Put => {
                unreachable!("rows of the v2 API have clients of their own")
            }
        };
        let len = u32::try_from(body.len()).expect("messages are small");
        let mut message = vec![0];
        message.extend_from_slice(&len.to_be_bytes());
        let prefix_len = message.len();
        message.extend_from_slice(&body);
        Self {
            headers: headers(path, scheme, authority, token),
            message,
            key_at: key_at.map(|at| at + prefix_len),
        }
    }

    /// The framed message of the request with this number.
    pub fn message(&mut self, number: u64) -> &[u8] {
        if let Some(at) = self.key_at {
            let key = number.wrapping_mul(SPREAD) % PUT_KEYS;
            self.message[at..at + 8].copy_from_slice(&key.to_be_bytes());
        }
        &self.message
    }
}

/// A length-delimited field of a message; the lengths here are below 2^14.
fn push_field(body: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    body.push(number << 3 | 2);
    let low = u8::try_from(bytes.len() & 0x7f).expect("seven bits");
    let high = u8::try_from(bytes.len() >> 7).expect("lengths are below 2^14");
    if high == 0 {
        body.push(low);
    } else {
        body.extend_from_slice(&[low | 0x80, high]);
    }
    body.extend_from_slice(bytes);
}

/// A header block in which nothing refers to earlier ones (RFC 7541): two entries of the static table, then literals
/// that are not to be remembered.
fn headers(path: &str, scheme: &str, authority: &str, token: Option<&str>) -> Vec<u8> {
    let scheme = if scheme == "https" { 0x87 } else { 0x86 };
    let mut block = vec![0x83, scheme]; // :method POST, :scheme
    block.push(0x04); // :path
    push_text(&mut block, path);
    block.push(0x01); // :authority
    push_text(&mut block, authority);
    block.extend_from_slice(&[0x0f, 0x10]); // content-type
    push_text(&mut block, "application/grpc");
    block.push(0x00);
    push_text(&mut block, "te");
    push_text(&mut block, "trailers");
    if let Some(token) = token {
        block.push(0x00);
        push_text(&mut block, "token");
        push_text(&mut block, token);
    }
    block
}

fn push_text(block: &mut Vec<u8>, text: &str) {
    block.push(u8::try_from(text.len()).ok().filter(|len| *len < 0x7f).expect("header texts are short"));
    block.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_is_encoded() {
        let mut template = Template::new(Operation::RangeSerializable, "http://a:1", None);
        assert_eq!(template.message(5), b"\0\0\0\0\x13\x0a\x0fbenchmark/range\x38\x01");
    }

    #[test]
    fn puts_have_keys_of_their_own() {
        let mut template = Template::new(Operation::Put, "http://a:1", None);
        let first = template.message(1).to_vec();
        assert_eq!(first[..7], *b"\0\0\0\x01\x0d\x0a\x08");
        assert_eq!(first[15..18], *b"\x12\x80\x02");
        assert_eq!(first.len(), 18 + 256);
        assert_ne!(first, template.message(2));
    }
}
