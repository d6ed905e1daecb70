//! The guard before all HTTP routes: which host names may be used (a page in a browser must not reach the store through
//! a name that it made point here) and which origins may call. Must not look at paths.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, HOST, ORIGIN,
};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::plain;
use crate::config::HttpSettings;
use crate::tls::TlsPeer;

const METHODS: HeaderValue = HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static("accept, content-type, authorization");
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Who may call under which name.
pub(super) struct Access {
    hosts: AllowList,
    origins: AllowList,
}

/// Some names, or any.
enum AllowList {
    Any,
    Only(Vec<String>),
}

impl AllowList {
    fn new(names: &[String]) -> AllowList {
        if names.is_empty() || names.iter().any(|name| name == "*") {
            return AllowList::Any;
        }
        AllowList::Only(names.to_vec())
    }
}

impl Access {
    /// Takes the lists from the settings; an empty one allows everything, as with etcd.
    pub(super) fn new(settings: &HttpSettings) -> Access {
        Access {
            hosts: AllowList::new(&settings.host_whitelist),
            origins: AllowList::new(&settings.cors_origins),
        }
    }

    fn allows_host(&self, host: &str) -> bool {
        match &self.hosts {
            AllowList::Any => true,
            AllowList::Only(names) => names.iter().any(|name| name.eq_ignore_ascii_case(host)),
        }
    }

    /// The origin to name in the answer; none when a browser must not let its page see it.
    fn allowed_origin(&self, request: &Request) -> Option<HeaderValue> {
        match &self.origins {
            AllowList::Any => Some(ANY),
            AllowList::Only(origins) => {
                let origin = request.headers().get(ORIGIN)?;
                origins.iter().any(|allowed| origin == allowed.as_str()).then(|| origin.clone())
            }
        }
    }
}

/// Lets a request through to its route, or answers it.
pub(super) async fn guard(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let host = host(&request);
    // Over TLS the name is proven, and a page cannot have made it point here.
    let is_proven = request.extensions().get::<TlsPeer>().is_some();
    if !is_proven && !access.allows_host(&host) {
        tracing::warn!(host, "a request was refused because of its Host header");
        return unknown_host(&host);
    }
    let origin = access.allowed_origin(&request);
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::OK.into_response()
    } else {
        next.run(request).await
    };
    if let Some(origin) = origin {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    }
    response
}

/// The host that the request was sent to, without port and brackets; HTTP/2 has it in the URI.
fn host(request: &Request) -> String {
    let authority = match request.uri().authority() {
        Some(authority) => Some(authority.clone()),
        None => request.headers().get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok()),
    };
    let host = authority.as_ref().map_or("", Authority::host);
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

fn unknown_host(host: &str) -> Response {
    let reason = format!(
        "The Host header of this request names {host:?}, which this server does not go by.\n\n\
         Either allow the name (--host-whitelist {host:?}) or use TLS.\n\
         Requests for unknown hosts are refused as a defence against DNS rebinding (CVE-2018-5702).\n"
    );
    plain::text(StatusCode::MISDIRECTED_REQUEST, reason)
}
