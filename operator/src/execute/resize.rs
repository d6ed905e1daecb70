//! New resources for a pod while it runs. Whether that is wanted was decided; whether Kubernetes can do it, it says here,
//! and its no is noted on the pod, so that the next plan restarts the pod instead.

use holdfast_plan::Ordinal;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch};
use serde_json::{Value, json};

use super::kubernetes::{as_manager, check_pod, namespaced};
use super::{ExecuteError, Subject};
use crate::resources::labels;

pub(super) async fn resize_pod(
    subject: Subject<'_>,
    ordinal: Ordinal,
    pod_uid: &str,
) -> Result<(), ExecuteError> {
    check_pod(subject, ordinal, pod_uid).await?;
    let api: Api<Pod> = namespaced(subject);
    let name = subject.validated.names.pod(ordinal);
    let template = &subject.validated.template;
    let mut resources = template.resources().as_object().cloned().unwrap_or_default();
    // Also what is not there any more is taken away.
    resources.insert("$patch".to_owned(), json!("replace"));
    let patch = json!({
        "metadata": { "uid": pod_uid },
        "spec": { "containers": [{ "name": "holdfast", "resources": resources }] },
    });
    let resized = api.patch_subresource("resize", &name, &as_manager(), &Patch::Strategic(&patch)).await;
    let outcome = match resized {
        Ok(_) => labels::TEMPLATE_HASH,
        // A quality of service would change, a limit would go, or this Kubernetes cannot do it at all.
        Err(kube::Error::Api(status)) if (400..500).contains(&status.code) && !is_passing(status.code) => {
            tracing::info!(pod = name, answer = status.message, "resources cannot be changed in place");
            labels::RESIZE_REFUSED
        }
        Err(cause) => return Err(ExecuteError::kubernetes("resize a pod")(cause)),
    };
    note(&api, &name, pod_uid, outcome, &template.hash).await
}

/// Whether the same request may be answered otherwise in a while: a conflict, or too many requests.
fn is_passing(code: u16) -> bool {
    matches!(code, 409 | 429)
}

async fn note(
    api: &Api<Pod>,
    name: &str,
    pod_uid: &str,
    annotation: &str,
    hash: &str,
) -> Result<(), ExecuteError> {
    let annotations: Value = json!({ (annotation): hash });
    let patch = json!({ "metadata": { "uid": pod_uid, "annotations": annotations } });
    let noted = api.patch(name, &as_manager(), &Patch::Merge(&patch)).await;
    noted.map(|_| ()).map_err(ExecuteError::kubernetes("note on a pod which template it has"))
}
