//! Metrics of calls, with the names and labels of go-grpc-prometheus. Every method and code is there from the start, so
//! that rates can be taken of what has not happened yet.

use super::exposition::Exposition;
use crate::api::grpc::{GrpcMetrics, Method};

/// The codes by number, in the words of grpc-go.
const CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

/// Adds them.
pub(super) fn add(exposition: &mut Exposition, metrics: &GrpcMetrics) {
    exposition.counter(
        "etcd_network_client_grpc_received_bytes_total",
        "Bytes of messages from clients.",
        metrics.received_bytes(),
    );
    exposition.counter(
        "etcd_network_client_grpc_sent_bytes_total",
        "Bytes of messages to clients.",
        metrics.sent_bytes(),
    );
    exposition.counters("grpc_server_started_total", "Calls begun.", |family| {
        for counts in metrics.methods() {
            family.counter(&labels(counts.method), counts.started as f64);
        }
    });
    exposition.counters("grpc_server_msg_received_total", "Messages from clients.", |family| {
        for counts in metrics.methods() {
            family.counter(&labels(counts.method), counts.messages_received as f64);
        }
    });
    exposition.counters("grpc_server_msg_sent_total", "Messages to clients.", |family| {
        for counts in metrics.methods() {
            family.counter(&labels(counts.method), counts.messages_sent as f64);
        }
    });
    exposition.counters("grpc_server_handled_total", "Calls ended, by code.", |family| {
        for counts in metrics.methods() {
            let [method, service, kind] = labels(counts.method);
            for (code, count) in CODES.into_iter().zip(counts.handled) {
                family.counter(&[("grpc_code", code), method, service, kind], count as f64);
            }
        }
    });
    exposition.histograms("grpc_server_handling_seconds", "How long calls took.", |family| {
        for (method, counts) in metrics.durations() {
            family.histogram(&labels(method), &counts);
        }
    });
}

fn labels(method: Method) -> [(&'static str, &'static str); 3] {
    [("grpc_method", method.name()), ("grpc_service", method.service()), ("grpc_type", method.kind().label())]
}
