//! `grpc.health.v1.Health`: the server as a whole, named by an empty string.

use holdfast_proto::health::HealthCheckResponse;
use holdfast_proto::health::health_check_response::ServingStatus;

use crate::api::error::{Code, Status};

/// `Check`.
pub fn check(service: &str) -> Result<HealthCheckResponse, Status> {
    if service.is_empty() {
        return Ok(HealthCheckResponse { status: ServingStatus::Serving.into() });
    }
    Err(Status::new(Code::NotFound, "unknown service"))
}

/// The first and, as long as the server runs, only message of `Watch`.
pub fn watched(service: &str) -> HealthCheckResponse {
    let status = if service.is_empty() { ServingStatus::Serving } else { ServingStatus::ServiceUnknown };
    HealthCheckResponse { status: status.into() }
}
