//! A request body as a row of JSON documents, read one by one as they arrive. Work is linear in what was received,
//! however small the pieces are.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use prost::Message;
use serde::de::DeserializeOwned;

use super::json;
use crate::api::error::{Code, Status};

/// The documents of one body.
pub(super) struct Documents {
    body: Body,
    received: BytesMut,
    scan: Scan,
    document_bytes_max: usize,
}

/// Looks for the end of a document by counting brackets outside of strings.
#[derive(Default)]
struct Scan {
    position: usize,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Documents {
    /// Reads from `body`; a document above `document_bytes_max` is refused.
    pub(super) fn new(body: Body, document_bytes_max: usize) -> Documents {
        Documents { body, received: BytesMut::new(), scan: Scan::default(), document_bytes_max }
    }

    /// The next document; `None` when the client sends no more.
    ///
    /// # Errors
    /// When it cannot be read or the connection is lost. Nothing can be read after that.
    pub(super) async fn next<Q>(&mut self) -> Result<Option<Q>, Status>
    where
        Q: Message + DeserializeOwned + Default,
    {
        loop {
            if let Some(end) = self.scan.find_end(&self.received) {
                let document = self.received.split_to(end);
                self.scan = Scan::default();
                return json::decode(&document).map(Some);
            }
            if self.received.len() > self.document_bytes_max {
                let text =
                    format!("holdfast: a JSON document is larger than {} bytes", self.document_bytes_max);
                return Err(Status::new(Code::ResourceExhausted, text));
            }
            match self.more().await? {
                Some(piece) => self.received.extend_from_slice(&piece),
                None if self.received.trim_ascii().is_empty() => return Ok(None),
                None => return json::decode(&self.received.split()).map(Some),
            }
        }
    }

    async fn more(&mut self) -> Result<Option<Bytes>, Status> {
        loop {
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
                Some(Err(error)) => return Err(Status::new(Code::Cancelled, error.to_string())),
                None => return Ok(None),
            }
        }
    }
}

impl Scan {
    /// Where the first document of `received` ends, once that is known. Goes on where it stopped the last time.
    fn find_end(&mut self, received: &[u8]) -> Option<usize> {
        while let Some(byte) = received.get(self.position) {
            self.position += 1;
            if self.in_string {
                match byte {
                    _ if self.is_escaped => self.is_escaped = false,
                    b'\\' => self.is_escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' => return Some(self.position),
                b'"' => self.in_string = true,
                byte if self.depth == 0 && !byte.is_ascii_whitespace() => return Some(self.position),
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt as _, stream};
    use holdfast_proto::etcdserverpb as pb;
    use proptest::prelude::*;

    fn documents(pieces: &[&str]) -> Documents {
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece.as_bytes())))
            .collect();
        Documents::new(Body::from_stream(stream::iter(pieces)), 64)
    }

    async fn ids(pieces: &[&str]) -> (Vec<i64>, Option<Status>) {
        let mut documents = documents(pieces);
        let mut ids = Vec::new();
        loop {
            match documents.next::<pb::LeaseKeepAliveRequest>().await {
                Ok(Some(request)) => ids.push(request.id),
                Ok(None) => return (ids, None),
                Err(status) => return (ids, Some(status)),
            }
        }
    }

    #[tokio::test]
    async fn documents_are_found_however_they_are_cut() {
        assert_eq!(ids(&[r#"{"ID":7}{"ID":"8"}"#, "\n", r#" {"ID":9}"#, "\n"]).await, (vec![7, 8, 9], None));
        assert_eq!(ids(&["{", r#""I"#, r#"D":"#, "7", "}", r#"{"ID":8}"#]).await, (vec![7, 8], None));
        assert_eq!(ids(&[r#"{"x":"}\"}{","ID":7}"#, r#"{"y":[{}],"ID":8}"#]).await, (vec![7, 8], None));
        assert_eq!(ids(&["", " "]).await, (vec![], None));
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused_after_what_came_before_it() {
        let (before, status) = ids(&[r#"{"ID":7}garbage"#]).await;
        assert_eq!(before, [7]);
        assert_eq!(status.unwrap().message, "invalid character 'g' looking for beginning of value");
        assert_eq!(ids(&[r#"{"ID":"#]).await.1.unwrap().message, "unexpected EOF");
        assert_eq!(ids(&["}"]).await.1.unwrap().code, Code::InvalidArgument);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_the_same_however_they_are_cut(
            body in r#"[{}\[\]":,\\ IDx7\n]{0,60}"#,
            cuts in prop::collection::vec(0_usize..60, 0..5),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(body.len())).collect();
            cuts.extend([0, body.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|cut| &body[cut[0]..cut[1]]).collect();
            let read = |pieces: &[&str]| ids(pieces).now_or_never().expect("nothing is waited for");
            prop_assert_eq!(read(&pieces), read(&[&body]));
        }
    }

    #[tokio::test]
    async fn a_document_without_end_is_bounded() {
        let status =
            ids(&["{", "                                 ", "                                 "]).await.1;
        assert_eq!(status.unwrap().code, Code::ResourceExhausted);
    }
}
