//! Times of Kubernetes as ages. Must not read the clock: `now` is given, so that one look has one time.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

/// Whole seconds from `time` to `now`; 0 for what is ahead, since clocks of machines differ.
#[must_use]
pub fn seconds_since(time: &Time, now: Timestamp) -> u64 {
    u64::try_from(now.as_second() - time.0.as_second()).unwrap_or(0)
}
