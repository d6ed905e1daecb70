//! `/livez` and `/readyz`: named checks, all at once or each by its name, as etcd and Kubernetes have them. A member
//! out of space is still ready: reads and deletes go on.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use holdfast_core::response::AlarmKind;

use super::{HttpState, get_only, plain};
use crate::api::error::Status;
use crate::node::{Node, NodeError};

/// Something that can be wrong with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    DataCorruption,
    SerializableRead,
    LinearizableRead,
    NonLearner,
}

const LIVEZ: &[Check] = &[Check::SerializableRead];
const READYZ: &[Check] =
    &[Check::DataCorruption, Check::SerializableRead, Check::LinearizableRead, Check::NonLearner];

impl Check {
    fn name(self) -> &'static str {
        match self {
            Check::DataCorruption => "data_corruption",
            Check::SerializableRead => "serializable_read",
            Check::LinearizableRead => "linearizable_read",
            Check::NonLearner => "non_learner",
        }
    }

    async fn run(self, node: &Node) -> Result<(), String> {
        match self {
            Check::DataCorruption => {
                let is_corrupt = node.alarms().iter().any(|alarm| alarm.kind == AlarmKind::Corrupt);
                if is_corrupt { Err("alarm activated: CORRUPT".to_owned()) } else { Ok(()) }
            }
            Check::SerializableRead => read(node, false).await.map_err(|status| status.to_string()),
            Check::LinearizableRead => read(node, true).await.map_err(|status| status.to_string()),
            Check::NonLearner if node.status().is_learner => Err("not supported for learner".to_owned()),
            Check::NonLearner => Ok(()),
        }
    }
}

/// The routes of all checks.
pub(super) fn routes() -> Router<Arc<HttpState>> {
    let roots = [("/livez", LIVEZ), ("/readyz", READYZ)];
    roots.into_iter().fold(Router::new(), |router, (root, checks)| {
        let all =
            async move |State(state): State<Arc<HttpState>>, uri: Uri| run_all(&state, checks, &uri).await;
        let router = router.route(root, get_only(all));
        checks.iter().fold(router, |router, check| {
            let one = async move |State(state): State<Arc<HttpState>>, uri: Uri| {
                report(&state, &[*check], is_verbose(&query(&uri))).await
            };
            router.route(&format!("{root}/{}", check.name()), get_only(one))
        })
    })
}

async fn run_all(state: &HttpState, checks: &[Check], uri: &Uri) -> Response {
    let query = query(uri);
    let is_excluded =
        |check: &&Check| query.iter().any(|(name, value)| name == "exclude" && value == check.name());
    let checks: Vec<Check> = checks.iter().filter(|check| !is_excluded(check)).copied().collect();
    report(state, &checks, is_verbose(&query)).await
}

/// Runs the checks; a failure always tells the outcome of each.
async fn report(state: &HttpState, checks: &[Check], is_verbose: bool) -> Response {
    let mut lines = String::new();
    let mut has_failed = false;
    for check in checks {
        let name = check.name();
        lines += &match check.run(&state.node).await {
            Ok(()) => format!("[+]{name} ok\n"),
            Err(reason) => {
                has_failed = true;
                format!("[-]{name} failed: {reason}\n")
            }
        };
    }
    if has_failed {
        tracing::warn!(checks = lines, "a health check failed");
        return plain::text(StatusCode::SERVICE_UNAVAILABLE, lines + "\n");
    }
    plain::text(StatusCode::OK, if is_verbose { lines + "ok\n" } else { "ok\n".to_owned() })
}

fn is_verbose(query: &[(String, String)]) -> bool {
    query.iter().any(|(name, _)| name == "verbose")
}

/// The parameters of a URI; none when they cannot be read.
pub(super) fn query(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map_or_else(|_| Vec::new(), |Query(query)| query)
}

/// Reads something, so that what must work for a read is tried.
pub(super) async fn read(node: &Node, linearizable: bool) -> Result<(), Status> {
    let view = node.read(linearizable).await?;
    view.get(b"\0").map_err(NodeError::from)?;
    Ok(())
}

/// etcd's word for an alarm.
pub(super) fn alarm_name(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::NoSpace => "NOSPACE",
        AlarmKind::Corrupt => "CORRUPT",
    }
}
