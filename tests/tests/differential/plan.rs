//! What is asked, as data: groups of requests that are played in order on a fresh server. Must not ask anything itself.

use std::fmt::Debug;

use http::Method as Verb;
use prost::Message;
use serde::Serialize;

use crate::methods::Method;

/// Requests that build on each other.
#[derive(Debug)]
pub struct Group {
    pub name: &'static str,
    /// Flags beyond those that every member gets.
    pub flags: &'static [&'static str],
    pub cases: Vec<Case>,
}

/// One request with a name that says what it is.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub request: Request,
}

#[derive(Debug)]
pub enum Request {
    /// A gRPC call with one message each way.
    Unary { method: &'static Method, message: Vec<u8>, metadata: Vec<(&'static str, &'static str)> },
    /// A plain HTTP request.
    Http { verb: Verb, path: String, headers: Vec<(&'static str, &'static str)>, body: Vec<u8> },
    /// A gRPC call with many messages.
    Stream { method: &'static Method, metadata: Vec<(&'static str, &'static str)>, steps: Vec<StreamStep> },
    /// A streaming call of the gateway: the body is sent whole.
    JsonStream { path: &'static str, body: String, steps: Vec<StreamStep> },
}

/// What a client does with an open stream.
#[derive(Debug)]
pub enum StreamStep {
    /// Sends a message.
    Send(Vec<u8>),
    /// Awaits so many messages.
    Receive(usize),
    /// Makes another call beside the stream; it must succeed.
    Call(&'static Method, Vec<u8>),
    /// Sends no more.
    Close,
    /// Awaits the end of the stream.
    End,
    /// Sees that nothing more comes.
    Quiet,
}

impl Group {
    pub fn new(name: &'static str) -> Self {
        Self { name, flags: &[], cases: Vec::new() }
    }

    /// The call over gRPC.
    pub fn grpc(&mut self, method: &'static Method, message: &(impl Message + Serialize + Debug)) {
        self.grpc_with(method, message, &[]);
    }

    /// The call over gRPC with metadata.
    pub fn grpc_with(
        &mut self,
        method: &'static Method,
        message: &(impl Message + Serialize + Debug),
        metadata: &[(&'static str, &'static str)],
    ) {
        let shown = serde_json::to_string(message).unwrap_or_else(|_| format!("{message:?}"));
        let name = format!("gRPC {} {shown} {metadata:?}", method.name());
        self.raw(&name, method, message.encode_to_vec(), metadata);
    }

    /// The call over gRPC with bytes that need not be a message.
    pub fn raw(
        &mut self,
        name: &str,
        method: &'static Method,
        message: Vec<u8>,
        metadata: &[(&'static str, &'static str)],
    ) {
        let request = Request::Unary { method, message, metadata: metadata.to_vec() };
        self.cases.push(Case { name: name.to_owned(), request });
    }

    /// The call through the gateway, from the message.
    pub fn gateway(&mut self, method: &'static Method, message: &impl Serialize) {
        self.json(method, &serde_json::to_string(message).unwrap());
    }

    /// The call over gRPC and then through the gateway.
    pub fn both(&mut self, method: &'static Method, message: &(impl Message + Serialize + Debug)) {
        self.grpc(method, message);
        self.gateway(method, message);
    }

    /// The call through the gateway, from text.
    pub fn json(&mut self, method: &'static Method, body: &str) {
        self.http(Verb::POST, method.http, &[], body);
    }

    /// A plain HTTP request.
    pub fn http(
        &mut self,
        verb: Verb,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: impl AsRef<[u8]>,
    ) {
        let body = body.as_ref().to_vec();
        let name = format!("{verb} {path} {headers:?} {}", String::from_utf8_lossy(&body));
        let request = Request::Http { verb, path: path.to_owned(), headers: headers.to_vec(), body };
        self.cases.push(Case { name, request });
    }

    pub fn get(&mut self, path: &str) {
        self.http(Verb::GET, path, &[], "");
    }

    /// A stream over gRPC.
    pub fn stream(&mut self, name: &str, method: &'static Method, steps: Vec<StreamStep>) {
        self.stream_with(name, method, &[], steps);
    }

    /// A stream over gRPC with metadata.
    pub fn stream_with(
        &mut self,
        name: &str,
        method: &'static Method,
        metadata: &[(&'static str, &'static str)],
        steps: Vec<StreamStep>,
    ) {
        let request = Request::Stream { method, metadata: metadata.to_vec(), steps };
        self.cases.push(Case { name: format!("gRPC {}: {name}", method.name()), request });
    }

    /// A stream through the gateway.
    pub fn json_stream(&mut self, method: &'static Method, body: &str, steps: Vec<StreamStep>) {
        let request = Request::JsonStream { path: method.http, body: body.to_owned(), steps };
        self.cases.push(Case { name: format!("POST {} stream {body}", method.http), request });
    }
}

/// Sends a message.
pub fn send(message: &impl Message) -> StreamStep {
    StreamStep::Send(message.encode_to_vec())
}

/// Makes another call beside the stream.
pub fn call(method: &'static Method, message: &impl Message) -> StreamStep {
    StreamStep::Call(method, message.encode_to_vec())
}
