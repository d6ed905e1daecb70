//! A unary gRPC call whose body is any bytes, and what the member says to it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::Code;

const CALL_DEADLINE: Duration = Duration::from_secs(20);

/// Sends `body` as it is to a method and returns the code and text of the answer.
pub async fn call(address: SocketAddr, path: &str, body: Vec<u8>) -> (Code, String) {
    timeout(CALL_DEADLINE, exchange(address, path, body)).await.expect("the member answers")
}

async fn exchange(address: SocketAddr, path: &str, body: Vec<u8>) -> (Code, String) {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://{address}{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from(body)))
        .unwrap();
    let answer = sender.send_request(request).await.unwrap();
    let headers = answer.headers().clone();
    let trailers = answer.into_body().collect().await.unwrap().trailers().cloned().unwrap_or(headers);
    let text = |name| trailers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let code = text("grpc-status").and_then(|code| code.parse().ok()).expect("a gRPC answer has a status");
    (Code::from_i32(code), text("grpc-message").unwrap_or_default())
}
