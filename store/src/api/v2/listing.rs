//! Bodies of answers to reads: a file or a small directory at once, a large directory in steps, each read and written
//! when the client has taken the one before. What is in memory of a listing is one step, however much there is.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;
use holdfast_core::v2::{V2Get, V2Path, V2Walk};

use super::error::KeyError;
use super::json::TreeWriter;
use crate::api::calls::offload;
use crate::api::error::Status;
use crate::limits::{RANGE_INLINE_KEYS_MAX, V2_LIST_STEP_BYTES};
use crate::node::{NodeError, unix_nanos};

/// A listing under way.
struct Listing {
    view: Arc<ReadView>,
    walk: V2Walk,
    /// None once the end was written.
    writer: Option<TreeWriter>,
}

/// The body of the answer to a read.
pub(super) async fn read(view: Arc<ReadView>, path: V2Path, get: V2Get) -> Result<Body, KeyError> {
    let mut json = String::new();
    let prefers_file = !(get.is_directory || get.is_recursive);
    if prefers_file && let Some(file) = view.v2_file(&path).map_err(NodeError::from)? {
        TreeWriter::begin(&mut json, file, unix_nanos()).end(&mut json);
        return Ok(json.into());
    }
    let (node, walk) = view.v2_begin(&path, get)?;
    let writer = TreeWriter::begin(&mut json, node, unix_nanos());
    let Some(walk) = walk else {
        writer.end(&mut json);
        return Ok(json.into());
    };
    let range = KeyRange::prefix(&path.directory_key());
    let is_small = view.count(&range, None).is_ok_and(|keys| keys <= RANGE_INLINE_KEYS_MAX);
    let mut listing = Listing { view, walk, writer: Some(writer) };
    if is_small {
        while listing.writer.is_some() {
            listing.step(&mut json)?;
        }
        return Ok(json.into());
    }
    Ok(Body::from_stream(stream::try_unfold((listing, json), async |(mut listing, mut json)| {
        if listing.writer.is_none() {
            return Ok(None);
        }
        let (listing, json) = offload::run(move || {
            listing.step(&mut json)?;
            Ok::<_, NodeError>((listing, json))
        })
        .await??;
        Ok::<_, Status>(Some((Bytes::from(json), (listing, String::new()))))
    })))
}

impl Listing {
    /// Writes the next nodes, and the end behind the last.
    fn step(&mut self, json: &mut String) -> Result<(), NodeError> {
        let nodes = self.view.v2_walk(&mut self.walk, V2_LIST_STEP_BYTES)?;
        if let Some(writer) = &mut self.writer {
            nodes.into_iter().for_each(|node| writer.add(json, node));
        }
        if self.walk.is_over()
            && let Some(writer) = self.writer.take()
        {
            writer.end(json);
        }
        Ok(())
    }
}
