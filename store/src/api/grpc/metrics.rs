//! Counters of calls and messages by method, plain atomics that cost nothing to touch. How they are named on
//! `/metrics` is decided where they are printed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use holdfast_consensus::histogram::{DurationCounts, DurationHistogram};

use super::method::Method;
use crate::api::error::Code;

/// gRPC's codes are 0..=16.
const CODES: usize = 17;

/// Bounds of how long calls take, in milliseconds: those of Prometheus' Go library.
const DURATION_BOUNDS_MS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

#[derive(Default)]
struct MethodCounters {
    started: AtomicU64,
    messages_received: AtomicU64,
    messages_sent: AtomicU64,
    handled: [AtomicU64; CODES],
}

/// Counts of one method at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MethodCounts {
    /// The method.
    pub method: Method,
    /// Calls begun.
    pub started: u64,
    /// Messages that clients sent.
    pub messages_received: u64,
    /// Messages sent to clients.
    pub messages_sent: u64,
    /// Calls ended, by the number of their code.
    pub handled: [u64; CODES],
}

/// The counters of all methods of one server.
pub struct GrpcMetrics {
    methods: Box<[MethodCounters]>,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    /// How long calls took by method, once that is measured.
    durations: OnceLock<Box<[DurationHistogram]>>,
}

impl Default for GrpcMetrics {
    fn default() -> GrpcMetrics {
        GrpcMetrics {
            methods: Method::ALL.iter().map(|_| MethodCounters::default()).collect(),
            received_bytes: AtomicU64::new(0),
            sent_bytes: AtomicU64::new(0),
            durations: OnceLock::new(),
        }
    }
}

impl GrpcMetrics {
    /// The counts of every method, in the order of `Method::ALL`; also of those never called.
    pub fn methods(&self) -> impl Iterator<Item = MethodCounts> + '_ {
        Method::ALL.iter().zip(&self.methods).map(|(method, counters)| MethodCounts {
            method: *method,
            started: counters.started.load(Ordering::Relaxed),
            messages_received: counters.messages_received.load(Ordering::Relaxed),
            messages_sent: counters.messages_sent.load(Ordering::Relaxed),
            handled: std::array::from_fn(|code| counters.handled[code].load(Ordering::Relaxed)),
        })
    }

    /// Bytes of messages received from clients, without their frames.
    pub fn received_bytes(&self) -> u64 {
        self.received_bytes.load(Ordering::Relaxed)
    }

    /// Bytes of messages sent to clients, without their frames.
    pub fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::Relaxed)
    }

    /// Measures from now on how long calls take.
    pub fn measure_durations(&self) {
        self.durations.get_or_init(|| {
            let bounds = || DURATION_BOUNDS_MS.into_iter().map(Duration::from_millis);
            Method::ALL.iter().map(|_| DurationHistogram::new(bounds())).collect()
        });
    }

    /// How long calls took, by method; nothing when that is not measured.
    pub fn durations(&self) -> impl Iterator<Item = (Method, DurationCounts)> + '_ {
        let durations = self.durations.get().into_iter().flatten();
        Method::ALL.iter().copied().zip(durations.map(DurationHistogram::read))
    }

    /// Begins a call. It ends when the value is dropped; with `Cancelled` unless an outcome was told.
    pub(in crate::api) fn start(self: &Arc<Self>, method: Method) -> CallCounter {
        let started = self.durations.get().map(|_| Instant::now());
        let counter = CallCounter { metrics: self.clone(), method, code: Code::Cancelled, started };
        counter.counters().started.fetch_add(1, Ordering::Relaxed);
        counter
    }
}

/// One call under way.
pub(in crate::api) struct CallCounter {
    metrics: Arc<GrpcMetrics>,
    method: Method,
    code: Code,
    /// Only known when durations are measured.
    started: Option<Instant>,
}

impl CallCounter {
    fn counters(&self) -> &MethodCounters {
        &self.metrics.methods[self.method as usize]
    }

    /// A message of `size_bytes` came in.
    pub(in crate::api) fn received(&self, size_bytes: usize) {
        self.counters().messages_received.fetch_add(1, Ordering::Relaxed);
        self.metrics.received_bytes.fetch_add(size_bytes as u64, Ordering::Relaxed);
    }

    /// A message of `size_bytes` goes out.
    pub(in crate::api) fn sent(&self, size_bytes: usize) {
        self.counters().messages_sent.fetch_add(1, Ordering::Relaxed);
        self.metrics.sent_bytes.fetch_add(size_bytes as u64, Ordering::Relaxed);
    }

    /// Sets the outcome to count when the call ends.
    pub(in crate::api) fn outcome(&mut self, code: Code) {
        self.code = code;
    }
}

impl Drop for CallCounter {
    fn drop(&mut self) {
        self.counters().handled[self.code as usize].fetch_add(1, Ordering::Relaxed);
        if let (Some(started), Some(durations)) = (self.started, self.metrics.durations.get()) {
            durations[self.method as usize].record(started.elapsed());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_counted_once_and_as_cancelled_when_nothing_else_was_said() {
        let metrics = Arc::new(GrpcMetrics::default());
        let mut call = metrics.start(Method::Put);
        call.received(10);
        call.sent(4);
        call.outcome(Code::Ok);
        drop(call);
        drop(metrics.start(Method::Put));
        let put = metrics.methods().find(|counts| counts.method == Method::Put).unwrap();
        assert_eq!((put.started, put.messages_received, put.messages_sent), (2, 1, 1));
        assert_eq!((put.handled[0], put.handled[1], put.handled.iter().sum::<u64>()), (1, 1, 2));
        assert_eq!((metrics.received_bytes(), metrics.sent_bytes()), (10, 4));
    }

    #[test]
    fn durations_are_measured_when_asked_for() {
        let metrics = Arc::new(GrpcMetrics::default());
        drop(metrics.start(Method::Put));
        assert_eq!(metrics.durations().count(), 0);
        metrics.measure_durations();
        drop(metrics.start(Method::Put));
        let (_, put) = metrics.durations().find(|(method, _)| *method == Method::Put).unwrap();
        assert_eq!((put.count, put.buckets.len()), (1, DURATION_BOUNDS_MS.len()));
        assert!(metrics.durations().all(|(method, counts)| method == Method::Put || counts.count == 0));
    }
}
