//! Metrics of TLS, under names of this server's own: etcd has none.

use super::exposition::Exposition;
use crate::tls::TlsStatus;

/// Adds them; without TLS there are none.
pub(super) fn add(exposition: &mut Exposition, status: &TlsStatus) {
    exposition.counters(
        "holdfast_tls_reload_total",
        "Changes of TLS files that were taken up or refused.",
        |family| {
            for (port, status) in status.ports() {
                for (outcome, count) in status.reloads() {
                    family.counter(&[("outcome", outcome), ("port", port)], count as f64);
                }
            }
        },
    );
    exposition.gauges(
        "holdfast_tls_reload_failing",
        "Whether the TLS files on disk cannot be used and older ones are in use.",
        |family| {
            for (port, status) in status.ports() {
                family.gauge(&[("port", port)], f64::from(u8::from(status.is_refused())));
            }
        },
    );
    exposition.gauges(
        "holdfast_tls_certificate_end_seconds",
        "When the certificates in use end, in seconds since 1970; of the CRL when the next is due.",
        |family| {
            for (port, status) in status.ports() {
                for (certificate, end) in status.ends() {
                    family.gauge(&[("certificate", certificate), ("port", port)], end as f64);
                }
            }
        },
    );
    exposition.counters("holdfast_tls_handshakes_total", "Handshakes by how they ended.", |family| {
        for (port, status) in status.ports() {
            for (outcome, count) in status.handshakes() {
                family.counter(&[("outcome", outcome), ("port", port)], count as f64);
            }
        }
    });
}
