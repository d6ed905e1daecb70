//! Requests to the store in words: put, get. One connection for each. On Holdfast's own paths, where the name in a client's
//! certificate counts; on those of etcd it does not.

use base64::Engine as _;
use serde_json::{Value, json};

use super::address::{Door, MemberDoor};
use super::connection::{Connection, RequestError};
use super::credentials::Credentials;

/// The parts of an answer's header that scenarios look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderOf {
    /// The cluster's id, hexadecimal as the resource's status has it.
    pub cluster_id: String,
    /// The store's revision.
    pub revision: i64,
}

/// Asks members of one cluster as one identity.
#[derive(Clone)]
pub struct Store {
    /// The way to them.
    pub door: Door,
    /// Who asks.
    pub credentials: Credentials,
}

impl Store {
    /// Asks one member.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn ask(&self, member: &MemberDoor, path: &str, body: &Value) -> Result<Value, RequestError> {
        let tls = self.credentials.tls()?;
        let authorization = self.credentials.authorization();
        Connection::open(&self.door, member, tls, authorization).await?.post(path, body).await
    }

    /// Asks members in turn until one answers; returns the last refusal.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn ask_any(&self, path: &str, body: &Value) -> Result<Value, RequestError> {
        let unprepared = |text: String| RequestError::Unprepared(text);
        let members = self.door.look().await.map_err(|error| unprepared(error.to_string()))?;
        let mut last = unprepared("no member has an address".to_owned());
        for member in members {
            match self.ask(&member, path, body).await {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Writes a key.
    ///
    /// # Errors
    /// When nobody takes it.
    pub async fn put(&self, key: &str, value: &str) -> Result<HeaderOf, RequestError> {
        Ok(header_of(&self.ask_any("/holdfast/v1/kv/put", &put_body(key, value)).await?))
    }

    /// Reads a key, linearizably.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn get(&self, key: &str) -> Result<Option<String>, RequestError> {
        let answer = self.ask_any("/holdfast/v1/kv/range", &json!({ "key": encoded(key) })).await?;
        Ok(answer["kvs"][0]["value"].as_str().map(decoded))
    }
}

/// The body of a put.
#[must_use]
pub fn put_body(key: &str, value: &str) -> Value {
    json!({ "key": encoded(key), "value": encoded(value) })
}

/// As the gateway wants bytes.
#[must_use]
pub fn encoded(text: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// The text in the gateway's bytes; empty if there is none.
#[must_use]
pub fn decoded(text: &str) -> String {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The header of an answer. 64-bit numbers are texts in the gateway's JSON.
#[must_use]
pub fn header_of(answer: &Value) -> HeaderOf {
    let number = |field: &Value| field.as_str().map_or_else(|| field.to_string(), str::to_owned);
    let cluster: u64 = number(&answer["header"]["cluster_id"]).parse().unwrap_or_default();
    let revision = number(&answer["header"]["revision"]).parse().unwrap_or_default();
    HeaderOf { cluster_id: format!("{cluster:016x}"), revision }
}
