//! Runs long reads off the async threads, a bounded number at a time. Must not be used for what is known to be short:
//! the way there and back costs more than a point read.

use std::sync::Arc;

use futures::future::{Either, ready};
use holdfast_core::key_range::KeyRange;
use holdfast_core::read::ReadView;
use holdfast_core::request::{RangeRequest, SortOrder, SortTarget};
use tokio::sync::Semaphore;

use crate::api::error::{Code, Status};
use crate::limits::{RANGE_INLINE_KEYS_MAX, RANGE_LARGE_CONCURRENT_MAX};

static LARGE_READS: Semaphore = Semaphore::const_new(RANGE_LARGE_CONCURRENT_MAX);

/// Runs `read` on a thread that may take its time.
pub(in crate::api) async fn run<T, F>(read: F) -> Result<T, Status>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let _permit = LARGE_READS.acquire().await.expect("the semaphore is never closed");
    tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| Status::new(Code::Internal, format!("holdfast: a read ended early: {error}")))
}

/// Reads a range: here when it is short, elsewhere when it may be long.
pub(super) fn read_range<T, F>(
    view: Arc<ReadView>,
    request: RangeRequest,
    read: F,
) -> impl Future<Output = Result<T, Status>> + Send
where
    T: Send + 'static,
    F: FnOnce(&ReadView, &RangeRequest) -> Result<T, Status> + Send + 'static,
{
    if is_short(&view, &request) {
        return Either::Left(ready(read(&view, &request)));
    }
    let long = run(move || read(&view, &request));
    Either::Right(Box::pin(async move { long.await? }))
}

fn is_short(view: &ReadView, request: &RangeRequest) -> bool {
    if matches!(request.range, KeyRange::Single(_)) || (request.count_only && request.revision.is_none()) {
        return true;
    }
    if (1..=RANGE_INLINE_KEYS_MAX).contains(&request.limit) && stops_at_limit(request) {
        return true;
    }
    view.count(&request.range, None).is_ok_and(|keys| keys <= RANGE_INLINE_KEYS_MAX)
}

/// Whether the keys behind the limit need not be read: no filter, and no order but that of the keys.
fn stops_at_limit(request: &RangeRequest) -> bool {
    let filters = [
        request.min_mod_revision,
        request.max_mod_revision,
        request.min_create_revision,
        request.max_create_revision,
    ];
    request.target == SortTarget::Key && request.order != SortOrder::Descend && filters == [0; 4]
}
