//! What a request shows of who sent it, read from its headers. Nothing of it is believed here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use holdfast_core::ids::AuthRevision;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName};

use super::{Password, Peer};

/// gRPC's metadata key for tokens.
const TOKEN: HeaderName = HeaderName::from_static("token");
/// The same as it comes through an HTTP request to the gateway.
const GATEWAY_TOKEN: HeaderName = HeaderName::from_static("grpc-metadata-token");

/// Who a client says it is.
#[derive(Debug, Clone, Default)]
pub struct Claim {
    /// What it shows.
    pub shown: Shown,
    /// Where it comes from.
    pub peer: Peer,
}

/// What a request shows. A token counts before a password, and both before the certificate of the connection.
#[derive(Debug, Clone, Default)]
pub enum Shown {
    /// Nothing.
    #[default]
    Nothing,
    /// A token, worth what the token's issuer says.
    Token(Box<str>),
    /// A name and a password, not checked yet.
    Login {
        /// The user.
        user: String,
        /// The password.
        password: Password,
    },
    /// A name whose password was checked.
    CheckedLogin {
        /// The user.
        user: String,
        /// The credentials that the password was checked against.
        credentials_since: AuthRevision,
    },
}

impl Claim {
    /// Reads the metadata of a gRPC call.
    pub fn of_grpc(headers: &HeaderMap, peer: &Peer) -> Claim {
        let token = headers.get(TOKEN).or_else(|| headers.get(AUTHORIZATION));
        let shown = token.map_or(Shown::Nothing, |value| Shown::Token(bearer(value.as_bytes())));
        Claim { shown, peer: peer.clone() }
    }

    /// Reads the headers of an HTTP request.
    pub fn of_http(headers: &HeaderMap, peer: &Peer) -> Claim {
        let shown = match (headers.get(GATEWAY_TOKEN), headers.get(AUTHORIZATION)) {
            (Some(token), _) => Shown::Token(bearer(token.as_bytes())),
            (None, Some(value)) => {
                basic(value.as_bytes()).unwrap_or_else(|| Shown::Token(bearer(value.as_bytes())))
            }
            (None, None) => Shown::Nothing,
        };
        Claim { shown, peer: peer.clone() }
    }

    /// Whether it says anything at all.
    pub fn is_empty(&self) -> bool {
        matches!(self.shown, Shown::Nothing) && self.peer.certificate.is_none()
    }
}

/// A token, without the word in front of it. One that is no text is as wrong as any other wrong one.
fn bearer(value: &[u8]) -> Box<str> {
    let text = String::from_utf8_lossy(value);
    text.strip_prefix("Bearer ").unwrap_or(&text).into()
}

/// Basic credentials (RFC 7617); none when the header is of another scheme.
fn basic(value: &[u8]) -> Option<Shown> {
    let (scheme, encoded) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim_ascii()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some(Shown::Login { user: user.to_owned(), password: Password::new(password.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn grpc(pairs: &[(&'static str, &'static str)]) -> String {
        format!("{:?}", Claim::of_grpc(&headers(pairs), &Peer::default()).shown)
    }

    fn http(pairs: &[(&'static str, &'static str)]) -> String {
        format!("{:?}", Claim::of_http(&headers(pairs), &Peer::default()).shown)
    }

    #[test]
    fn grpc_metadata_holds_tokens_only() {
        assert_eq!(grpc(&[("token", "t.1"), ("authorization", "u.2")]), r#"Token("t.1")"#);
        assert_eq!(grpc(&[("authorization", "Bearer u.2")]), r#"Token("u.2")"#);
        assert_eq!(grpc(&[("authorization", "Basic dTpw")]), r#"Token("Basic dTpw")"#);
        assert_eq!(grpc(&[]), "Nothing");
    }

    #[test]
    fn http_requests_show_tokens_or_basic_credentials() {
        assert_eq!(http(&[("authorization", "t.1")]), r#"Token("t.1")"#);
        assert_eq!(http(&[("authorization", "Bearer t.1")]), r#"Token("t.1")"#);
        assert_eq!(http(&[("grpc-metadata-token", "t"), ("authorization", "Basic dTpw")]), r#"Token("t")"#);
        let login = r#"Login { user: "u", password: Password(..) }"#;
        assert_eq!(http(&[("authorization", "Basic dTpw")]), login);
        assert_eq!(http(&[("authorization", "basic dTpwOnE=")]), login);
    }

    #[test]
    fn damaged_basic_credentials_are_a_wrong_token() {
        for value in ["Basic", "Basic ", "Basic dTpw!", "Basic dQ==", "Basic /w=="] {
            assert!(http(&[("authorization", value)]).starts_with("Token("), "{value}");
        }
    }
}
