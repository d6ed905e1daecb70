//! `/v2/auth`: the users, roles and the switch of the v3 API in the forms of the v2 API. What a change comes to is
//! decided in the core; here are only the bodies. There is no role for clients without a name.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use holdfast_core::auth::{AuthChange, ROOT, V2RolePermissions, V2RolePut, V2UserPut, V2UserRoles};
use holdfast_core::command::Operation;
use holdfast_core::read::ReadView;
use holdfast_core::response::Response as Applied;
use http_body_util::{BodyExt as _, Limited};

use super::V2;
use super::auth_error::AuthError;
use super::auth_json::{self, Form, RoleForm, Switch, UserForm};
use super::form::unescape;
use super::members;
use crate::api::audit;
use crate::api::error::mismatched_answer;
use crate::api::http::plain;
use crate::auth::{Claim, Password};
use crate::limits::V2_AUTH_BODY_BYTES_MAX;
use crate::node::NodeError;

/// What is in front of users, roles and the switch.
const PREFIX: &str = "/v2/auth";

/// What a path is about.
enum Subject {
    Switch,
    Users,
    User(String),
    Roles,
    Role(String),
}

impl Subject {
    /// Reads a path that one of the routes took; none when it leads to nothing.
    fn of(path: &str) -> Option<Subject> {
        let path = unescape(path.strip_prefix(PREFIX)?.as_bytes(), false).ok()?;
        let path = String::from_utf8(path).ok()?;
        let mut segments = path.split('/').filter(|segment| !matches!(*segment, "" | "."));
        let (kind, name, more) = (segments.next()?, segments.next(), segments.next());
        match (kind, name.map(str::to_owned), more) {
            ("enable", None, None) => Some(Subject::Switch),
            ("users", None, None) => Some(Subject::Users),
            ("users", Some(name), None) => Some(Subject::User(name)),
            ("roles", None, None) => Some(Subject::Roles),
            ("roles", Some(name), None) => Some(Subject::Role(name)),
            _ => None,
        }
    }

    fn methods(&self) -> &'static str {
        match self {
            Subject::Users | Subject::Roles => "GET",
            Subject::Switch | Subject::User(_) | Subject::Role(_) => "GET,PUT,DELETE",
        }
    }
}

/// Answers any method below `/v2/auth`.
pub(super) async fn auth(State(v2): State<Arc<V2>>, request: Request) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let Some(subject) = Subject::of(&path) else {
        return members::message(StatusCode::BAD_REQUEST, "Invalid path");
    };
    if !subject.methods().split(',').any(|allowed| method == allowed) {
        return plain::method_not_allowed(subject.methods());
    }
    let claim = super::claim(&request);
    let shown = claim.clone();
    let response = v2.serve_auth(claim, &method, subject, request).await;
    audit::route(&v2.node, Some(&shown), &method, &path, response.status().as_u16());
    response
}

impl V2 {
    async fn serve_auth(
        &self,
        claim: Claim,
        method: &Method,
        subject: Subject,
        request: Request,
    ) -> Response {
        // Whether users are asked for at all is no secret.
        let is_open = matches!(subject, Subject::Switch) && method == Method::GET;
        let admitted = match self.checked(claim).await {
            Ok(claim) if is_open => Ok(claim),
            Ok(claim) => self.node.check_root(&claim).await.map(|()| claim),
            Err(_) if is_open => Ok(Claim::default()),
            Err(error) => Err(error),
        };
        let answer = match admitted {
            Ok(claim) => match *method {
                Method::GET => self.read_auth(&claim, &subject).await,
                Method::DELETE => self.remove_auth(&claim, subject).await,
                _ => self.put_auth(&claim, subject, request).await,
            },
            Err(error) => Err(error.into()),
        };
        match answer {
            Ok(answer) => self.with_cluster_id(answer),
            Err(AuthError::Node(error)) => members::failure(error),
            Err(error) => self.with_cluster_id(error.into_response()),
        }
    }

    async fn read_auth(&self, claim: &Claim, subject: &Subject) -> Result<Response, AuthError> {
        if matches!(subject, Subject::Switch) {
            let view = self.node.read(true).await?;
            return Ok(auth_json::answer(StatusCode::OK, &Switch { enabled: view.auth().is_enabled() }));
        }
        let view = self.node.read_as(claim, true, |guard| Ok(guard.root()?)).await?;
        shown(&view, subject)
    }

    async fn remove_auth(&self, claim: &Claim, subject: Subject) -> Result<Response, AuthError> {
        let change = match &subject {
            Subject::Switch => {
                if !self.node.read(true).await?.auth().is_enabled() {
                    return Err(AuthError::AlreadyDisabled);
                }
                AuthChange::Disable
            }
            Subject::Role(name) if name == ROOT => return Err(AuthError::RootRole),
            Subject::User(name) => AuthChange::UserDelete { name: name.clone() },
            Subject::Role(name) => AuthChange::RoleDelete { name: name.clone() },
            Subject::Users | Subject::Roles => return Err(AuthError::NoSuchRequest),
        };
        match self.node.change_auth(claim, change).await {
            Ok(_) => Ok(auth_json::nothing()),
            Err(error) => Err(match subject {
                Subject::User(name) => AuthError::of_user_deletion(error, name),
                Subject::Role(name) => AuthError::of_role_deletion(error, name),
                _ => error.into(),
            }),
        }
    }

    async fn put_auth(
        &self,
        claim: &Claim,
        subject: Subject,
        request: Request,
    ) -> Result<Response, AuthError> {
        match subject {
            Subject::Switch => {
                if self.node.read(true).await?.auth().is_enabled() {
                    return Err(AuthError::AlreadyEnabled);
                }
                self.node.enable_auth(claim).await?;
                Ok(auth_json::nothing())
            }
            Subject::User(name) => self.put_user(claim, name, read(request).await?).await,
            Subject::Role(name) => self.put_role(claim, name, read(request).await?).await,
            Subject::Users | Subject::Roles => Err(AuthError::NoSuchRequest),
        }
    }

    async fn put_user(&self, claim: &Claim, name: String, form: UserForm) -> Result<Response, AuthError> {
        if form.user != name {
            return Err(AuthError::OtherUser);
        }
        let is_merged = !(form.grant.is_empty() && form.revoke.is_empty());
        let has_roles = form.roles.as_ref().is_some_and(|roles| !roles.is_empty());
        if is_merged && has_roles {
            return Err(AuthError::RolesAndGrants);
        }
        let password_hash = match form.password {
            password if password.is_empty() => None,
            password => {
                self.node.check_administrator(claim).await?;
                let hashed = self.node.authenticator().hash(Password::new(password)).await;
                Some(hashed.map_err(NodeError::from)?)
            }
        };
        let roles = if is_merged {
            V2UserRoles::Merge { grant: form.grant, revoke: form.revoke }
        } else {
            V2UserRoles::Make(form.roles.clone().unwrap_or_default())
        };
        let put = V2UserPut { name: name.clone(), password_hash, roles };
        match self.node.propose_as(claim, Operation::Auth(AuthChange::V2UserPut(put))).await? {
            (_, Applied::V2User(user, true)) => {
                // etcd's answers: the roles as they were sent, and 201 only where none were.
                let status = if has_roles { StatusCode::OK } else { StatusCode::CREATED };
                let roles = auth_json::sent_roles(form.roles, &user);
                Ok(auth_json::answer(status, &auth_json::user_roles(&name, roles)))
            }
            (_, Applied::V2User(user, false)) => {
                let roles = Some(user.roles.into_iter().collect());
                Ok(auth_json::answer(StatusCode::OK, &auth_json::user_roles(&name, roles)))
            }
            _ => Err(AuthError::Other(mismatched_answer())),
        }
    }

    async fn put_role(&self, claim: &Claim, name: String, form: RoleForm) -> Result<Response, AuthError> {
        if form.role != name {
            return Err(AuthError::OtherRole);
        }
        let is_merged = !(form.grant.is_empty() && form.revoke.is_empty());
        if is_merged && !form.permissions.is_empty() {
            return Err(AuthError::PermissionsAndGrants);
        }
        let permissions = if is_merged {
            V2RolePermissions::Merge { grant: form.grant.patterns()?, revoke: form.revoke.patterns()? }
        } else {
            V2RolePermissions::Make(form.permissions.patterns()?)
        };
        let put = V2RolePut { name: name.clone(), permissions };
        match self.node.propose_as(claim, Operation::Auth(AuthChange::V2RolePut(put))).await? {
            (_, Applied::V2Role(_)) if !is_merged => {
                Ok(auth_json::answer(StatusCode::CREATED, &form.permissions.shown(&name)))
            }
            (_, Applied::V2Role(role)) => {
                Ok(auth_json::answer(StatusCode::OK, &auth_json::role(&name, Some(&*role))))
            }
            _ => Err(AuthError::Other(mismatched_answer())),
        }
    }
}

/// Users or roles of one moment.
fn shown(view: &ReadView, subject: &Subject) -> Result<Response, AuthError> {
    let auth = view.auth();
    let not_found = |name: &str, what| AuthError::NotFound { what, name: name.to_owned() };
    match subject {
        Subject::Users => Ok(auth_json::answer(StatusCode::OK, &auth_json::users(auth))),
        Subject::Roles => Ok(auth_json::answer(StatusCode::OK, &auth_json::roles(auth))),
        Subject::User(name) => {
            let user = auth.user(name).ok_or_else(|| not_found(name, "User"))?;
            Ok(auth_json::answer(StatusCode::OK, &auth_json::user(name, user, auth)))
        }
        Subject::Role(name) => {
            let role = auth.role(name);
            if role.is_none() && name != ROOT {
                return Err(not_found(name, "Role"));
            }
            Ok(auth_json::answer(StatusCode::OK, &auth_json::role(name, role)))
        }
        Subject::Switch => Err(AuthError::NoSuchRequest),
    }
}

async fn read<F: Form>(request: Request) -> Result<F, AuthError> {
    let body = Limited::new(request.into_body(), V2_AUTH_BODY_BYTES_MAX).collect().await;
    let body = body.map_err(|_| AuthError::InvalidJson)?.to_bytes();
    auth_json::read(&body).ok_or(AuthError::InvalidJson)
}
