//! Refusals of the v2 API: etcd's codes with their words and HTTP statuses, and the body that carries them.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_core::error::ApplyError;
use holdfast_core::v2::{V2Error, V2PathError, V2ReadError};

use super::{json, members};
use crate::api::error::Status;
use crate::node::NodeError;
use crate::watch::NodeWaitError;

pub(super) const X_ETCD_INDEX: HeaderName = HeaderName::from_static("x-etcd-index");

/// etcd's code where a user is asked for.
const UNAUTHORIZED: u16 = 110;

/// etcd's word for whoever may not, or did not say who it is.
const NO_CREDENTIALS: &str = "Insufficient credentials";

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyError {
    code: u16,
    message: &'static str,
    cause: String,
    index: i64,
}

/// What can be wrong with the form of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadForm {
    PrevValueEmpty,
    TimeToLive,
    Index,
    Field,
    Form,
    RefreshWithValue,
    RefreshWithoutTimeToLive,
}

impl KeyError {
    /// A request that cannot be understood.
    pub fn form(what: BadForm, cause: impl Into<String>) -> KeyError {
        let (code, message) = match what {
            BadForm::PrevValueEmpty => (201, "PrevValue is Required in POST form"),
            BadForm::TimeToLive => (202, "The given TTL in POST form is not a number"),
            BadForm::Index => (203, "The given index in POST form is not a number"),
            BadForm::Field => (209, "Invalid field"),
            BadForm::Form => (210, "Invalid POST form"),
            BadForm::RefreshWithValue => (211, "Value provided on refresh"),
            BadForm::RefreshWithoutTimeToLive => (212, "A TTL must be provided on refresh"),
        };
        KeyError { code, message, cause: cause.into(), index: 0 }
    }

    /// A request that found no outcome; `cause` says why.
    fn without_outcome(cause: String) -> KeyError {
        KeyError { code: 300, message: "Raft Internal Error", cause, index: 0 }
    }

    /// etcd's error code.
    #[cfg(test)]
    pub fn code(&self) -> u16 {
        self.code
    }

    fn status(&self) -> StatusCode {
        match self.code {
            100 => StatusCode::NOT_FOUND,
            101 | 105 => StatusCode::PRECONDITION_FAILED,
            102 | 108 => StatusCode::FORBIDDEN,
            UNAUTHORIZED => StatusCode::UNAUTHORIZED,
            300 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl From<V2Error> for KeyError {
    fn from(error: V2Error) -> KeyError {
        let V2Error { refusal, index } = error;
        KeyError { code: refusal.code(), message: refusal.message(), cause: refusal.cause(), index: index.0 }
    }
}

impl From<NodeError> for KeyError {
    fn from(error: NodeError) -> KeyError {
        match error {
            NodeError::Apply(ApplyError::V2(error)) => error.into(),
            NodeError::Apply(ApplyError::Permission(_)) | NodeError::Permission(_) | NodeError::Login(_) => {
                KeyError::unauthorized()
            }
            error => KeyError::without_outcome(Status::from(error).message.into_owned()),
        }
    }
}

impl From<V2ReadError> for KeyError {
    fn from(error: V2ReadError) -> KeyError {
        match error {
            V2ReadError::Refused(error) => error.into(),
            V2ReadError::Fault(fault) => NodeError::Fault(fault).into(),
        }
    }
}

impl From<Status> for KeyError {
    fn from(status: Status) -> KeyError {
        KeyError::without_outcome(status.message.into_owned())
    }
}

impl From<V2PathError> for KeyError {
    fn from(error: V2PathError) -> KeyError {
        KeyError::form(BadForm::Field, error.to_string())
    }
}

impl KeyError {
    /// A wait for what is no longer known, or not for this client.
    pub fn no_wait(error: NodeWaitError, wait_index: u64) -> KeyError {
        let NodeWaitError::HistoryCleared { compacted, revision } = error else {
            return KeyError::unauthorized();
        };
        KeyError {
            code: 401,
            message: "The event in requested index is outdated and cleared",
            cause: format!("the requested history has been cleared [{compacted}/{wait_index}]"),
            index: revision.0,
        }
    }

    /// A client that may not, or that nobody knows; which of these is not said.
    fn unauthorized() -> KeyError {
        let message = "The request requires user authentication";
        KeyError { code: UNAUTHORIZED, message, cause: NO_CREDENTIALS.to_owned(), index: 0 }
    }
}

/// What a client that may not is told on the other routes, without a code.
pub(super) fn unauthorized() -> Response {
    members::message(StatusCode::UNAUTHORIZED, NO_CREDENTIALS)
}

impl IntoResponse for KeyError {
    fn into_response(self) -> Response {
        let body = json::error(self.code, self.message, &self.cause, self.index);
        let headers = [(CONTENT_TYPE, "application/json".to_owned()), (X_ETCD_INDEX, self.index.to_string())];
        (self.status(), headers, body).into_response()
    }
}
