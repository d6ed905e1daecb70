//! What a request to `/v2/keys` asks for, from its method, path and form. The order of the checks is etcd's: clients
//! are told the first thing that is wrong.

use axum::http::Method;
use bytes::Bytes;
use holdfast_core::v2::{V2Get, V2Path, V2Watch};

use super::error::{BadForm, KeyError};
use super::form::Form;

/// A request that can be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyRequest {
    /// The node.
    pub path: V2Path,
    /// What is to be done.
    pub what: What,
    /// Leave the nodes out of the answer to a change.
    pub omits_nodes: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Read the node.
    Get {
        /// How.
        get: V2Get,
        /// Not what this member has, but what the cluster has.
        is_linearizable: bool,
    },
    /// Wait for changes.
    Wait {
        /// Of what.
        watch: V2Watch,
        /// From which index on, 0 for from now on.
        since: u64,
        /// Do not end after the first.
        is_stream: bool,
    },
    /// Write the node.
    Put(Write),
    /// Make a node in order in the directory.
    Post(Write),
    /// Delete the node.
    Delete {
        /// An empty directory, too.
        is_directory: bool,
        /// A directory with everything in it.
        is_recursive: bool,
        /// What must hold of it.
        expected: Expected,
    },
}

/// How a node is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Write {
    /// The value.
    pub value: Bytes,
    /// Make a directory.
    pub is_directory: bool,
    /// Whether the node must be there already, if that matters.
    pub prev_exist: Option<bool>,
    /// What must hold of it.
    pub expected: Expected,
    /// Seconds to live; none for ever.
    pub ttl_seconds: Option<u64>,
    /// Keep the value and wake nobody.
    pub is_refresh: bool,
}

/// What must hold of a node before it is changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// Its value, empty for any.
    pub value: Bytes,
    /// Its index, 0 for any.
    pub index: u64,
}

impl Expected {
    /// Whether anything must hold.
    pub fn is_given(&self) -> bool {
        self.index > 0 || !self.value.is_empty()
    }
}

impl KeyRequest {
    /// Reads a request; `raw_path` is what stands behind `/v2/keys`, with its escapes taken off.
    pub fn read(method: &Method, raw_path: &[u8], mut form: Form) -> Result<KeyRequest, KeyError> {
        let index = number(&form, "prevIndex")?;
        let since = number(&form, "waitIndex")?;
        let is_recursive = flag(&form, "recursive")?;
        let is_sorted = flag(&form, "sorted")?;
        let is_wait = flag(&form, "wait")?;
        let is_directory = flag(&form, "dir")?;
        let is_linearizable = flag(&form, "quorum")?;
        let is_stream = flag(&form, "stream")?;
        if is_wait && method != Method::GET {
            let cause = "\"wait\" can only be used with GET requests";
            return Err(KeyError::form(BadForm::Field, cause));
        }
        if form.get("prevValue") == Some(b"") {
            return Err(KeyError::form(BadForm::PrevValueEmpty, "\"prevValue\" cannot be empty"));
        }
        let omits_nodes = flag(&form, "noValueOnSuccess")?;
        let ttl_seconds = time_to_live(&form)?;
        let prev_exist = optional_flag(&form, "prevExist")?;
        let is_refresh = refresh(&form, ttl_seconds)?;
        let path = V2Path::clean(raw_path)?;
        let expected = Expected { value: form.take("prevValue").into(), index };
        let mut write = || Write {
            value: form.take("value").into(),
            is_directory,
            prev_exist,
            expected: Expected { value: expected.value.clone(), index },
            ttl_seconds,
            is_refresh,
        };
        let what = match *method {
            Method::PUT => What::Put(write()),
            Method::POST => What::Post(write()),
            Method::DELETE => What::Delete { is_directory, is_recursive, expected },
            // A wait does not go through consensus, so that both together are a read (etcd's rule).
            Method::GET if is_wait && !is_linearizable => {
                What::Wait { watch: V2Watch { path: path.clone(), is_recursive }, since, is_stream }
            }
            _ => {
                let is_directory = is_directory || raw_path.ends_with(b"/");
                let get = V2Get { is_recursive, is_sorted, is_directory };
                What::Get { get, is_linearizable: is_linearizable && method == Method::GET }
            }
        };
        Ok(KeyRequest { path, what, omits_nodes })
    }
}

fn number(form: &Form, name: &str) -> Result<u64, KeyError> {
    let Some(value) = form.get(name) else { return Ok(0) };
    digits(value).ok_or_else(|| KeyError::form(BadForm::Index, format!("invalid value for \"{name}\"")))
}

/// A number of digits only.
fn digits(value: &[u8]) -> Option<u64> {
    let text = str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}

fn flag(form: &Form, name: &str) -> Result<bool, KeyError> {
    let Some(value) = form.get(name) else { return Ok(false) };
    boolean(value).ok_or_else(|| KeyError::form(BadForm::Field, format!("invalid value for \"{name}\"")))
}

fn optional_flag(form: &Form, name: &str) -> Result<Option<bool>, KeyError> {
    let Some(value) = form.get(name) else { return Ok(None) };
    let flag = boolean(value);
    flag.map(Some).ok_or_else(|| KeyError::form(BadForm::Field, format!("invalid value for {name}")))
}

/// The words that Go takes for a truth value.
fn boolean(value: &[u8]) -> Option<bool> {
    match value {
        b"1" | b"t" | b"T" | b"TRUE" | b"true" | b"True" => Some(true),
        b"0" | b"f" | b"F" | b"FALSE" | b"false" | b"False" => Some(false),
        _ => None,
    }
}

/// An empty time to live is none.
fn time_to_live(form: &Form) -> Result<Option<u64>, KeyError> {
    match form.get("ttl") {
        None | Some(b"") => Ok(None),
        Some(value) => digits(value)
            .map(Some)
            .ok_or_else(|| KeyError::form(BadForm::TimeToLive, "invalid value for \"ttl\"")),
    }
}

fn refresh(form: &Form, ttl_seconds: Option<u64>) -> Result<bool, KeyError> {
    let is_refresh = optional_flag(form, "refresh")? == Some(true);
    if is_refresh && form.get("value").is_some_and(|value| !value.is_empty()) {
        let cause = "A value was provided on a refresh";
        return Err(KeyError::form(BadForm::RefreshWithValue, cause));
    }
    if is_refresh && ttl_seconds.is_none() {
        return Err(KeyError::form(BadForm::RefreshWithoutTimeToLive, "No TTL value set"));
    }
    Ok(is_refresh)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    fn read(method: Method, path: &str, query: &str) -> Result<KeyRequest, KeyError> {
        let mut form = Form::default();
        form.add(query.as_bytes()).unwrap();
        KeyRequest::read(&method, path.as_bytes(), form)
    }

    #[test]
    fn a_wait_with_quorum_is_a_read_and_a_slash_at_the_end_names_the_directory() {
        let request = read(Method::GET, "/a/", "wait=true&quorum=1").unwrap();
        let get = V2Get { is_directory: true, ..V2Get::default() };
        assert_eq!(request.what, What::Get { get, is_linearizable: true });
        let request = read(Method::HEAD, "/a", "quorum=true").unwrap();
        assert_eq!(request.what, What::Get { get: V2Get::default(), is_linearizable: false });
        let request = read(Method::GET, "a/../b", "wait=T&waitIndex=7&stream=t").unwrap();
        let watch = V2Watch { path: V2Path::clean(b"/b").unwrap(), is_recursive: false };
        assert_eq!(request.what, What::Wait { watch, since: 7, is_stream: true });
    }

    #[test]
    fn the_first_thing_that_is_wrong_is_told() {
        let wrong = [
            ("prevIndex=-1&waitIndex=x", 203),
            ("waitIndex=1.5", 203),
            ("recursive=", 209),
            ("dir=2", 209),
            ("wait=true", 209),
            ("prevValue=", 201),
            ("ttl=-5", 202),
            ("ttl=99999999999999999999", 202),
            ("prevExist=maybe", 209),
            ("refresh=maybe", 209),
            ("refresh=true&value=1&ttl=5", 211),
            ("refresh=true&value=", 212),
            ("noValueOnSuccess=maybe", 209),
        ];
        for (query, code) in wrong {
            let error = read(Method::PUT, "/a", query).unwrap_err();
            assert_eq!(error.code(), code, "{query}");
            assert_eq!(error.into_response().status().as_u16(), 400);
        }
        let fine = read(Method::PUT, "/a", "ttl=&refresh=false&prevExist=F&value=1").unwrap();
        let What::Put(write) = fine.what else { panic!("not a put") };
        assert_eq!((write.ttl_seconds, write.prev_exist, write.is_refresh), (None, Some(false), false));
    }
}
