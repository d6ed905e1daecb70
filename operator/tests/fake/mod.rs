//! A small part of an API server in memory: objects by their path, with UIDs and resource versions, conflicts, server-side
//! apply where one manager owns everything, and lists. Enough for what touches Secrets; it decides nothing.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use k8s_openapi::api::core::v1::Secret;
use kube::client::Body;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// The namespace of everything.
pub const NAMESPACE: &str = "ns";

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Value>,
    version: u64,
    writes: Vec<String>,
}

/// See the module.
#[derive(Default)]
pub struct FakeApi {
    state: Mutex<State>,
}

fn secret_path(name: &str) -> String {
    format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}")
}

impl FakeApi {
    /// A client of it.
    pub fn client(self: &Arc<Self>) -> kube::Client {
        let api = Arc::clone(self);
        let service = tower::service_fn(move |request: Request<Body>| {
            let api = Arc::clone(&api);
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let (status, answer) = api.answer(&head.method, head.uri.path(), &body);
                let answer = Response::builder()
                    .status(status)
                    .header("content-type", "application/json")
                    .body(Full::<Bytes>::from(answer.to_string()))
                    .unwrap();
                Ok::<_, Infallible>(answer)
            }
        });
        kube::Client::new(service, NAMESPACE)
    }

    /// A Secret, if it is there.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        let object = self.state.lock().objects.get(&secret_path(name)).cloned()?;
        Some(serde_json::from_value(object).unwrap())
    }

    /// A text in a Secret.
    pub fn text(&self, name: &str, key: &str) -> Option<String> {
        let secret = self.secret(name)?;
        Some(String::from_utf8(secret.data?.get(key)?.0.clone()).unwrap())
    }

    /// Somebody writes a text into a Secret by hand.
    pub fn set_text(&self, name: &str, key: &str, text: &str) {
        let path = secret_path(name);
        let mut object = self.state.lock().objects.get(&path).cloned().unwrap_or_else(|| json!({}));
        let encoded = k8s_openapi::ByteString(text.as_bytes().to_vec());
        object["data"][key] = serde_json::to_value(encoded).unwrap();
        self.store(&path, name, object);
    }

    /// Somebody deletes a Secret.
    pub fn delete_secret(&self, name: &str) {
        self.state.lock().objects.remove(&secret_path(name));
    }

    /// The paths that were written to since this was last asked.
    pub fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().writes)
    }

    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> (StatusCode, Value) {
        let sent: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let (folder, name) = path.rsplit_once('/').unwrap();
        let found = self.state.lock().objects.get(path).cloned();
        match (method, found) {
            (&Method::GET, Some(object)) => (StatusCode::OK, object),
            (&Method::GET, None) if name.ends_with('s') && folder.ends_with(NAMESPACE) => {
                (StatusCode::OK, json!({ "metadata": {}, "items": self.items(path) }))
            }
            (&Method::GET, None) => refused(StatusCode::NOT_FOUND),
            (&Method::POST, _) => {
                let name = sent["metadata"]["name"].as_str().unwrap().to_owned();
                let path = format!("{path}/{name}");
                if self.state.lock().objects.contains_key(&path) {
                    return refused(StatusCode::CONFLICT);
                }
                (StatusCode::CREATED, self.write(&path, &name, sent))
            }
            (&Method::PUT, Some(object)) => {
                if sent["metadata"]["resourceVersion"] != object["metadata"]["resourceVersion"] {
                    return refused(StatusCode::CONFLICT);
                }
                (StatusCode::OK, self.write(path, name, sent))
            }
            (&Method::PATCH, _) => (StatusCode::OK, self.write(path, name, sent)),
            _ => refused(StatusCode::METHOD_NOT_ALLOWED),
        }
    }

    fn items(&self, path: &str) -> Vec<Value> {
        let state = self.state.lock();
        let below = state.objects.range(format!("{path}/")..);
        below.take_while(|(key, _)| key.starts_with(path)).map(|(_, object)| object.clone()).collect()
    }

    fn write(&self, path: &str, name: &str, object: Value) -> Value {
        self.state.lock().writes.push(path.to_owned());
        self.store(path, name, object)
    }

    /// Keeps an object; its version changes only if something else does.
    fn store(&self, path: &str, name: &str, mut object: Value) -> Value {
        let mut state = self.state.lock();
        let before = state.objects.get(path).cloned().unwrap_or(Value::Null);
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(name);
        metadata["namespace"] = json!(NAMESPACE);
        let next = state.version + 1;
        metadata["uid"] = match &before["metadata"]["uid"] {
            Value::Null => json!(format!("uid-{next}")),
            uid => uid.clone(),
        };
        metadata["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
        if object != before {
            state.version = next;
            object["metadata"]["resourceVersion"] = json!(next.to_string());
            state.objects.insert(path.to_owned(), object.clone());
        }
        object
    }
}

fn refused(status: StatusCode) -> (StatusCode, Value) {
    let body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": status.to_string(),
        "reason": status.canonical_reason().unwrap_or_default().replace(' ', ""),
        "code": status.as_u16(),
    });
    (status, body)
}
