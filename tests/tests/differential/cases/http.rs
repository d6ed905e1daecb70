//! Paths and methods of HTTP: right, wrong and unknown ones; health and version.

use http::Method as Verb;

use crate::plan::Group;

pub fn groups() -> Vec<Group> {
    vec![verbs(), paths(), health()]
}

fn verbs() -> Group {
    let mut group = Group::new("HTTP methods");
    for path in ["/v3/kv/range", "/v3/kv/put", "/v3/maintenance/status", "/v3/lease/keepalive", "/v3/watch"] {
        for verb in [Verb::GET, Verb::PUT, Verb::DELETE, Verb::PATCH, Verb::HEAD, Verb::OPTIONS] {
            group.http(verb, path, &[], "");
        }
    }
    for path in ["/health", "/version", "/livez", "/readyz"] {
        for verb in [Verb::POST, Verb::PUT, Verb::DELETE, Verb::HEAD, Verb::OPTIONS] {
            group.http(verb, path, &[], "");
        }
    }
    let preflight = [("Origin", "http://example.org"), ("Access-Control-Request-Method", "POST")];
    group.http(Verb::OPTIONS, "/v3/kv/range", &preflight, "");
    group.http(Verb::POST, "/v3/kv/range", &[("X-HTTP-Method-Override", "GET")], r#"{"key":"YQ=="}"#);
    group
}

fn paths() -> Group {
    let mut group = Group::new("HTTP paths");
    for path in [
        "/",
        "/v3",
        "/v3/",
        "/v3/kv",
        "/v3/kv/",
        "/v3/kv/range/",
        "/v3/kv//range",
        "//v3/kv/range",
        "/v3/kv/Range",
        "/v3/kv/rangestream",
        "/v3/nothing",
        "/v3alpha/kv/range",
        "/v3beta/nothing",
        "/v3/kv/range?key=YQ==",
        "/v3/kv/%72ange",
        "/v3/kv/../kv/range",
        "/etcdserverpb.KV/Range",
        "/v4/kv/range",
        "/v3/auth/nothing",
        "/nothing",
        "/debug",
    ] {
        group.http(Verb::POST, path, &[], r#"{"key":"YQ=="}"#);
        group.get(path);
    }
    group
}

fn health() -> Group {
    let mut group = Group::new("health");
    for path in [
        "/health",
        "/health/",
        "/health?serializable=true",
        "/health?serializable=maybe",
        "/health?exclude=NOSPACE",
        "/health?exclude=NOSPACE&exclude=CORRUPT",
        "/health?exclude=nothing",
        "/version",
        "/version/",
        "/livez",
        "/livez?verbose",
        "/livez?verbose=false",
        "/livez?exclude=serializable_read",
        "/livez?exclude=nothing",
        "/livez?exclude=serializable_read&verbose",
        "/livez/serializable_read",
        "/livez/serializable_read?verbose",
        "/livez/linearizable_read",
        "/livez/nothing",
        "/readyz",
        "/readyz?verbose",
        "/readyz?exclude=linearizable_read&verbose",
        "/readyz?exclude=nothing&verbose",
        "/readyz/data_corruption",
        "/readyz/serializable_read",
        "/readyz/linearizable_read",
        "/readyz/non_learner",
        "/readyz/nothing",
        "/readyz/",
    ] {
        group.get(path);
    }
    group
}
