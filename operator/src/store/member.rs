//! A member as something that can be asked: JSON out, JSON in. The paths are those of the gateway (`/v3/...`) and of
//! Holdfast's own calls (`/holdfast/v1/...`, see docs/membership.md). The former are asked for below the latter's prefix,
//! too: only there a certificate says who asks.

use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::connection::{Credentials, MemberAddress, Shown, exchange};
use super::error::StoreError;

/// Asks one member. Cheap to make and to clone; holds no connection.
#[derive(Clone, Debug)]
pub struct MemberClient {
    address: MemberAddress,
    tls: Option<Arc<rustls::ClientConfig>>,
    credentials: Option<Credentials>,
}

impl MemberClient {
    /// A client for one member: with TLS if there is a configuration for it, with Basic credentials if there are some.
    #[must_use]
    pub fn new(
        address: MemberAddress,
        tls: Option<Arc<rustls::ClientConfig>>,
        credentials: Option<Credentials>,
    ) -> Self {
        Self { address, tls, credentials }
    }

    /// The same member, asked by somebody else.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        Self { credentials: Some(credentials), ..self.clone() }
    }

    /// Whom it asks.
    #[must_use]
    pub fn address(&self) -> &MemberAddress {
        &self.address
    }

    /// Posts a request to a path and reads the answer.
    ///
    /// # Errors
    /// See [`StoreError`]; every status but 200 is a refusal.
    pub async fn post<Answer: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Answer, StoreError> {
        self.post_seeing(path, body).await.map(|(answer, _)| answer)
    }

    /// Posts a request to a path and reads the answer, and what the member showed of itself.
    ///
    /// # Errors
    /// See [`StoreError`]; every status but 200 is a refusal.
    pub async fn post_seeing<Answer: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<(Answer, Shown), StoreError> {
        let body = serde_json::to_vec(body).expect("requests are plain values");
        self.ask(http::Method::POST, path, Bytes::from(body)).await
    }

    /// Gets a path and reads the answer, and what the member showed of itself.
    ///
    /// # Errors
    /// See [`StoreError`]; every status but 200 is a refusal.
    pub async fn get<Answer: DeserializeOwned>(&self, path: &str) -> Result<(Answer, Shown), StoreError> {
        self.ask(http::Method::GET, path, Bytes::new()).await
    }

    async fn ask<Answer: DeserializeOwned>(
        &self,
        method: http::Method,
        path: &str,
        body: Bytes,
    ) -> Result<(Answer, Shown), StoreError> {
        let uri = match path.strip_prefix("/v3/") {
            Some(call) => format!("/holdfast/v1/{call}"),
            None => path.to_owned(),
        };
        let mut request = http::Request::builder()
            .method(method)
            .uri(uri)
            .header(http::header::HOST, &self.address.server_name)
            .header(http::header::CONTENT_TYPE, "application/json");
        if let Some(Credentials { username, password }) = &self.credentials {
            use base64::Engine as _;
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
            request = request.header(http::header::AUTHORIZATION, format!("Basic {pair}"));
        }
        let request = request.body(Full::new(body)).expect("paths and names of members fit into a request");
        let (status, bytes, shown) = exchange(&self.address, self.tls.as_ref(), request).await?;
        if status != http::StatusCode::OK {
            return Err(self.refusal(path, status, &bytes));
        }
        let answer = serde_json::from_slice(&bytes).map_err(|error| StoreError::Unreadable {
            member: self.address.name.clone(),
            path: path.to_owned(),
            cause: error.to_string(),
        })?;
        Ok((answer, shown))
    }

    fn refusal(&self, path: &str, status: http::StatusCode, body: &[u8]) -> StoreError {
        #[derive(Default, serde::Deserialize)]
        #[serde(default)]
        struct Body {
            code: i64,
            message: String,
        }
        let told: Body = serde_json::from_slice(body).unwrap_or_default();
        let message = if told.message.is_empty() {
            String::from_utf8_lossy(&body[..body.len().min(300)]).trim().to_owned()
        } else {
            told.message
        };
        StoreError::Refused {
            member: self.address.name.clone(),
            path: path.to_owned(),
            status: status.as_u16(),
            code: told.code,
            message,
        }
    }
}
