//! Waiting for a state by looking again and again, with what was last seen in the failure. Does not know what is
//! looked at.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::failure::{Failure, Outcome};
use crate::limits;

/// How many times as long as on an idle machine everything that is waited for may take.
static PATIENCE: OnceLock<u32> = OnceLock::new();

/// Sets how many times as long as on an idle machine everything may take. What is promised in numbers stays as it is.
pub fn set_patience(times: u32) {
    PATIENCE.get_or_init(|| times);
}

/// What one look found.
pub enum Look<Value> {
    /// It is there.
    There(Value),
    /// It is not there yet; this is there instead.
    NotYet(String),
}

impl Look<()> {
    /// There if a condition holds, and else what was seen.
    pub fn when(holds: bool, seen: impl Into<String>) -> Self {
        if holds { Self::There(()) } else { Self::NotYet(seen.into()) }
    }
}

/// Looks until it is there. An error of a look counts as not yet there: the API server may be what is being disturbed.
///
/// # Errors
/// [`Failure::Late`] with what was seen last.
pub async fn wait_until<Value>(
    what: &str,
    limit: Duration,
    mut look: impl AsyncFnMut() -> Outcome<Look<Value>>,
) -> Outcome<Value> {
    let begun = Instant::now();
    let limit = limit * PATIENCE.get().copied().unwrap_or(1);
    loop {
        let seen = match look().await {
            Ok(Look::There(value)) => return Ok(value),
            Ok(Look::NotYet(seen)) => seen,
            Err(failure) => failure.to_string(),
        };
        if begun.elapsed() >= limit {
            return Err(Failure::Late { what: what.to_owned(), limit, seen });
        }
        sleep(limits::POLL).await;
    }
}

/// Looks for a while and fails as soon as something is not as it should stay.
///
/// # Errors
/// The look's own failure.
pub async fn stays(duration: Duration, mut look: impl AsyncFnMut() -> Outcome) -> Outcome {
    let begun = Instant::now();
    while begun.elapsed() < duration {
        look().await?;
        sleep(limits::POLL).await;
    }
    Ok(())
}
