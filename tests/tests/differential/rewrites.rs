//! Takes one allowed difference out of an answer. Each function is as narrow as its difference, so that another one in
//! the same answer still shows.

/// Where the request alone decides: etcd's answer.
pub fn as_expected(_: &str, expected: &str) -> Option<String> {
    Some(expected.to_owned())
}

/// Without the copy of the message that the gateway of etcd 3.5 put first.
pub fn error_copy(answer: &str, _: &str) -> Option<String> {
    let (head, rest) = answer.split_once(r#"{"error":""#)?;
    let (_, message) = rest.rsplit_once(r#","message":""#)?;
    let copy = message.strip_suffix('}')?;
    Some(format!("{head}{{{}", rest.strip_prefix(copy)?.strip_prefix(',')?))
}

/// Without the lease that all seeded keys have.
pub fn lease(answer: &str, _: &str) -> Option<String> {
    Some(answer.replace("lease: 77", "lease: 0").replace(r#","lease":"77""#, ""))
}

pub fn quota(answer: &str, _: &str) -> Option<String> {
    Some(answer.replace("8589934592", "2147483648"))
}

pub fn own_version(answer: &str, _: &str) -> Option<String> {
    let (head, rest) = answer.split_once(r#","holdfast":""#)?;
    let (_, tail) = rest.split_once('"')?;
    Some(format!("{head}{tail}"))
}

pub fn method_not_allowed(answer: &str, _: &str) -> Option<String> {
    let text = "[content-type: text/plain; charset=utf-8] [x-content-type-options: nosniff]";
    let rest = answer.strip_prefix("405 ")?.replace("[allow: POST] ", "");
    let rest = rest.replace(text, "[content-type: application/json]");
    Some(format!(
        "501 {}",
        rest.replace("Method Not Allowed\n", r#"{"code":12,"message":"Method Not Allowed"}"#)
    ))
}

pub fn allow(answer: &str, _: &str) -> Option<String> {
    Some(answer.replace("[allow: POST] ", "").replace("[allow: GET,HEAD] ", ""))
}

pub fn redirect(answer: &str, expected: &str) -> Option<String> {
    (expected.starts_with("307 ") && answer.starts_with("404 ")).then(|| expected.to_owned())
}

pub fn gateway_root(answer: &str, expected: &str) -> Option<String> {
    let both = expected.starts_with("404 ") && answer.starts_with("404 ");
    both.then(|| expected.to_owned())
}

/// Both refuse what the JSON reader refuses, in words of its own.
pub fn words_about_json(answer: &str, expected: &str) -> Option<String> {
    const MARK: &str = r#""code":3,"message":""#;
    let (expected_head, expected_text) = expected.split_once(MARK)?;
    let (head, text) = answer.split_once(MARK)?;
    let is_about_json = |text: &str| {
        ["proto: ", "invalid character ", "invalid JSON ", "unexpected EOF"]
            .iter()
            .any(|start| text.starts_with(start))
    };
    (expected_head == head && is_about_json(text) && is_about_json(expected_text))
        .then(|| expected.to_owned())
}

pub fn enum_value(answer: &str, expected: &str) -> Option<String> {
    let fields = ["sort_order", "sort_target", "target", "result"];
    let is_refused =
        fields.iter().any(|field| answer.contains(&format!("invalid value for field {field}: ")));
    let is_taken = expected.starts_with("200 ") || expected.contains("etcdserver: invalid sort option");
    (is_refused && is_taken).then(|| expected.to_owned())
}

pub fn passed_over(answer: &str, expected: &str) -> Option<String> {
    (answer.starts_with("200 ") && expected.starts_with("400 ")).then(|| expected.to_owned())
}

pub fn said_instead_of_silence(answer: &str, expected: &str) -> Option<String> {
    let is_silent = matches!(expected, "\n    end: 200 None of the body" | "\n    silence");
    let is_said = answer.contains(r#"400 Some("application/json")"#) && answer.contains(r#""code":3"#);
    (is_silent && is_said).then(|| expected.to_owned())
}

pub fn type_of_nothing(answer: &str, _: &str) -> Option<String> {
    (answer == "\n    end: 200 Some(\"application/json\") of the body")
        .then(|| "\n    end: 200 None of the body".to_owned())
}

pub fn wire_type(answer: &str, expected: &str) -> Option<String> {
    let is_refused = answer.ends_with("proto: cannot parse invalid wire-format data");
    (is_refused && expected.ends_with("etcdserver: key is not provided")).then(|| expected.to_owned())
}

pub fn hash_revision(answer: &str, _: &str) -> Option<String> {
    answer.contains("hash").then(|| {
        answer
            .replace("hash_revision: 3", "hash_revision: -1")
            .replace(r#""hash_revision":"3""#, r#""hash_revision":"-1""#)
    })
}

pub fn hash_compaction(answer: &str, _: &str) -> Option<String> {
    answer.contains("hash").then(|| {
        answer
            .replace("compact_revision: 3", "compact_revision: -1")
            .replace(r#""compact_revision":"3""#, r#""compact_revision":"-1""#)
    })
}

pub fn unknown_method(answer: &str, expected: &str) -> Option<String> {
    answer.contains("unknown method ").then(|| expected.to_owned())
}

pub fn unknown_service(answer: &str, expected: &str) -> Option<String> {
    answer.contains("unknown service v3").then(|| expected.to_owned())
}
