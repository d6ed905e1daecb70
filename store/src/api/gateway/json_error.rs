//! Texts for JSON that cannot be read: in the words of etcd's gateway where that says what is wrong, with the place.

use serde_json::Error;

use crate::api::error::{Code, Status};

/// For a document that is no JSON.
pub(super) fn of_syntax(error: &Error, body: &[u8]) -> Status {
    if error.is_eof() {
        return invalid("unexpected EOF".to_owned());
    }
    let what = reason(error);
    let expected = match what.as_str() {
        "key must be a string" => Some("looking for beginning of object key string"),
        "expected value" => Some("looking for beginning of value"),
        "expected `:`" => Some("after object key"),
        "expected `,` or `}`" => Some("after object key:value pair"),
        "expected `,` or `]`" => Some("after array element"),
        "trailing comma" => Some("looking for beginning of object key string"),
        _ => None,
    };
    match (expected, character(error, body)) {
        (Some(expected), Some(character)) => invalid(format!("invalid character {character} {expected}")),
        _ => invalid(format!("invalid JSON (line {}:{}): {what}", error.line(), error.column())),
    }
}

/// Whether a field came twice, which no reading can mend.
pub(super) fn is_of_duplicate(error: &Error) -> bool {
    reason(error).starts_with("duplicate field")
}

/// For JSON that does not fit the message; `field` is `name: value` of the part that does not.
pub(super) fn of_value(error: &Error, field: Option<&str>) -> Status {
    let place = format!("(line {}:{})", error.line(), error.column());
    match field {
        Some(field) => invalid(format!("proto: {place}: invalid value for field {field}")),
        None => invalid(format!("proto: {place}: {}", reason(error))),
    }
}

fn invalid(text: String) -> Status {
    Status::new(Code::InvalidArgument, text)
}

/// What the reader says, without the place.
fn reason(error: &Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The character at the place of the error, quoted.
fn character(error: &Error, body: &[u8]) -> Option<String> {
    let line = body.split(|byte| *byte == b'\n').nth(error.line().checked_sub(1)?)?;
    match *line.get(error.column().checked_sub(1)?)? {
        b'\'' => Some(r"'\''".to_owned()),
        b'"' => Some("'\"'".to_owned()),
        byte if byte.is_ascii_graphic() || byte == b' ' => Some(format!("'{}'", char::from(byte))),
        byte => Some(format!("'\\x{byte:02x}'")),
    }
}
