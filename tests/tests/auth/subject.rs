//! A server with users, roles, keys and leases for the tests of this folder, and raw calls to it.

use std::time::Duration;

use ::http::uri::PathAndQuery;
use holdfast_proto::{authpb, etcdserverpb as pb};
use holdfast_tests::http;
use holdfast_tests::{Implementation, Server};
use prost::Message;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use holdfast_tests::bytewise::Bytewise;

/// How long one answer may take.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

pub const READ: authpb::permission::Type = authpb::permission::Type::Read;
pub const WRITE: authpb::permission::Type = authpb::permission::Type::Write;
pub const BOTH: authpb::permission::Type = authpb::permission::Type::Readwrite;

/// Leases: on a key of the writer, on one of the owner, on none, on a key of nobody.
pub const LEASES: [i64; 4] = [101, 102, 103, 104];

/// A connection to a server.
#[derive(Clone)]
pub struct Subject {
    pub address: std::net::SocketAddr,
    channel: Channel,
}

impl Subject {
    pub async fn new(server: &Server) -> Self {
        let channel = Endpoint::from_shared(server.client_url()).unwrap().connect().await.unwrap();
        Self { address: server.client_address(), channel }
    }

    async fn client(&self) -> tonic::client::Grpc<Channel> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        client
    }

    /// One message each way.
    pub async fn unary(
        &self,
        method: &str,
        message: Vec<u8>,
        token: Option<&str>,
    ) -> Result<Vec<u8>, Status> {
        let call = async {
            let answer = self.client().await.unary(request(message, token), path(method), Bytewise).await?;
            Ok(answer.into_inner())
        };
        in_time(method, call).await
    }

    /// One message there and no more, and the first one back.
    pub async fn stream(
        &self,
        method: &str,
        message: Vec<u8>,
        token: Option<&str>,
    ) -> Result<Vec<u8>, Status> {
        let call = async {
            let answer =
                self.client().await.server_streaming(request(message, token), path(method), Bytewise).await?;
            answer.into_inner().message().await?.ok_or_else(|| Status::unknown("no message"))
        };
        in_time(method, call).await
    }

    /// One message there, where more could follow, and the first one back.
    pub async fn first(
        &self,
        method: &str,
        message: Vec<u8>,
        token: Option<&str>,
    ) -> Result<Vec<u8>, Status> {
        let call = async {
            // The client's half stays open: some servers end a call whose client has said all.
            let messages = futures::stream::iter([message]);
            let messages = futures::StreamExt::chain(messages, futures::stream::pending());
            let answer =
                self.client().await.streaming(request(messages, token), path(method), Bytewise).await?;
            answer.into_inner().message().await?.ok_or_else(|| Status::unknown("no message"))
        };
        in_time(method, call).await
    }

    /// Opens a watch stream.
    pub async fn watch(
        &self,
        requests: tokio::sync::mpsc::Receiver<Vec<u8>>,
        token: Option<&str>,
    ) -> tonic::Streaming<Vec<u8>> {
        let requests = tokio_stream::wrappers::ReceiverStream::new(requests);
        let method = path("etcdserverpb.Watch/Watch");
        self.client().await.streaming(request(requests, token), method, Bytewise).await.unwrap().into_inner()
    }

    /// A typed call that must succeed.
    pub async fn call<Q: Message, A: Message + Default>(
        &self,
        method: &str,
        question: Q,
        token: Option<&str>,
    ) -> A {
        self.try_call(method, question, token).await.unwrap_or_else(|status| panic!("{method}: {status:?}"))
    }

    /// A typed call.
    pub async fn try_call<Q: Message, A: Message + Default>(
        &self,
        method: &str,
        question: Q,
        token: Option<&str>,
    ) -> Result<A, Status> {
        let answer = self.unary(method, question.encode_to_vec(), token).await?;
        Ok(A::decode(answer.as_slice()).unwrap())
    }

    /// A token for a user.
    pub async fn log_in(&self, user: &str, password: &str) -> String {
        self.try_log_in(user, password).await.unwrap()
    }

    pub async fn try_log_in(&self, user: &str, password: &str) -> Result<String, Status> {
        let question = pb::AuthenticateRequest { name: user.into(), password: password.into() };
        let answer: pb::AuthenticateResponse =
            self.try_call("etcdserverpb.Auth/Authenticate", question, None).await?;
        Ok(answer.token)
    }

    pub async fn put(&self, put: pb::PutRequest, token: Option<&str>) -> Result<pb::PutResponse, Status> {
        self.try_call("etcdserverpb.KV/Put", put, token).await
    }

    pub async fn range(&self, key: &str, token: Option<&str>) -> Result<pb::RangeResponse, Status> {
        let question = pb::RangeRequest { key: key.to_owned().into(), ..Default::default() };
        self.try_call("etcdserverpb.KV/Range", question, token).await
    }

    pub async fn add_user(&self, name: &str, password: &str, token: Option<&str>) {
        let question =
            pb::AuthUserAddRequest { name: name.into(), password: password.into(), ..Default::default() };
        let _: pb::AuthUserAddResponse = self.call("etcdserverpb.Auth/UserAdd", question, token).await;
    }

    pub async fn add_role(
        &self,
        name: &str,
        ranges: &[(&str, &str, authpb::permission::Type)],
        token: Option<&str>,
    ) {
        let question = pb::AuthRoleAddRequest { name: name.into() };
        let _: pb::AuthRoleAddResponse = self.call("etcdserverpb.Auth/RoleAdd", question, token).await;
        for (key, end, kind) in ranges {
            let perm = authpb::Permission {
                perm_type: (*kind).into(),
                key: (*key).to_owned().into(),
                range_end: (*end).to_owned().into(),
            };
            let question = pb::AuthRoleGrantPermissionRequest { name: name.into(), perm: Some(perm) };
            let _: pb::AuthRoleGrantPermissionResponse =
                self.call("etcdserverpb.Auth/RoleGrantPermission", question, token).await;
        }
    }

    pub async fn grant(&self, user: &str, role: &str, token: Option<&str>) {
        let question = pb::AuthUserGrantRoleRequest { user: user.into(), role: role.into() };
        let _: pb::AuthUserGrantRoleResponse =
            self.call("etcdserverpb.Auth/UserGrantRole", question, token).await;
    }

    pub async fn revoke(&self, user: &str, role: &str, token: Option<&str>) {
        let question = pb::AuthUserRevokeRoleRequest { name: user.into(), role: role.into() };
        let _: pb::AuthUserRevokeRoleResponse =
            self.call("etcdserverpb.Auth/UserRevokeRole", question, token).await;
    }

    pub async fn delete_user(&self, user: &str, token: Option<&str>) {
        let question = pb::AuthUserDeleteRequest { name: user.into() };
        let _: pb::AuthUserDeleteResponse = self.call("etcdserverpb.Auth/UserDelete", question, token).await;
    }

    pub async fn change_password(&self, user: &str, password: &str, token: Option<&str>) {
        let question = pb::AuthUserChangePasswordRequest {
            name: user.into(),
            password: password.into(),
            ..Default::default()
        };
        let _: pb::AuthUserChangePasswordResponse =
            self.call("etcdserverpb.Auth/UserChangePassword", question, token).await;
    }

    pub async fn enable(&self) {
        let _: pb::AuthEnableResponse =
            self.call("etcdserverpb.Auth/AuthEnable", pb::AuthEnableRequest {}, None).await;
    }

    /// A request to a route, as status and body.
    pub async fn http(
        &self,
        method: ::http::Method,
        route: &str,
        authorization: Option<&str>,
        content_type: &str,
        body: &str,
    ) -> http::Answer {
        let mut headers = vec![("Content-Type", content_type)];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        http::send(self.address, method, route, &headers, body.to_owned()).await.unwrap()
    }

    /// Users, roles, keys and leases, as the calls of `calls` expect them; authentication is on afterwards.
    pub async fn set_up(&self) {
        for user in ["root", "guest", "writer", "owner", "bare", "gone", "changed"] {
            self.add_user(user, &password(user), None).await;
        }
        self.add_role("guests", &[("g/", "g0", READ)], None).await;
        self.add_role("writers", &[("w/", "w0", WRITE)], None).await;
        self.add_role("owners", &[("o/", "o/5", BOTH), ("o/5", "o0", BOTH)], None).await;
        let roles = [
            ("root", "root"),
            ("guest", "guests"),
            ("writer", "writers"),
            ("owner", "owners"),
            ("gone", "owners"),
            ("changed", "owners"),
        ];
        for (user, role) in roles {
            self.grant(user, role, None).await;
        }
        for id in LEASES {
            let question = pb::LeaseGrantRequest { id, ttl: 3600 };
            let _: pb::LeaseGrantResponse = self.call("etcdserverpb.Lease/LeaseGrant", question, None).await;
        }
        for (key, lease) in [("g/1", 0), ("w/1", 101), ("o/1", 102), ("x/1", 104), ("o/2", 0)] {
            let put = pb::PutRequest { key: key.into(), value: "1".into(), lease, ..Default::default() };
            self.put(put, None).await.unwrap();
        }
        self.enable().await;
    }
}

async fn in_time<T>(method: &str, call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let late = || Err(Status::unknown(format!("{method}: no answer within {ANSWER_DEADLINE:?}")));
    tokio::time::timeout(ANSWER_DEADLINE, call).await.unwrap_or_else(|_| late())
}

/// The password of a user in `set_up`.
pub fn password(user: &str) -> String {
    format!("{user}-secret")
}

/// A fresh Holdfast with `set_up`, and a token of root.
pub async fn holdfast() -> (Server, Subject, String) {
    let server = Server::start(Implementation::Holdfast).await.unwrap();
    let subject = Subject::new(&server).await;
    subject.set_up().await;
    let root = subject.log_in("root", &password("root")).await;
    (server, subject, root)
}

/// A refusal as text.
pub fn show(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}

/// Whether this is the refusal of who may not.
pub fn is_denied<T>(outcome: &Result<T, Status>) -> bool {
    matches!(outcome, Err(status) if status.code() == Code::PermissionDenied)
}

fn request<M>(message: M, token: Option<&str>) -> Request<M> {
    let mut request = Request::new(message);
    if let Some(token) = token {
        request.metadata_mut().insert("token", MetadataValue::try_from(token).unwrap());
    }
    request
}

fn path(method: &str) -> PathAndQuery {
    PathAndQuery::try_from(format!("/{method}")).unwrap()
}
